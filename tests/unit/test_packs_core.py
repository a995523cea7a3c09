"""The starter packs themselves: their tests, their habits, and that they go together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.model import Urgency
from rules import trial
from rules.packs import installed
from rules.ruleset import RuleSet, parse_rules
from rules.signals.measure import measure

RULES = {
    "complaint", "question", "repeated-ask", "churn", "safety", "security", "outage", "billing", "delivery",
    "praise", "link-spam", "giveaway-spam", "hiring-noise", "big-reach",
}  # fmt: skip
PACKS = ("core/en", "core/es")
DOCS = Path(__file__).parents[2] / "docs" / "packs.md"


def used(*packs: str) -> RuleSet:
    rules = parse_rules({"rules.yaml": f"use: [{', '.join(packs)}]"}, measure=measure)
    return replace(rules, cases=rules.pack_cases)


@pytest.mark.parametrize("packs", [*((pack,) for pack in PACKS), PACKS], ids=" ".join)
def test_every_test_of_the_packs_passes(packs: tuple[str, ...]) -> None:
    """Alone and together: no language speaks into the other; each rule is seen to fire and to stay quiet."""
    tried = trial.run(used(*packs))
    assert [] == [
        f"{trial.demand(one.case)} {one.because}"
        for one in tried.results
        if one.outcome is not trial.Outcome.PASSED
    ]
    assert {f"core/{name}" for name in RULES} == tried.fired == tried.quiet


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_has_no_mistake_that_check_knows(pack: str) -> None:
    """Nobody who uses it sees a warning about it: we do."""
    text = installed.text(pack)
    assert text is not None
    rules = parse_rules({"rules.yaml": text})
    assert () == rules.warnings
    assert len(RULES) == rules.count
    assert all(rule.why for rule in rules.every)


def test_packs_only_lift_where_somebody_may_be_hurt() -> None:
    """Quiet by design: what is no danger to people and no leak becomes urgent by its points alone."""
    lifts = {rule.name: rule.at_least for rule in used(*PACKS).every if rule.at_least is not None}
    assert {"core/safety": Urgency.CRITICAL, "core/security": Urgency.HIGH} == lifts


def test_the_packs_name_no_route() -> None:
    """Who hears of it is for those who use them."""
    assert {None} == {rule.route for rule in used(*PACKS).every}


def test_the_docs_tell_of_every_rule_and_pack() -> None:
    """docs/packs.md has a line for each, with what it is worth."""
    page = DOCS.read_text(encoding="utf-8")
    assert [] == [pack for pack in PACKS if f"`{pack}`" not in page]
    assert [] == [name for name in RULES if f"| `core/{name}` |" not in page]


def test_ours_are_all_that_is_shipped() -> None:
    """A file in the folder is a pack, and nothing else is."""
    assert list(PACKS) == [name for name in installed.names() if name.startswith("core/")]
    folder = Path(installed.__file__).with_name("core")
    assert {"__init__.py", "en.yaml", "es.yaml"} == {file.name for file in folder.iterdir() if file.is_file()}
