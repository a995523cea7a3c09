"""Why a rule did not fire: every condition that was false, where it stands, and what was the case instead."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import Facts, Kind
from rules.whynot import why_not
from tests.unit.rule_cases import facts, fired, measured, ruleset

RULES = ruleset(
    """
words: {refund: [refund*, money back], waiting: [still, waiting]}
conditions:
  young: {author: {age: "< 30d"}}
  loud: {any: [{text: hey}, {is: young}]}
rules:
  words: {why: x, when: {text: '$refund NEAR/2 $waiting AND (late OR /#[0-9]+/) NOT policy'}}
  several: {why: x, when: {text: [one, two BEFORE/1 three]}}
  facts: {why: x, when: {platform: [x, rss], kind: dm, lang: de, complaint: ">= 0.6", question: true}}
  author: {why: x, when: {author: {followers: [">= 10", "= 3"], bio: reporter, verified: true, handle: ann}}}
  not: {why: x, when: {not: {text: sorry, kind: mention}}}
  named: {why: x, when: {is: loud}}
  all: {why: x, when: {all: [{kind: mention}, {text: yes}]}}
  list: {why: x, when: [{kind: dm}, {text: yes, lang: en}]}
"""
)

CASES: dict[str, tuple[str, Facts, list[tuple[str, str, str]]]] = {
    "words that are there and words that are not": (
        "words",
        facts("my refunds are late"),
        [
            (
                "text",
                "$refund NEAR/2 $waiting AND (late OR /#[0-9]+/) NOT policy",
                '$refund is there ("refunds"); late is there ("late"); $waiting is not; /#[0-9]+/ is not',
            )
        ],
    ),
    "words that are all there, too far away": (
        "words",
        facts("refund a b c d still late #7"),
        [
            (
                "text",
                "$refund NEAR/2 $waiting AND (late OR /#[0-9]+/) NOT policy",
                (
                    '$refund is there ("refund"); $waiting is there ("still"); late is there ("late"); '
                    '/#[0-9]+/ is there ("#7"); but not as the query asks for it'
                ),
            )
        ],
    ),
    "none of several queries": (
        "several",
        facts("three two"),
        [
            ("text", "one", "one is not"),
            (
                "text",
                "two BEFORE/1 three",
                'two is there ("two"); three is there ("three"); but not as the query asks for it',
            ),
        ],
    ),
    "facts": (
        "facts",
        facts("x", signals=measured(0.2, None)),
        [
            ("platform", "x or rss", "bluesky"),
            ("kind", "dm", "mention"),
            ("lang", "de", "en"),
            ("complaint", ">= 0.6", "0.20"),
            ("question", "true", "unknown (language en)"),
        ],
    ),
    "some facts of the author": (
        "author",
        facts("x", followers=4, bio="a shop", handle="ann"),
        [
            ("author.followers", ">= 10 or = 3", "4"),
            ("author.bio", "reporter", "reporter is not"),
            ("author.verified", "true", "unknown"),
        ],
    ),
    "not": ("not", facts("so sorry"), [("not", "that this is not so", '"sorry"')]),
    "a condition in a condition": (
        "named",
        facts("x", age=timedelta(days=40)),
        [
            ("is loud.any[1].text", "hey", "hey is not"),
            ("is loud.any[2].is young.author.age", "< 30d", "40d"),
        ],
    ),
    "all": ("all", facts("no"), [("all[2].text", "yes", "yes is not")]),
    "a list of blocks": (
        "list",
        facts("yes", lang=None),
        [("[1].kind", "dm", "mention"), ("[2].lang", "en", "unknown")],
    ),
}


@pytest.mark.parametrize(("rule", "given", "reasons"), CASES.values(), ids=CASES)
def test_what_was_false(rule: str, given: Facts, reasons: list[tuple[str, str, str]]) -> None:
    """Each false condition, and none that is true."""
    assert reasons == [(one.path, one.asks, one.was) for one in why_not(RULES, rule, given)]
    assert rule not in fired(RULES.judge(given))


def test_a_rule_that_fires_has_no_reason() -> None:
    """Whatever the rule, there is a reason if and only if it does not fire."""
    heard = facts("yes hey", kind=Kind.DM)
    firing = {rule.name for rule in RULES.every if not why_not(RULES, rule.name, heard)}
    assert {*fired(RULES.judge(heard))} == firing == {"list", "named", "not"}


def test_a_rule_that_is_not_there() -> None:
    """The caller says which there are."""
    with pytest.raises(KeyError):
        why_not(RULES, "other", facts("x"))
