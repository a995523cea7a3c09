"""Commands about publishing and who is who: `/pause publishing why`, `/resume`, `/link A B`, `/block A`.

Understands the words and knows who may; what is to be carried out comes back as `Ordered`. Knows no chat, no
SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.orders import Ordered
from bot.pausing import Paused
from bot.staff import MAY_STEER, Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.orders import Account, OrderBook
    from bot.texts.catalogue import Texts

MOST_REASON = 300
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A command with who said it, when and where, and the words to answer in. `receipt`: the message of ours
    that it is a reply to; empty: none.
    """

    person: Person
    words: list[str]
    texts: Texts
    now: datetime
    channel: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """`people` tells how a person is called."""

    store: OrderBook
    zone: ZoneInfo
    people: Callable[[str], str]

    async def understood(self, verb: str, said: Said) -> Ordered | None:
        """What the command orders; None: it is none of these. Raises: StoreError."""
        match verb:
            case "pause":
                return self._pause(said)
            case "resume":
                return await self._resume(said)
            case "link":
                return await self._link(said)
            case "unlink":
                return await self._unlink(said)
            case "block" | "unblock":
                return await self._block(said, blocks=verb == "block")
        return None

    def told(self, paused: Paused, texts: Texts, now: datetime) -> str:
        """That nothing is published: for chat, page and machines."""
        since = texts.time_in_zone(paused.since, now=now, zone=self.zone)
        name = self.people(paused.person)
        if not paused.reason:
            return texts.say("command.paused", name=name, since=since)
        return texts.say("command.paused_why", name=name, since=since, reason=paused.reason)

    def _pause(self, said: Said) -> Ordered:
        texts = said.texts
        if said.person.role not in MAY_STEER:
            return Ordered(outcome="refused", reply=texts.say("command.pause_refused"))
        if said.words[:1] != ["publishing"]:
            return Ordered(outcome="not_understood", reply=texts.say("command.pause_usage"))
        reason = " ".join(said.words[1:])[:MOST_REASON]
        pause = Paused(person=said.person.key, reason=reason, since=said.now)
        reply = f"{self.told(pause, texts, said.now)}\n{texts.say('command.how_to_resume')}"
        return Ordered(outcome="paused", reply=reply, pauses=pause)

    async def _resume(self, said: Said) -> Ordered:
        texts = said.texts
        if said.person.role not in MAY_STEER:
            return Ordered(outcome="refused", reply=texts.say("command.pause_refused"))
        if await self.store.publishing_paused() is None:
            return Ordered(outcome="not_paused", reply=texts.say("command.not_paused"))
        return Ordered(outcome="resumed", reply=texts.say("command.resumed"), resumes=True)

    # --- /link bluesky:@mara telegram:12345 ---

    async def _link(self, said: Said) -> Ordered:
        if len(said.words) != _TWO:
            return Ordered(outcome="not_understood", reply=said.texts.say("command.link_usage"))
        found = [await self._account(word) for word in said.words]
        missing = [word for word, account in zip(said.words, found, strict=True) if account is None]
        if missing:
            return _unknown(said, missing[0])
        one, other = (account for account in found if account is not None)
        if one == other:
            return Ordered(outcome="same", reply=said.texts.say("command.link_same"))
        reply = said.texts.say("command.linked", one=said.words[0], other=said.words[1])
        return Ordered(outcome="linked", reply=reply, links=(one, other))

    async def _unlink(self, said: Said) -> Ordered:
        if len(said.words) != 1:
            return Ordered(outcome="not_understood", reply=said.texts.say("command.link_usage"))
        account = await self._account(said.words[0])
        if account is None:
            return _unknown(said, said.words[0])
        reply = said.texts.say("command.unlinked", account=said.words[0])
        return Ordered(outcome="unlinked", reply=reply, unlinks=account)

    async def _block(self, said: Said, *, blocks: bool) -> Ordered:
        """Nobody of us is to answer that account, or anybody may again."""
        texts = said.texts
        if len(said.words) != 1:
            return Ordered(outcome="not_understood", reply=texts.say("command.block_usage"))
        account = await self._account(said.words[0])
        if account is None:
            return _unknown(said, said.words[0])
        if blocks:
            reply = texts.say("command.blocked", account=said.words[0])
            return Ordered(outcome="blocked", reply=reply, blocks=account)
        reply = texts.say("command.unblocked", account=said.words[0])
        return Ordered(outcome="unblocked", reply=reply, unblocks=account)

    async def _account(self, word: str) -> Account | None:
        platform, _, name = word.partition(":")
        return await self.store.author(platform.lower(), name.removeprefix("@")) if name else None


def _unknown(said: Said, word: str) -> Ordered:
    return Ordered(outcome="unknown_account", reply=said.texts.say("command.no_such_account", account=word))
