"""The strict shape of a rule set: sections, keys, types; every mistake at once, each with its place.

Reads YAML trees into `rules.definitions`. Names that point elsewhere (routes, conditions, lists) and `when`
blocks are checked by `rules.compile`, when all files are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bot import drafts
from bot.model import NO_DRAFT, Alert, Urgency
from rules.definitions import Definitions, DraftText, LevelText, PersonaText, RouteText, RuleText
from rules.reading import Reader
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.errors import Location
    from bot.yamlfile import Node

SECTIONS = (
    "use", "brand", "words", "conditions", "times", "personas", "rules", "urgency", "routes", "drafts",
    "tune", "tests",
)  # fmt: skip
# The keys stand in the order in which `rules fmt` writes them.
RULE_KEYS = (
    "why", "when", "score", "at_least", "at_most", "ignore", "tags", "route", "cc", "respond_in", "draft",
    "owner", "enabled", "probation", "until", "tests",
)  # fmt: skip
PERSONA_KEYS = ("when", "score", "route")
LEVEL_KEYS = ("from", "respond_in", "alert")
ROUTE_KEYS = ("to", "fallback", "group_by", "wait", "interval", "repeat_every")
GROUPS = ("author", "thread", "rule", "platform")
"""What alerts of one route may have in common, to be one group."""
URGENCIES = {urgency.label: urgency for urgency in Urgency}
ALERTS = {alert.value: alert for alert in Alert}
_HIGHEST = 1_000_000


def read(files: Iterable[Node], report: Report) -> Definitions:
    """All files as one set."""
    collected = _Collected(report)
    for file in files:
        collected.add(file)
    return collected.definitions()


@dataclass
class _Collected:
    """The members of each section over all files; a name may stand once."""

    report: Report
    brand: Node | None = None
    members: dict[str, dict[str, Node]] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    names_at: dict[tuple[str, str], Location] = field(default_factory=dict)
    personas_in: Location | None = None

    def add(self, file: Node) -> None:
        if not isinstance(file.value, dict):
            self.report.error(Code.TYPE, f"a rule file holds sections, not {file.kind}", file.location)
            return
        for name, where in file.keys.items():
            section = file.value[name]
            if name not in SECTIONS:
                self._unknown_section(name, where, file.value)
            elif name == "brand":
                self._take_brand(section)
            else:
                self._take(name, section, where)

    def _unknown_section(self, name: str, where: Location, sections: Mapping[str, Node]) -> None:
        """An empty section before it says what it is: a name that is not indented."""
        before = list(sections)[: list(sections).index(name)]
        if before and before[-1] in SECTIONS and sections[before[-1]].value is None:
            message = f'"{name}" stands beside "{before[-1]}:", not in it; indent it and what is below it'
            self.report.error(Code.SECTION, message, where)
        else:
            self.report.unknown(Code.SECTION, f'unknown section "{name}"', where, name=name, known=SECTIONS)

    def _take_brand(self, node: Node) -> None:
        if self.brand is not None and self.brand.text != node.text:
            first = self.brand.location
            message = f'brand is already "{self.brand.text}" (in {first.file.name}, line {first.line})'
            self.report.error(Code.DUPLICATE, message, node.location)
        self.brand = self.brand or node

    def _take(self, section: str, node: Node, where: Location) -> None:
        if section == "personas" and node.value:
            self._one_file_only(where)
        if node.value is None:
            return
        if not isinstance(node.value, dict):
            self.report.error(Code.TYPE, f'section "{section}" holds names, not {node.kind}', node.location)
            return
        for name, at in node.keys.items():
            if section == "rules" and _is_key_of_rule(name, node.value[name]):
                message = f'"{name}" is not a rule: indent it deeper than the name of its rule'
                self.report.error(Code.TYPE, message, at)
            else:
                self._take_member(section, name, node.value[name], at)

    def _take_member(self, section: str, name: str, node: Node, at: Location) -> None:
        first = self.names_at.setdefault((section, name), at)
        if first != at:
            message = f'"{name}" stands in {section} twice (first in {first.file.name}, line {first.line})'
            self.report.error(Code.DUPLICATE, message, at)
        self.members[section].setdefault(name, node)

    def _one_file_only(self, where: Location) -> None:
        if self.personas_in is not None:
            message = (
                f"personas are matched in order, so they must stand in one file (here and in "
                f"{self.personas_in.file.name}, line {self.personas_in.line})"
            )
            self.report.error(Code.SCATTERED, message, where)
        self.personas_in = self.personas_in or where

    def definitions(self) -> Definitions:
        at = self.names_at
        members = self.members
        report = self.report
        personas = (
            _persona(name, n, at["personas", name], report) for name, n in members["personas"].items()
        )
        rules = (_rule(name, node, at["rules", name], report) for name, node in members["rules"].items())
        levels = (
            _level(name, node, at["urgency", name], report) for name, node in members["urgency"].items()
        )
        routes = (_route(name, node, at["routes", name], report) for name, node in members["routes"].items())
        return Definitions(
            brand=Reader(report, "the set").text(self.brand, "brand"),
            brand_at=self.brand.location if self.brand else None,
            words=members["words"],
            conditions=members["conditions"],
            personas=tuple(personas),
            rules=tuple(rules),
            levels=tuple(level for level in levels if level),
            routes=tuple(route for route in routes if route),
            tests=members["tests"],
            times=members["times"],
            drafts=tuple(
                _draft(name, node, at["drafts", name], report) for name, node in members["drafts"].items()
            ),
            names_at=at,
        )


def _is_key_of_rule(name: str, node: Node) -> bool:
    """Whether a key slipped out of its rule, to where the names of rules stand."""
    is_rule = isinstance(node.value, dict) and ("why" in node.value or "when" in node.value)
    return name in RULE_KEYS and not is_rule


def _rule(name: str, node: Node, at: Location, report: Report) -> RuleText:
    reader = Reader(report, f'rule "{name}"')
    values = reader.fields(node, RULE_KEYS)
    if node.value is None or isinstance(node.value, dict):
        _require(("why", "when"), values, reader, at)
    reader.text(values.get("owner"), "owner")
    return RuleText(
        name=name,
        location=at,
        why=" ".join((reader.text(values.get("why"), "why") or "").split()),
        when=values.get("when"),
        points=reader.integer(values.get("score"), "score", low=-100, high=100) or 0,
        at_least=reader.choice(values.get("at_least"), "urgency", URGENCIES),
        at_most=reader.choice(values.get("at_most"), "urgency", URGENCIES),
        is_ignoring=reader.flag(values.get("ignore"), "ignore", otherwise=False),
        tags=reader.texts(values.get("tags"), "a tag"),
        route=reader.text(values.get("route"), "route"),
        route_at=_place(values, "route"),
        cc=_names(values, "cc", reader),
        draft=reader.text(values.get("draft"), "draft"),
        draft_at=_place(values, "draft"),
        respond_in=reader.duration(values.get("respond_in"), "respond_in"),
        is_on_probation=reader.flag(values.get("probation"), "probation", otherwise=False),
        until=_until(values.get("until"), reader),
        until_at=_place(values, "until"),
        is_enabled=reader.flag(values.get("enabled"), "enabled", otherwise=True),
        tests=values.get("tests"),
    )


def _items(values: Mapping[str, Node], name: str, reader: Reader) -> Iterator[Node]:
    yield from reader.items(values[name]) if name in values else ()


def _names(values: Mapping[str, Node], key: str, reader: Reader) -> tuple[tuple[str, Node], ...]:
    """One name or several, each with its place."""
    read = ((reader.text(node, key), node) for node in _items(values, key, reader))
    return tuple((name, node) for name, node in read if name is not None)


def _until(node: Node | None, reader: Reader) -> date | None:
    """The last day on which a rule counts."""
    if node is None:
        return None
    try:
        return date.fromisoformat(node.text)
    except ValueError:
        reader.wrong(node, "a day like 2027-01-31", "until")
        return None


def _require(names: Iterable[str], values: Mapping[str, Node], reader: Reader, at: Location) -> None:
    for name in names:
        if name not in values:
            reader.report.error(Code.MISSING, f'{reader.label} has no "{name}"', at)


def _place(values: Mapping[str, Node], name: str) -> Location | None:
    return values[name].location if name in values else None


def _persona(name: str, node: Node, at: Location, report: Report) -> PersonaText:
    reader = Reader(report, f'persona "{name}"')
    values = reader.fields(node, PERSONA_KEYS)
    return PersonaText(
        name=name,
        location=at,
        when=values.get("when"),
        points=reader.integer(values.get("score"), "score", low=-100, high=100) or 0,
        route=reader.text(values.get("route"), "route"),
        route_at=_place(values, "route"),
    )


def _level(name: str, node: Node, at: Location, report: Report) -> LevelText | None:
    reader = Reader(report, f'urgency "{name}"')
    values = reader.fields(node, LEVEL_KEYS)
    if name not in URGENCIES:
        report.unknown(Code.NAME, f'unknown urgency "{name}"', at, name=name, known=URGENCIES)
        return None
    return LevelText(
        urgency=URGENCIES[name],
        location=at,
        start=reader.integer(values.get("from"), "from", low=-_HIGHEST, high=_HIGHEST),
        respond_in=reader.duration(values.get("respond_in"), "respond_in"),
        alert=reader.choice(values.get("alert"), "alert", ALERTS),
    )


def _route(name: str, node: Node, at: Location, report: Report) -> RouteText | None:
    reader = Reader(report, f'route "{name}"')
    values = reader.fields(node, ROUTE_KEYS)
    to = reader.text(values.get("to"), "to")
    fallback = reader.text(values.get("fallback"), "fallback")
    if "to" not in values:
        report.error(Code.TARGET, f'route "{name}" has no "to": name a channel', at)
    if to is None:
        return None
    if fallback == to:
        reader.wrong(values["fallback"], "another channel than the route's own", "fallback", code=Code.TARGET)
    return RouteText(
        name=name,
        location=at,
        to=to,
        to_at=values["to"].location,
        fallback=fallback,
        fallback_at=_place(values, "fallback"),
        group_by=tuple(_group(child, reader) for child in _items(values, "group_by", reader)),
        wait=reader.duration(values.get("wait"), "wait"),
        interval=reader.duration(values.get("interval"), "interval"),
        repeat_every=reader.duration(values.get("repeat_every"), "repeat_every"),
    )


def _group(node: Node, reader: Reader) -> str:
    name = reader.text(node, "group_by") or ""
    if name and name not in GROUPS:
        reader.unknown(Code.NAME, "group_by", node.location, name=name, known=GROUPS)
    return name


def _draft(name: str, node: Node, at: Location, report: Report) -> DraftText:
    """A prepared answer: text with a closed list of fields, and nothing that computes."""
    reader = Reader(report, f'draft "{name}"')
    text = reader.text(node, "a draft") or ""
    if name == NO_DRAFT:
        reader.wrong(node, 'under another name: "none" forbids a draft', "a draft")
    for called in drafts.called(text):
        if called not in drafts.FIELDS:
            what = f'{reader.label}: unknown field "{{{called}}}"'
            report.unknown(Code.FIELD, what, node.location, name=called, known=drafts.FIELDS)
    return DraftText(name=name, location=at, text=text)
