"""What is found by comparing the conditions of a set with each other and with themselves.

Contradictions (R030) are mistakes; a rule that another one makes superfluous (W105) and an everyday word that
a rule rests on (W107) are warnings, told of a set without mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.memory import empty
from rules.contradictions import Contradictions
from rules.everyday import Everyday
from rules.implied import Proofs
from rules.report import Code, Report
from rules.subsumed import Candidate, subsumed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot.yamlfile import Node
    from rules.definitions import Definitions
    from rules.everyday import Shares
    from rules.formula import Formula, Formulas
    from rules.needs import Needs
    from rules.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the compiler knows of a set. `needs`: what each rule does, by its name."""

    vocabulary: Vocabulary
    needs: Mapping[str, Needs]
    texts: Mapping[Path, str]


def compare(
    found: Definitions, formulas: Formulas, compiled: Compiled, shares: Shares | None, report: Report
) -> None:
    """`shares`: words that stand in many posts of the past; None: not known."""
    proofs = Proofs(compiled.vocabulary.lists)
    asked = [(label, node, formulas.of(node)) for label, node in _blocks(found)]
    contradictions = Contradictions(proofs, report)
    for label, node, formula in asked:
        contradictions.check(label, node, formula)
    if not report.has_errors:
        everyday = Everyday(shares, compiled.vocabulary.entries, compiled.texts, report)
        for label, _, formula in asked:
            everyday.check(label, formula)
        _superfluous(found, {id(node): formula for _, node, formula in asked}, proofs, compiled, report)
    empty(asked)


def _superfluous(
    found: Definitions,
    by_block: Mapping[int, Formula],
    proofs: Proofs,
    compiled: Compiled,
    report: Report,
) -> None:
    whens = [(rule, rule.when) for rule in found.rules if rule.when is not None]
    candidates = [Candidate(rule, by_block[id(when)], compiled.needs[rule.name]) for rule, when in whens]
    for rule, other in subsumed(candidates, proofs, compiled.vocabulary.lists):
        message = (
            f'rule "{rule.name}": whatever fires it fires rule "{other.name}" as well, with the same effect'
        )
        report.warn(Code.SUBSUMED, message, rule.location)


def _blocks(found: Definitions) -> Iterator[tuple[str, Node]]:
    """Conditions first: what is wrong in one is told there, not for each rule that uses it."""
    for name, node in found.conditions.items():
        yield f'condition "{name}"', node
    for persona in found.personas:
        if persona.when is not None:
            yield f'persona "{persona.name}"', persona.when
    for rule in found.rules:
        if rule.when is not None:
            yield f'rule "{rule.name}"', rule.when
