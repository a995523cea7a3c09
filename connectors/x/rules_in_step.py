"""The rules of the filtered stream, kept as the watchlist wants them.

`GET` and `POST /2/tweets/search/stream/rules` (https://docs.x.com/x-api/stream/update-stream-rules): of one
app, kept by X, 1,000 at most, 1,024 characters each. Ours bear our tag; whatever bears another one, or none,
is somebody else's and stays. Knows neither posts nor the connection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Rejected, Unavailable
from connectors.x.query import queries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.x.app import App
    from connectors.x.stream import Matched

RULES = "/2/tweets/search/stream/rules"
LONGEST = 1024
_AT_ONCE = 100
_PAGES = 25
_DUPLICATE = "DuplicateRule"
_TITLE = re.compile(r"[A-Za-z]{2,40}")


class Rule(msgspec.Struct, frozen=True):
    id: str
    value: str
    tag: str | None = None


class Meta(msgspec.Struct, frozen=True):
    next_token: str = ""


class Listed(msgspec.Struct, frozen=True):
    meta: Meta = Meta()
    data: tuple[Rule, ...] = ()


class Fault(msgspec.Struct, frozen=True):
    """Why a rule was not made."""

    title: str = ""
    id: str = ""
    value: str = ""


class Changed(msgspec.Struct, frozen=True):
    """What a change answers; one that made nothing at all comes with a 400."""

    data: tuple[Rule, ...] = ()
    errors: tuple[Fault, ...] = ()


class RulesInStep:
    """`tag`: whose these are, for everybody who looks."""

    def __init__(self, app: App, handle: str) -> None:
        self._app = app
        self._handle = handle
        self.tag = f"outcare @{handle}"
        self._wanted: tuple[str, ...] | None = None
        self._lent: frozenset[str] = frozenset()
        """Somebody else's that say just what one of ours would."""

    def forget(self) -> None:
        """Look at them again: they may be others by now."""
        self._wanted = None

    def of(self, words: Iterable[str]) -> tuple[str, ...]:
        return queries(words, self._handle, LONGEST)

    def fits(self, matched: Iterable[Matched]) -> bool:
        """Whether a rule of ours let a post through; where none is named, it may have been."""
        rules = tuple(matched)
        return not rules or any(one.tag == self.tag or one.id in self._lent for one in rules)

    async def keep(self, words: Iterable[str]) -> None:
        """Nothing is asked while they are as they should be. Raises: Unavailable, Refused."""
        wanted = self.of(words)
        if wanted == self._wanted:
            return
        known = await self._known()
        ours = [one for one in known if one.tag == self.tag]
        others = {one.value: one.id for one in known if one.tag != self.tag}
        there = {one.value for one in ours}
        lent = [value for value in wanted if value in others and value not in there]
        lacks = [value for value in wanted if value not in there and value not in others]
        lent_ids = {others[value] for value in lent} | await self._add(lacks)
        await self._delete([one.id for one in ours if one.value not in wanted])
        self._lent = frozenset(lent_ids)
        self._wanted = wanted

    async def _known(self) -> list[Rule]:
        known: list[Rule] = []
        query: dict[str, str] = {}
        for _ in range(_PAGES):
            page = await self._app.read("GET", RULES, Listed, query)
            known += page.data
            if not page.meta.next_token:
                return known
            query = {"pagination_token": page.meta.next_token}
        message = f"{self._app.host} lists the stream's rules without an end"
        raise Unavailable(message, reason=Reason.PROTOCOL)

    async def _add(self, values: list[str]) -> set[str]:
        """The ids of those that somebody has made meanwhile."""
        lent: set[str] = set()
        for start in range(0, len(values), _AT_ONCE):
            piece = values[start : start + _AT_ONCE]
            body = {"add": [{"value": value, "tag": self.tag} for value in piece]}
            answer = await self._app.ask("POST", RULES, body=body)
            if answer.status != 400 and not 200 <= answer.status < 300:
                raise answer.error()
            changed = answer.read(Changed)
            lent |= {one.id for one in changed.errors if one.title == _DUPLICATE}
            refused = [one for one in changed.errors if one.title != _DUPLICATE]
            if refused or (answer.status == 400 and not changed.errors):
                raise self._not_taken(refused)
        return lent

    async def _delete(self, ids: list[str]) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            body = {"delete": {"ids": ids[start : start + _AT_ONCE]}}
            await self._app.read("POST", RULES, Changed, body=body)

    def _not_taken(self, refused: list[Fault]) -> Rejected:
        title = refused[0].title if refused and _TITLE.fullmatch(refused[0].title) else "invalid"
        message = (
            f"{self._app.host} does not take {max(1, len(refused))} of the stream's rules ({title}):"
            " see which word it may be, or set sources: x: stream: false"
        )
        return Rejected(message, reason=Reason.INVALID)
