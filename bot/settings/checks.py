"""What settings must be together: nothing claimed twice, nothing that could never work.

Knows the meaning of the sections and which connector can do what. It looks at what was given, not at the
finished settings, so that its findings come together with all the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.errors import Problem
from bot.ports import Connector
from bot.settings.acknowledging import unanswerable
from bot.settings.fields import normal_handle
from bot.settings.problems import Loc, Place, locate, walk
from bot.settings.shape import PersonSection, kind_of, kinds, platforms, readers
from bot.settings.sources import Given
from bot.suggestions import NEVER_BY_A_MODEL, AiReply
from bot.yamlfile import closest

Why = tuple[str, str | None]
"""Why a key is not known where it stands, and what may have been meant."""

_CHANNEL = re.compile(r"[^:\s]+(:[\w.-]+)?")
_NO_SUCH = "no connector has this name"


def why_unknown(connectors: Mapping[str, Connector]) -> Callable[[Loc, str], Why | None]:
    """Words for keys that name connectors; None: it is just an unknown key."""

    def why(section: Loc, key: str) -> Why | None:
        if section == ("sources",):
            return _no_side(key, readers(connectors), connectors, "it cannot be a source, it reads nothing")
        if section == ("channels",):
            return _no_channel(key, connectors)
        if section[-1:] == ("accounts",) or section in {("voice",), ("drafts", "ai_reply")}:
            return _no_side(key, platforms(connectors), connectors, "nobody has an account there")
        if section == () and key in connectors:
            return f"the connector {key} has no settings of its own", None
        if section[:1] == ("people",) and key in connectors:
            return _no_side(key, kinds(connectors), connectors, "nobody can be reached there")
        return None

    return why


def _no_side(key: str, able: Sequence[str], connectors: Mapping[str, Connector], unable: str) -> Why:
    """A connector that lacks a side, or none at all; with the near one, or all that have it."""
    near = None if key in connectors else closest(key, able)
    reason = unable if key in connectors else _NO_SUCH
    return (reason, near) if near else (f"{reason}; here can stand: {', '.join(able) or 'nothing'}", None)


def is_channel(name: str, connectors: Mapping[str, Connector]) -> bool:
    """Whether it is `kind` or `kind:name`, of a kind that can be a channel."""
    return _CHANNEL.fullmatch(name) is not None and kind_of(name) in kinds(connectors)


def _no_channel(name: str, connectors: Mapping[str, Connector]) -> Why:
    kind, able = kind_of(name), kinds(connectors)
    if kind in able:
        return f"a channel is called {kind}:name, with letters, digits, dots and dashes in the name", None
    reason, near = _no_side(kind, able, connectors, "it cannot be a channel, it sends nothing")
    return reason, near + name.removeprefix(kind) if near else None


def check_together(tree: Given, connectors: Mapping[str, Connector]) -> list[Problem]:
    """Every contradiction between settings that are well-formed one by one."""
    brands = _brands(tree)
    found = (
        _unfindable(brands),
        _same_names(tree),
        _shared_accounts(brands),
        _shared_identities(tree),
        _lost_pagers(tree),
        _forbidden(tree),
        unanswerable(tree, connectors),
    )
    return [problem for problems in found for problem in problems]


def _brands(tree: Given) -> list[Place]:
    """The brand and its rivals, as far as they are mappings."""
    rivals = [locate(tree, ("rivals", name)) for name in tree.entries("rivals")]
    places = [place for place in (locate(tree, ("brand",)), *rivals) if place.path]
    return [place for place in places if isinstance(place.given.value, dict)]


def _unfindable(brands: Iterable[Place]) -> Iterator[Problem]:
    for place in brands:
        accounts = place.given.entries("accounts").values()
        words = place.given.child("words")
        if not (words and words.value) and not any(account.value for account in accounts):
            yield place.problem(
                f"{place.subject()} has no words and no accounts, so nothing can be found; "
                "write words: [acme] or accounts: {bluesky: [acme.example]}",
                at_key=True,
            )


def _same_names(tree: Given) -> Iterator[Problem]:
    name = locate(tree, ("brand", "name"))
    taken = (
        {str(name.given.value).strip().casefold(): locate(tree, ("brand",))} if len(name.path) == 2 else {}
    )
    for rival in tree.entries("rivals"):
        place = locate(tree, ("rivals", rival))
        other = taken.setdefault(rival.strip().casefold(), place)
        if other is not place:
            yield place.problem(f"{place.subject()} has the same name as {_whose(other)}", at_key=True)


def _shared_accounts(brands: Iterable[Place]) -> Iterator[Problem]:
    owners: dict[tuple[str, str], Place] = {}
    for place in brands:
        for platform, handles in place.given.entries("accounts").items():
            for index, handle in enumerate(handles.value if isinstance(handles.value, list) else ()):
                owner = owners.setdefault((platform, normal_handle(str(handle.value))), place)
                if owner is not place:
                    entry = walk(place, ("accounts", platform, index))
                    yield entry.problem(f"{entry.subject()} is an account of {_whose(owner)} already")


def _forbidden(tree: Given) -> Iterator[Problem]:
    """Drafts by a model where the platform itself forbids them."""
    replies = locate(tree, ("drafts", "ai_reply"))
    inside = replies.given.value if len(replies.path) == 2 and isinstance(replies.given.value, dict) else {}
    for platform in NEVER_BY_A_MODEL & inside.keys():
        place = walk(replies, (platform,))
        if place.given.value != AiReply.FORBIDDEN.value:
            yield place.problem(f"{place.subject()} can only be forbidden: the platform does not allow it")


def _whose(brand: Place) -> str:
    return "the brand" if brand.path == ("brand",) else brand.subject()


def _lost_pagers(tree: Given) -> Iterator[Problem]:
    """People whose pager is a channel that nobody wrote down."""
    channels = tree.entries("channels")
    written = [name for name, given in channels.items() if not given.by]  # a variable's words may be secret
    for key in tree.entries("people"):
        place = locate(tree, ("people", key, "pager"))
        named = place.given.value
        if len(place.path) == 3 and isinstance(named, str) and named.strip() not in channels:
            near = closest(named.strip(), written)
            listed = f"; there are: {', '.join(written)}" if written and not near else ""
            yield place.problem(f"{place.subject()} names no channel of `channels`{listed}", suggestion=near)


def _shared_identities(tree: Given) -> Iterator[Problem]:
    owners: dict[tuple[str, str], Place] = {}
    for key in tree.entries("people"):
        person = locate(tree, ("people", key))
        inside = person.given.value if isinstance(person.given.value, dict) else {}
        for kind in (key for key in inside if key not in PersonSection.model_fields):
            place = walk(person, (kind,))
            owner = owners.setdefault((kind, str(place.given.value).strip()), person)
            if owner is not person:
                yield place.problem(f"{place.subject()} is an identity of {owner.subject()} already")
