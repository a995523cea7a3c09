"""A verdict as plain lines for people, and as JSON for programs.

Shows only what the verdict and its facts hold; judges nothing, prints nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bot import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.model import Facts, Fired, Signal, Verdict
    from rules.missed import Missed

_MOST_WORDS = 5


def explain(verdict: Verdict, facts: Facts, missed: Sequence[Missed] = ()) -> list[str]:
    """The layout of docs/rules.md: the verdict, the rules that fired, signals with their words, notes."""
    return [
        _headline(verdict),
        *_rules(verdict),
        *([f"  tags {', '.join(verdict.tags)}"] if verdict.tags else []),
        *map(_nearly, missed),
        *_signals(facts),
        *(f"  note: {note}" for note in verdict.notes),
        f"  rules version {verdict.rules_version}  engine {verdict.engine_version}",
    ]


def as_json(verdict: Verdict, facts: Facts, missed: Sequence[Missed] = ()) -> dict[str, object]:
    """The same for programs; durations in seconds, spans as [start, end] in the facts' text."""
    return {
        "mention": verdict.mention_id,
        "rules_version": verdict.rules_version,
        "engine_version": verdict.engine_version,
        "urgency": verdict.urgency.label,
        "ignored": verdict.ignored,
        "score": verdict.score,
        "persona": verdict.persona,
        "route": verdict.route,
        "tags": list(verdict.tags),
        "respond_in": verdict.respond_in.total_seconds() if verdict.respond_in else None,
        "cc": list(verdict.cc),
        "draft": verdict.draft,
        "alert": verdict.alert.value,
        "fired": [_fired_json(fired) for fired in verdict.fired],
        "missed": [{**asdict(near), "evidence": list(near.evidence)} for near in missed],
        "notes": list(verdict.notes),
        "lang": facts.lang,
        "signals": {name: _signal_json(signal) for name, signal in sorted(facts.signals.items())},
    }


def _headline(verdict: Verdict) -> str:
    parts = [
        "IGNORED" if verdict.ignored else verdict.urgency.label.upper(),
        f"score {verdict.score}",
        f"persona {verdict.persona}" if verdict.persona else "",
        f"route {verdict.route}",
        f"cc {', '.join(verdict.cc)}" if verdict.cc else "",
        f"reply within {duration.show(verdict.respond_in)}" if verdict.respond_in else "",
        f"draft {verdict.draft}" if verdict.draft else "",
    ]
    return "  ".join(part for part in parts if part)


def _rules(verdict: Verdict) -> Iterator[str]:
    if not verdict.fired:
        yield "  no rule fired"
    names = max((len(fired.rule) for fired in verdict.fired), default=0)
    places = max((len(fired.location) for fired in verdict.fired), default=0)
    for fired in verdict.fired:
        evidence = ", ".join(fired.evidence) or fired.why
        worth = f"({fired.points:+d})" if fired.probation else f"{fired.points:+d}"
        trial = "on probation: " if fired.probation else ""
        yield f"  {worth:>9}  {fired.rule:<{names}}  {fired.location:<{places}}  {trial}{evidence}".rstrip()


def _nearly(near: Missed) -> str:
    because = ", ".join(near.evidence)
    return (
        f"  nearly {near.points:+d}  {near.rule}  {near.location}  {because}, but fails at {near.fails_at}:"
    )


def _signals(facts: Facts) -> Iterator[str]:
    for name, signal in sorted(facts.signals.items()):
        value = "unknown" if signal.value is None else f"{signal.value:.2f}"
        yield f"  {name} {value}{_words(signal)}"


def _words(signal: Signal) -> str:
    strongest = sorted(signal.evidence, key=lambda moved: (-abs(moved[1]), moved[0]))[:_MOST_WORDS]
    listed = ", ".join(f"{word} {_weight(weight)}" for word, weight in strongest)
    return f": {listed}" if listed else ""


def _weight(weight: float) -> str:
    """Both digits where there are two, so that people can add up: +1.0, +0.35."""
    return f"{weight:+.2f}".removesuffix("0")


def _fired_json(fired: Fired) -> Mapping[str, object]:
    return {
        "rule": fired.rule,
        "points": fired.points,
        "why": fired.why,
        "location": fired.location,
        "evidence": list(fired.evidence),
        "spans": [[span.start, span.end] for span in fired.spans],
        "probation": fired.probation,
    }


def _signal_json(signal: Signal) -> Mapping[str, object]:
    return {"value": signal.value, "evidence": [[word, weight] for word, weight in signal.evidence]}
