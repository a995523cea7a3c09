"""`judge`: what a compiled rule set says of one mention (docs/rules.md, "How a mention is judged").

Pure, total and deterministic: no clock, no I/O, no order of files or definitions, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from bot.model import NO_DRAFT, Alert, Fired, Urgency, Verdict
from bot.silenced import Scope, key
from rules.held import held
from rules.leaves import spoken
from rules.needs import Index, Needs
from rules.scene import Check, Evidence, Parts, Scene

if TYPE_CHECKING:
    from bot.model import Facts
    from rules.counters import Counter

ENGINE_VERSION = "4"
"""Grows when the same rules may judge the same facts differently."""
DEFAULT_ROUTE = "default"
HEARD_BY = ("complaint", "question")
"""The signals without which a language counts as unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`check` holds when all `parts` do. `counts` False: switched off, and only its tests look at it.

    `is_on_probation`: it is looked at and told, and worth nothing; so is one after its last day, `until`.
    """

    name: str
    why: str
    location: str
    check: Check
    parts: Parts
    points: int = 0
    at_least: Urgency | None = None
    at_most: Urgency | None = None
    is_ignoring: bool = False
    tags: tuple[str, ...] = ()
    route: str | None = None
    cc: tuple[str, ...] = ()
    draft: str | None = None
    respond_in: timedelta | None = None
    counts: bool = True
    is_on_probation: bool = False
    until: date | None = None
    needs: Needs = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """`check` None matches everyone."""

    name: str
    check: Check | None
    points: int = 0
    route: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """From which score an urgency begins, and what it means for staff."""

    urgency: Urgency
    start: int
    respond_in: timedelta
    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A compiled set. `index` knows which of its rules are worth a look.

    `waits`: after how long an ask that still waits is to be judged again; `looks_at`: the conditions that
    stand anywhere in it; `drafts`: the prepared answers by name.
    """

    version: str
    rules: Sequence[Rule]
    personas: Sequence[Persona]
    levels: Mapping[Urgency, Level]
    counters: Sequence[Counter] = ()
    waits: Sequence[timedelta] = ()
    looks_at: frozenset[str] = frozenset()
    drafts: Mapping[str, str] = field(default_factory=dict)
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", Index(rule.needs for rule in self.rules))


class _Hit(NamedTuple):
    rule: Rule
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Who:
    name: str | None = None
    points: int = 0
    route: str | None = None


def judge(program: Program, facts: Facts) -> Verdict:
    """The verdict; every rule looks, then the effects are put together."""
    scene = Scene(facts)
    who = _persona(program, scene)
    fired, unheard = _heard(_hits(program, scene), scene)
    hits = [hit for hit in fired if not hit.rule.is_on_probation]
    score = who.points + sum(hit.rule.points for hit in hits)
    scored = max(_by_score(program, score), _floor(scene))
    urgency, ignored = _settled(scored, hits)
    level = program.levels[urgency]
    route, draft = _route(hits, who), _draft(hits)
    copies = tuple(sorted({name for hit in hits for name in hit.rule.cc} - {route or DEFAULT_ROUTE}))
    alert = Alert.NONE if ignored else level.alert
    kept = held(facts.silences, alert=alert, urgency=urgency, routes=(route or DEFAULT_ROUTE, *copies))
    return Verdict(
        mention_id=facts.mention_id,
        rules_version=program.version,
        engine_version=ENGINE_VERSION,
        urgency=urgency,
        ignored=ignored,
        score=score,
        persona=who.name,
        route=route or DEFAULT_ROUTE,
        is_routed=route is not None,
        tags=tuple(sorted({tag for hit in hits for tag in hit.rule.tags})),
        respond_in=None if ignored else _respond_in(level, hits),
        alert=kept.alert,
        fired=tuple(map(_fired, fired)),
        notes=tuple(sorted({*scene.notes, *kept.notes})),
        signals=facts.signals,
        cc=copies,
        draft=draft,
        draft_text=program.drafts.get(draft) if draft else None,
        held_by=(*kept.by, *unheard),
    )


def _persona(program: Program, scene: Scene) -> _Who:
    """The first that matches."""
    for persona in program.personas:
        trace = persona.check(scene) if persona.check else ()
        if trace is not None:
            if persona.points:
                because = ", ".join(evidence.text for evidence in trace)
                scene.notes.add(f"persona {persona.name} {persona.points:+d}{': ' * bool(because)}{because}")
            return _Who(persona.name, persona.points, persona.route)
    return _Who()


def _hits(program: Program, scene: Scene) -> list[_Hit]:
    """The rules that fire: more points first, then by name."""
    posted = scene.facts.at
    hits: list[_Hit] = []
    for number in program.index.worth_a_look(scene.text):
        rule = program.rules[number]
        if rule.until and posted and _day(posted) > rule.until:
            continue
        trace = rule.check(scene)
        if trace is not None:
            hits.append(_Hit(rule, trace))
    return sorted(hits, key=lambda hit: (-hit.rule.points, hit.rule.name))


def _heard(hits: list[_Hit], scene: Scene) -> tuple[list[_Hit], list[str]]:
    """Without the rules that somebody silenced: worth nothing, whatever they would lift or ignore. And the
    keys of the silences that some fell to.
    """
    silenced = scene.facts.silenced
    if not silenced:
        return hits, []
    for hit in hits:
        if until := silenced.get(hit.rule.name):
            scene.notes.add(f"{hit.rule.name} would have fired: silenced until {until:%Y-%m-%d %H:%M} UTC")
    unheard = [key(Scope.RULE, hit.rule.name) for hit in hits if hit.rule.name in silenced]
    return [hit for hit in hits if hit.rule.name not in silenced], sorted(unheard)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _by_score(program: Program, score: int) -> Urgency:
    reached = (level.urgency for level in program.levels.values() if level.start <= score)
    return max(reached, default=Urgency.LOW)


def _floor(scene: Scene) -> Urgency:
    """Unknown is not low: who speaks to us in a language that has no signals is heard all the same."""
    facts = scene.facts
    if not facts.speaks_to_us or not _lacks_signals(facts):
        return Urgency.LOW
    scene.notes.add(f"no signals ({spoken(facts)}): at least normal, for it is addressed to us")
    return Urgency.NORMAL


def _lacks_signals(facts: Facts) -> bool:
    measured = (facts.signals.get(name) for name in HEARD_BY)
    return any(signal is None or signal.value is None for signal in measured)


def _settled(scored: Urgency, hits: Sequence[_Hit]) -> tuple[Urgency, bool]:
    """Cap beats score, ignore beats cap, lift beats ignore."""
    caps = [hit.rule.at_most for hit in hits if hit.rule.at_most is not None]
    lifts = [hit.rule.at_least for hit in hits if hit.rule.at_least is not None]
    ignored = any(hit.rule.is_ignoring for hit in hits) and not lifts
    return max([min([scored, *caps]), *lifts]), ignored


def _route(hits: Sequence[_Hit], who: _Who) -> str | None:
    """From the highest lift, else the persona, else the rule with most points; None: nobody named one."""
    lifting = [hit.rule for hit in hits if hit.rule.at_least is not None and hit.rule.route]
    if lifting:
        return max(lifting, key=lambda rule: rule.at_least or Urgency.LOW).route
    if who.route:
        return who.route
    return next((hit.rule.route for hit in hits if hit.rule.route), None)


def _draft(hits: Sequence[_Hit]) -> str | None:
    """As with the route: from the highest lift, else the rule with most points. Who forbids one is heard."""
    named = [hit.rule for hit in hits if hit.rule.draft]
    if any(rule.draft == NO_DRAFT for rule in named):
        return NO_DRAFT
    lifting = [rule for rule in named if rule.at_least is not None]
    if lifting:
        return max(lifting, key=lambda rule: rule.at_least or Urgency.LOW).draft
    return named[0].draft if named else None


def _respond_in(level: Level, hits: Sequence[_Hit]) -> timedelta:
    """The shortest of all that were promised."""
    return min([level.respond_in, *(hit.rule.respond_in for hit in hits if hit.rule.respond_in)])


def _fired(hit: _Hit) -> Fired:
    rule = hit.rule
    spans = [evidence.span for evidence in hit.evidence if evidence.span]
    if len(spans) > 1:
        spans = sorted(set(spans), key=lambda span: (span.start, span.end))
    return Fired(
        rule=rule.name,
        points=rule.points,
        why=rule.why,
        location=rule.location,
        evidence=tuple(dict.fromkeys([evidence.text for evidence in hit.evidence])),
        spans=tuple(spans),
        probation=rule.is_on_probation,
    )
