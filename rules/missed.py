"""Which rules nearly fired: for people who ask why one did not. Not part of judging, and of no verdict.

Nearly means that something in the mention speaks for the rule, and exactly one condition of its `when` fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.model import Facts
    from rules.engine import Program, Rule

_MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """`fails_at` is the key in the rule's `when`; `evidence` is what spoke for it."""

    rule: str
    points: int
    location: str
    fails_at: str
    evidence: tuple[str, ...]


def missed(program: Program, facts: Facts) -> tuple[Missed, ...]:
    """The first few, more points first, then by name."""
    scene = Scene(facts)
    found = [near for rule in program.rules for near in _near(rule, scene)]
    return tuple(sorted(found, key=lambda near: (-near.points, near.rule))[:_MOST])


def _near(rule: Rule, scene: Scene) -> Iterator[Missed]:
    traces = [(name, check(scene)) for name, check in rule.parts]
    failing = [name for name, trace in traces if trace is None]
    evidence = dict.fromkeys(each.text for _, trace in traces for each in trace or ())
    if len(failing) == 1 and evidence:
        yield Missed(
            rule=rule.name,
            points=rule.points,
            location=rule.location,
            fails_at=failing[0],
            evidence=tuple(evidence),
        )
