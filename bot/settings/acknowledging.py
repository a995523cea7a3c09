"""`acknowledge` as a value, and whether its platforms allow it.

Knows the section and which connector can answer. Whether there are such rules is known where rules are read
(`bot.rulebook`); what is to be said then is made here, where the file's lines are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.acknowledging import FORBIDDEN, Acknowledge
from bot.errors import Problem
from bot.ports import Connector
from bot.settings.answering import AcknowledgeSection
from bot.settings.problems import Place, locate, walk
from bot.settings.sources import Given
from bot.yamlfile import closest


def acknowledge(section: AcknowledgeSection, language: str, tree: Given) -> Acknowledge:
    """`language` is ours."""
    return Acknowledge(
        platforms=frozenset(section.platforms),
        words=MappingProxyType(section.rules),
        per_day=section.per_day,
        label=section.label,
        language=language,
        strangers={rule: _stranger(rule, tree) for rule in section.rules},
    )


def _stranger(rule: str, tree: Given) -> Problem:
    place = locate(tree, ("acknowledge", "rules", rule))
    named = f"{place.given.by} names a rule" if place.given.by else f"acknowledge names the rule {rule!r}"
    return place.problem(f"{named}; there is no such one", at_key=True)


def unanswerable(tree: Given, connectors: Mapping[str, Connector]) -> Iterator[Problem]:
    """Platforms on which nothing may, or can, be said automatically."""
    section = locate(tree, ("acknowledge", "platforms"))
    entries = section.given.value if len(section.path) == 2 else None
    for index in range(len(entries) if isinstance(entries, list) else 0):
        place = walk(section, (index,))
        message, near = _why_not(str(place.given.value), connectors)
        if message:
            yield _problem(place, message, near)


def _problem(place: Place, message: str, near: str | None) -> Problem:
    return place.problem(f"{place.subject()}: {message}", suggestion=near)


def _why_not(platform: str, connectors: Mapping[str, Connector]) -> tuple[str, str | None]:
    """Why nothing is acknowledged there, and what may have been meant; empty: it can be."""
    able = [name for name, one in connectors.items() if one.replier and name not in FORBIDDEN]
    if platform in FORBIDDEN:
        return f"nothing may be acknowledged automatically there: {FORBIDDEN[platform]}", None
    if platform in able:
        return "", None
    reason = "nothing can be published there" if platform in connectors else "no connector has this name"
    near = None if platform in connectors else closest(platform, able)
    return (reason if near else f"{reason}; here can stand: {', '.join(able) or 'nothing'}"), near
