"""Puts a read set together: names resolved against each other and against the settings, blocks compiled.

Knows definitions and the engine's parts; knows neither files nor YAML beyond the nodes of `when`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.memory import empty
from bot.model import NO_DRAFT, Alert, Urgency
from bot.wishes import Route
from rules import times
from rules.cases import Case, read_cases
from rules.checks import all_of
from rules.comparisons import Compiled, compare
from rules.compile import Compiler
from rules.engine import DEFAULT_ROUTE, Level, Persona, Program, Rule
from rules.formula import Formulas
from rules.invitations import unheard
from rules.lint import covered, expired, lint
from rules.needs import Blocks
from rules.nights import muted
from rules.places import shown
from rules.report import Code, Report
from rules.untested import untested
from rules.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from bot.errors import Location
    from rules.counters import Counter
    from rules.definitions import Definitions, LevelText, PersonaText, RouteText, RuleText
    from rules.everyday import Shares

_DEFAULT_CHANNEL = "console"
_GROUP_INTERVAL = timedelta(minutes=5)
"""Of a route that says what a group is and not how often it may ring (as Alertmanager's)."""


def _level(urgency: Urgency, start: int, minutes: int, alert: Alert) -> Level:
    return Level(urgency=urgency, start=start, respond_in=timedelta(minutes=minutes), alert=alert)


DEFAULT_LEVELS: Mapping[Urgency, Level] = {
    Urgency.CRITICAL: _level(Urgency.CRITICAL, 80, 5, Alert.PING),
    Urgency.HIGH: _level(Urgency.HIGH, 50, 15, Alert.MESSAGE),
    Urgency.NORMAL: _level(Urgency.NORMAL, 20, 4 * 60, Alert.DIGEST),
    Urgency.LOW: _level(Urgency.LOW, 0, 24 * 60, Alert.NONE),
}


@dataclass(frozen=True, slots=True)
class Assembly:
    """What the settings say of the world around the rules; `None`: not known, not checked.

    They decide which names are right and what is warned of, never a verdict: a stored set judges without
    them. `today`: for rules that have had their last day, and what was allowed until a day. `shares`: words
    that stand in many posts of the past. `deaf`: where we answer and read no direct messages. `nights`: why
    what is critical is not heard of at any time by a route; empty where it is.
    """

    channels: Collection[str] | None = None
    brand: str | None = None
    today: date | None = None
    shares: Shares | None = None
    deaf: Collection[str] = ()
    nights: Callable[[str], str] = lambda _: ""


NOTHING_AROUND = Assembly()


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """`rules` are all of them, also those that are switched off."""

    rules: tuple[Rule, ...]
    personas: tuple[Persona, ...]
    levels: Mapping[Urgency, Level]
    routes: Mapping[str, Route]
    drafts: Mapping[str, str]
    counters: tuple[Counter, ...]
    waits: tuple[timedelta, ...]
    looks_at: frozenset[str]
    cases: tuple[Case, ...]

    def program(self, version: str) -> Program:
        return Program(
            version=version,
            rules=tuple(rule for rule in self.rules if rule.counts),
            personas=self.personas,
            levels=self.levels,
            counters=self.counters,
            waits=self.waits,
            looks_at=self.looks_at,
            drafts=self.drafts,
        )


def assemble(found: Definitions, around: Assembly, texts: Mapping[Path, str], report: Report) -> Built:
    """Compile everything; what is wrong goes into `report`, and only a set without errors may be used."""
    vocabulary = Vocabulary(found.words, texts, report)
    stretches = times.read(found.times, report)
    compiler = Compiler(found.conditions, vocabulary, report, stretches)
    routes = _routes(found.routes, around, report)
    blocks = Blocks(vocabulary.needs, found.conditions)
    rules = tuple(
        _rule(rule, compiler, blocks, found.also_at.get(rule.name, ()))
        for rule in sorted(found.rules, key=lambda rule: rule.name)
    )
    personas = tuple(_persona(persona, compiler) for persona in found.personas)
    compiler.check_counted()
    _check_names(found, report)
    levels = _levels(found.levels)
    _check_brand(found, around, report)
    used = {("words", name) for name in vocabulary.used} | {("conditions", name) for name in compiler.used}
    used |= {("times", name) for name in compiler.times_used}
    lint(found, levels, report, used=used)
    cases = read_cases(found, stretches, report)
    formulas = Formulas(found.conditions, vocabulary.queries)
    untested(found, formulas, report)
    unheard(found, formulas, around.deaf, report)
    muted(found, around.nights, report)
    needs = {rule.name: rule.needs for rule in rules}
    compare(found, formulas, Compiled(vocabulary, needs, texts), around.shares, report)
    expired(found, around.today, report)
    for name in () if report.has_errors else found.words:
        covered(name, vocabulary.entries[name], report)
    empty(vocabulary.queries, vocabulary.needs)
    return Built(
        rules=rules,
        personas=personas,
        levels=levels,
        routes=routes,
        drafts={draft.name: draft.text for draft in found.drafts},
        counters=tuple(compiler.counters.by_key[key] for key in sorted(compiler.counters.by_key)),
        waits=tuple(sorted(compiler.waits)),
        looks_at=frozenset(compiler.looks_at),
        cases=cases,
    )


def _check_names(found: Definitions, report: Report) -> None:
    """The routes and drafts that rules and personas name."""
    routes = {DEFAULT_ROUTE, *(name for section, name in found.names_at if section == "routes")}
    drafts = {NO_DRAFT, *(draft.name for draft in found.drafts)}
    for rule in found.rules:
        label = f'rule "{rule.name}"'
        _check_route(label, rule.route, rule.route_at, routes, report)
        for name, node in rule.cc:
            _check_route(label, name, node.location, routes, report)
        if rule.draft is not None and rule.draft_at is not None and rule.draft not in drafts:
            what = f'{label}: unknown draft "{rule.draft}"'
            report.unknown(Code.NAME, what, rule.draft_at, name=rule.draft, known=drafts)
    for persona in found.personas:
        _check_route(f'persona "{persona.name}"', persona.route, persona.route_at, routes, report)


def _rule(text: RuleText, compiler: Compiler, blocks: Blocks, also_at: Sequence[Location]) -> Rule:
    parts = compiler.parts(text.when, f'rule "{text.name}"') if text.when else ()
    return Rule(
        name=text.name,
        why=text.why,
        location=", ".join(map(shown, (text.location, *also_at))),
        check=all_of(check for _, check in parts),
        parts=parts,
        points=text.points,
        at_least=text.at_least,
        at_most=text.at_most,
        is_ignoring=text.is_ignoring,
        tags=text.tags,
        route=text.route,
        cc=tuple(name for name, _ in text.cc),
        draft=text.draft,
        respond_in=text.respond_in,
        counts=text.is_enabled,
        is_on_probation=text.is_on_probation,
        until=text.until,
        needs=blocks.of(text.when) if text.when else None,
    )


def _persona(text: PersonaText, compiler: Compiler) -> Persona:
    is_open = text.when is None or not text.when.value
    check = None if text.when is None or is_open else compiler.block(text.when, f'persona "{text.name}"')
    return Persona(name=text.name, check=check, points=text.points, route=text.route)


def _check_route(
    label: str, route: str | None, where: Location | None, known: Collection[str], report: Report
) -> None:
    if route is not None and where is not None and route not in known:
        what = f'{label}: unknown route "{route}"'
        report.unknown(Code.ROUTE, what, where, name=route, known=known)


def _routes(texts: Collection[RouteText], around: Assembly, report: Report) -> Mapping[str, Route]:
    routes = {DEFAULT_ROUTE: Route(name=DEFAULT_ROUTE, to=_DEFAULT_CHANNEL)}
    for text in texts:
        _check_channel(text.to, text.to_at, text.name, around, report)
        if text.fallback is not None and text.fallback_at is not None:
            _check_channel(text.fallback, text.fallback_at, text.name, around, report)
        routes[text.name] = Route(
            name=text.name,
            to=text.to,
            fallback=text.fallback,
            group_by=tuple(sorted(set(text.group_by))),
            wait=text.wait,
            interval=text.interval or (_GROUP_INTERVAL if text.group_by else None),
            repeat_every=text.repeat_every,
        )
    return routes


def _check_channel(channel: str, where: Location, route: str, around: Assembly, report: Report) -> None:
    if around.channels is not None and channel not in around.channels:
        what = f'route "{route}": unknown channel "{channel}"'
        report.unknown(Code.ROUTE, what, where, name=channel, known=around.channels)


def _levels(texts: Collection[LevelText]) -> Mapping[Urgency, Level]:
    """The built-in levels, changed by what the files say of them."""
    levels = dict(DEFAULT_LEVELS)
    for text in texts:
        usual = levels[text.urgency]
        levels[text.urgency] = dataclasses.replace(
            usual,
            start=usual.start if text.start is None else text.start,
            respond_in=text.respond_in or usual.respond_in,
            alert=text.alert or usual.alert,
        )
    return levels


def _check_brand(found: Definitions, around: Assembly, report: Report) -> None:
    if found.brand and found.brand_at and around.brand and found.brand != around.brand:
        what = f'unknown brand "{found.brand}"'
        report.unknown(Code.NAME, what, found.brand_at, name=found.brand, known=[around.brand])
