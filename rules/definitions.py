"""What a rule set's files say, read and typed but not yet compiled.

`when` blocks stay YAML nodes, places included, until `rules.compile` turns them into checks. No meaning here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.errors import Location
from bot.model import Alert, Urgency
from bot.yamlfile import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One rule as written. `…_at` is where a name stands, for the check against what there is."""

    name: str
    location: Location
    why: str
    when: Node | None
    points: int = 0
    at_least: Urgency | None = None
    at_most: Urgency | None = None
    is_ignoring: bool = False
    tags: tuple[str, ...] = ()
    route: str | None = None
    route_at: Location | None = None
    cc: tuple[tuple[str, Node], ...] = ()
    draft: str | None = None
    draft_at: Location | None = None
    respond_in: timedelta | None = None
    is_enabled: bool = True
    is_on_probation: bool = False
    until: date | None = None
    until_at: Location | None = None
    tests: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaText:
    name: str
    location: Location
    when: Node | None
    points: int = 0
    route: str | None = None
    route_at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelText:
    """One level of `urgency:`; what is None keeps its built-in value."""

    urgency: Urgency
    location: Location
    start: int | None = None
    respond_in: timedelta | None = None
    alert: Alert | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteText:
    name: str
    location: Location
    to: str
    to_at: Location
    fallback: str | None = None
    fallback_at: Location | None = None
    group_by: tuple[str, ...] = ()
    wait: timedelta | None = None
    interval: timedelta | None = None
    repeat_every: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftText:
    name: str
    location: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All files together. `places` of words and conditions are in their nodes; mappings keep file order."""

    brand: str | None = None
    brand_at: Location | None = None
    words: dict[str, Node] = field(default_factory=dict)
    conditions: dict[str, Node] = field(default_factory=dict)
    personas: tuple[PersonaText, ...] = ()
    rules: tuple[RuleText, ...] = ()
    levels: tuple[LevelText, ...] = ()
    routes: tuple[RouteText, ...] = ()
    drafts: tuple[DraftText, ...] = ()
    times: dict[str, Node] = field(default_factory=dict)
    tests: dict[str, Node] = field(default_factory=dict)
    names_at: dict[tuple[str, str], Location] = field(default_factory=dict)
    also_at: Mapping[str, Sequence[Location]] = field(default_factory=dict)
    """Where else a rule stands that is in more than one pack."""
