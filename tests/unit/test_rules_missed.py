"""Which rules nearly fired, for people who ask why one did not."""

from __future__ import annotations

from rules.explain import as_json, explain
from rules.missed import Missed
from tests.unit.rule_cases import facts, fired, ruleset

RULES = ruleset(
    """
words: {refund: [refund*]}
rules:
  policy:  {why: x, when: {text: $refund, not: {text: refund policy}}, score: 40}
  reach:   {why: x, when: {text: $refund, author: {followers: "> 10"}}, score: 50}
  fires:   {why: x, when: {text: $refund}, score: 10}
  nothing: {why: x, when: {text: giveaway, not: {text: airdrop}}, score: 30}
  alone:   {why: x, when: {text: giveaway}, score: 30}
  twice:   {why: x, when: {text: $refund, kind: post, platform: x}, score: 30}
  listed:  {why: x, when: [{text: giveaway}, {text: airdrop}], score: 30}
"""
)


def test_one_condition_short() -> None:
    """Something speaks for the rule and exactly one of its conditions fails; more points first."""
    assert (
        Missed(rule="reach", points=50, location="0.yaml:5", fails_at="author", evidence=('"refund"',)),
        Missed(rule="policy", points=40, location="0.yaml:4", fails_at="not", evidence=('"refund"',)),
    ) == RULES.missed(facts("what is the refund policy"))


def test_what_fired_or_has_nothing_for_it_was_not_near() -> None:
    """A rule that only its `not:` speaks for is as far away as any."""
    assert (("fires", "policy"), ("reach",)) == (
        tuple(sorted(fired(RULES.judge(facts("my refund"))))),
        tuple(near.rule for near in RULES.missed(facts("my refund"))),
    )
    assert () == RULES.missed(facts("hello"))


def test_at_most_five_are_told() -> None:
    """More points first, then by name, whatever the order in the file."""
    rules = ruleset(
        "rules:\n"
        + "".join(
            f"  r{n}: {{why: x, when: {{text: refund, kind: post}}, score: {n % 4}}}\n" for n in range(9)
        )
    )
    assert ["r3", "r7", "r2", "r6", "r1"] == [near.rule for near in rules.missed(facts("refund"))]


def test_it_is_shown_and_is_no_part_of_the_verdict() -> None:
    """A line below the rules that fired; in JSON under `missed`; asking changes no verdict."""
    heard = facts("my refund")
    before = RULES.judge(heard)
    near = RULES.missed(heard)
    lines = explain(before, heard, near)
    assert '  nearly +50  reach  0.yaml:5  "refund", but fails at author:' == lines[3]
    shown = {
        "rule": "reach",
        "points": 50,
        "location": "0.yaml:5",
        "fails_at": "author",
        "evidence": ['"refund"'],
    }
    assert [shown] == as_json(before, heard, near)["missed"]
    assert before == RULES.judge(heard)
