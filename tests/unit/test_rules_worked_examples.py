"""The two worked examples of the rule language, as they stand in its reference: checked, tested, explained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from bot.cli.rules import facts_of
from rules import trial
from rules.explain import explain
from rules.ruleset import RuleSet, parse_rules
from rules.signals.measure import measure
from rules.trial import Outcome

SAMPLES = Path(__file__).parents[1] / "samples" / "rules"
CONSUMER, DATABASE = "consumer_brand", "open_source_database"
OVERDUE = "@acme STILL waiting for my refund, fed up. where is it??"


@cache
def rules_of(name: str) -> RuleSet:
    text = (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    return parse_rules({"rules.yaml": text}, measure=measure)


@pytest.mark.parametrize(
    ("name", "passed", "todo", "untested"), [(CONSUMER, 15, 1, set()), (DATABASE, 14, 0, {"hot-thread"})]
)
def test_they_run_unchanged(name: str, passed: int, todo: int, untested: set[str]) -> None:
    """No warning, every test passes, and the counts are those of the reference."""
    rules = rules_of(name)
    tried = trial.run(rules)
    outcomes = [result.outcome for result in tried.results]
    assert () == rules.warnings
    assert (passed, todo) == (outcomes.count(Outcome.PASSED), outcomes.count(Outcome.TODO))
    assert len(outcomes) == passed + todo
    assert untested == {rule.name for rule in rules.every} - tried.fired


def test_the_consumer_brand_explained() -> None:
    """The layout of the reference: a headline, then points, rule, place and the words that did it."""
    assert [
        "CRITICAL  score 105  persona public  route billing  reply within 5m  draft refund_status",
        '        +40  refund-overdue  rules.yaml:39  "STILL waiting for my refund"',
        "        +25  complaint       rules.yaml:31  complaint 0.97",
        '        +20  churn-risk      rules.yaml:57  "fed up"',
        "        +20  question        rules.yaml:35  question 1.00",
        "  tags billing, churn",
        "  complaint 0.97: fed up +1.7, still waiting +1.3, refund +1.0, STILL (capitals) +0.35",
    ] == _explained(CONSUMER, OVERDUE)[:7]


def test_the_database_explained() -> None:
    """A rule that lifts, in a language that is known; no draft but the private one."""
    assert [
        "CRITICAL  score 0  persona developer  route security  reply within 15m  draft security_private",
        '         +0  security-report  rules.yaml:26  "plankton 2.3 has an exploit"',
    ] == _explained(DATABASE, "plankton 2.3 has an exploit")[:2]


def _explained(name: str, text: str) -> list[str]:
    rules = rules_of(name)
    facts = facts_of(text, rules, brand="acme", lang=None)
    return explain(rules.judge(facts), facts, rules.missed(facts))
