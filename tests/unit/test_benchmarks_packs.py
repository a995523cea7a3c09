"""The benchmark that says how quiet the packs are counts what it says it counts, on sentences of our own."""

from __future__ import annotations

from benchmarks.packs import FILES, USED, counted, table
from rules.ruleset import parse_rules
from rules.signals.measure import measure

RULES = parse_rules({"rules.yaml": USED}, measure=measure)
ANGRY = "@acme you charged me twice. Still no reply to my emails, worst service ever. My order never arrived."
FURIOUS = f"{ANGRY} Cancelling my subscription. Unacceptable. Is the app down for everyone?"


def test_a_rule_that_lifts_is_counted() -> None:
    """Once among the posts that it fires on, once among those that it makes critical."""
    counts = counted(["my charger caught fire", "hello there", "nice weather in Leeds today"], RULES)
    assert (3, {"core/safety": 1}) == (counts.posts, counts.lifted)
    assert {"core/safety": 1} == counts.fired
    assert not counts.is_quiet("core/safety")
    assert counts.is_quiet("core/churn")


def test_rules_that_are_critical_together_are_counted() -> None:
    """Each without which the post would not be critical; not those that add to what is enough."""
    counts = counted([ANGRY], RULES)
    assert {"core/billing", "core/complaint", "core/delivery", "core/repeated-ask"} == counts.fired.keys()
    assert counts.fired == counts.lifted
    counts = counted([FURIOUS], RULES)
    assert {"core/churn", "core/outage"} < counts.fired.keys()
    assert {} == counts.lifted


def test_the_table_has_a_line_for_each_rule() -> None:
    """Also for those that never fire."""
    counts = counted(["my charger caught fire"], RULES)
    lines = list(table(dict.fromkeys(FILES, counts), RULES))
    assert len(RULES.every) + 2 == len(lines)
    assert "| `core/safety` | 1 | 1 | 1 | 1 |" in lines
    assert "| `core/big-reach` | 0 | 0 | 0 | 0 |" in lines
