"""The tests in a rule set: what they give, what they demand, what their failures say, what they leave untested."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.model import Kind
from rules.coverage import BRANCH, WORD, coverage
from rules.ruleset import RuleSet, load_rules, parse_rules
from rules.signals.measure import measure
from rules.trial import Outcome, failures, run
from tests.unit.rule_cases import ruleset

STARTER = Path(__file__).parents[2] / "config" / "examples" / "rules"
RULE = "rules: {{late: {{why: x, when: {when}, score: 60, tags: [slow], {more} tests: {tests}}}}}"


def with_tests(tests: str, when: str = "{text: late}", more: str = "") -> RuleSet:
    return ruleset(RULE.format(when=when, more=more, tests=tests))


def outcomes(rules: RuleSet) -> list[Outcome]:
    return [result.outcome for result in run(rules).results]


def because(rules: RuleSet) -> list[str]:
    return [result.because for result in run(rules).results if result.outcome is Outcome.FAILED]


def test_the_four_outcomes() -> None:
    """A sentence that fires, one that stays quiet, one for some day, and one whose day has come."""
    rules = with_tests("{fires: [so late, early], quiet: [early, too late], todo: [slow, late again]}")
    assert [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.TODO,
        Outcome.READY,
    ] == outcomes(rules)
    assert ["because text: is false", 'because it matched "late"'] == because(rules)
    trial = run(rules)
    assert not trial.is_right
    assert {"late"} == trial.fired == trial.quiet


def test_a_failure_says_what_was_not_known() -> None:
    """A condition that is false for want of a fact is told with the fact."""
    rules = with_tests("{fires: [late]}", when="{text: late, author: {followers: '> 5'}, kind: dm}")
    assert ["because kind: and author: are false (author.followers unknown)"] == because(rules)


def test_a_rule_that_holds_by_absence() -> None:
    """There is nothing to quote."""
    rules = with_tests("{quiet: [late]}", when="{not: {text: early}}")
    assert ["because all that it asks for is so"] == because(rules)


def test_a_mapping_gives_any_fact() -> None:
    """Each fact that a rule can look at can be given; a signal is pinned whatever the text says."""
    given = (
        "{text: 'thank you!', kind: dm, platform: hackernews, lang: nb-NO, complaint: 0.9, question: true, "
        "author: {handle: ann.example, bio: a shop, followers: 3, following: 0, age: 2d, verified: true}}"
    )
    rules = parse_rules(
        {"a.yaml": RULE.format(when="{kind: dm}", more="", tests=f"{{fires: [{given}]}}")}, measure=measure
    )
    (facts,) = run(rules).tried
    assert (Kind.DM, "hackernews", "no-NO", True) == (
        facts.kind,
        facts.platform,
        facts.lang,
        facts.speaks_to_us,
    )
    assert (0.9, 1.0) == (facts.signals["complaint"].value, facts.signals["question"].value)
    author = (facts.handle, facts.bio, facts.followers, facts.following, facts.age, facts.verified)
    assert ("ann.example", "a shop", 3, 0, timedelta(days=2), True) == author


def test_a_sentence_is_a_mention_of_us() -> None:
    """And is measured as the daemon measures it."""
    text = (STARTER / "starter.yaml").read_text(encoding="utf-8")
    rules = parse_rules({"a.yaml": text}, measure=measure)
    facts = run(rules).tried[0]
    assert (Kind.MENTION, True, "en") == (facts.kind, facts.speaks_to_us, facts.lang)
    assert facts.signals["question"].value is not None


def test_a_post_is_not_said_to_us() -> None:
    """So that what is unknown of it lifts nothing."""
    (facts,) = run(with_tests("{quiet: [{text: hello, kind: post}]}")).tried
    assert not facts.speaks_to_us


def test_a_rule_that_is_switched_off_is_tried_and_blocks_nothing() -> None:
    """Its failing test is told, and keeps no set from going live."""
    rules = with_tests("{fires: [early]}", more="enabled: false,")
    assert [Outcome.FAILED] == outcomes(rules)
    assert run(rules).is_right
    assert () == failures(rules)


SCENARIO = """
personas: {{vip: {{when: {{author: {{followers: "> 9"}}}}}}, public: {{}}}}
routes: {{default: {{to: console}}, desk: {{to: console}}}}
rules:
  late: {{why: x, when: {{text: late}}, score: 60, tags: [slow, sad], route: desk, respond_in: 10m}}
  spam: {{why: x, when: {{text: spam}}, ignore: true}}
tests:
  one: {{given: {given}, expect: {expect}}}
"""


@pytest.mark.parametrize(
    ("given", "expect", "wrong"),
    [
        ("late", "{urgency: high, route: desk, tags: [sad], rules: [late], respond_in: 10m}", ""),
        ("late", "{alerts: message, persona: public, ignored: false}", ""),
        ("{text: late, author: {followers: 10}}", "{persona: vip}", ""),
        ("late spam", "{ignored: true, alerts: none, rules: [spam, late]}", ""),
        ("late", "{urgency: low}", "urgency is high, not low"),
        ("late", "{persona: vip}", "persona is public, not vip"),
        ("early", "{tags: [sad, slow]}", "tags lack sad, slow (there are: none)"),
        ("late", "{rules: [spam]}", "rules lack spam (there are: late)"),
        ("late", "{respond_in: 1h, route: default}", "respond_in is 10m, not 1h; route is desk, not default"),
        (
            "late spam",
            "{ignored: false, respond_in: 10m}",
            "ignored is true, not false; respond_in is none, not 10m",
        ),
    ],
)
def test_a_scenario_compares_what_it_names(given: str, expect: str, wrong: str) -> None:
    """A part of the verdict, or a part of its tags and rules; what it does not name may be anything."""
    rules = ruleset(SCENARIO.format(given=given, expect=expect))
    assert [f"because {wrong}"] * bool(wrong) == because(rules)
    assert run(rules).is_right is not bool(wrong)


COVERED = r"""
words:
  pay: {any: [refund*, $more], en: ['/\$\d+/', owed], de: [Geld]}
  more: [chargeback]
conditions:
  ours: {any: [{kind: dm}, {text: acme, platform: bluesky}]}
personas:
  press: {when: {author: {bio: reporter OR editor}}}
rules:
  a: {why: x, when: {text: [$pay NEAR/3 (late OR "not yet"), owe me], all: [{not: {text: b OR c BEFORE/1 d}}]}}
  b: {why: x, when: [{is: ours}, {lang: de}]}
  c: {why: x, when: {any: [{text: one AND (two OR /3+/)}]}, tests: {quiet: [GIVEN]}}
"""


def unused(*given: str) -> set[str]:
    rules = parse_rules({"a.yaml": COVERED.replace("GIVEN", ", ".join(given))}, measure=measure)
    return {part.shown for part in coverage(rules, run(rules).tried).unused}


def test_every_alternative_and_word_is_a_part() -> None:
    """Branches of `any`, of lists of blocks, of lists of queries and of OR; entries of lists, not lists in them."""
    everything = {
        "kind:", "text: platform:", "is:", "lang:", "reporter", "editor", "$pay NEAR/3 (late OR not yet)", "late",
        "not yet", "owe me", "b", "c BEFORE/1 d", "two", "/3+/", '$pay "refund*"', '$pay "/\\$\\d+/" (en)',
        '$pay "owed" (en)', '$pay "Geld" (de)', '$more "chargeback"',
    }  # fmt: skip
    assert everything == unused("zzz")


def test_what_a_test_says_is_used() -> None:
    """Each part that holds in some test, in the language of that test, in the post or about its author."""
    left = unused(
        "{text: 'refunded, not yet! acme', lang: en, author: {bio: editor}}",
        "{text: 'my Geld, c x d, one and 33', lang: de}",
        "{text: 'you owe me $40, owed', lang: fr}",
    )
    assert left == {
        "kind:", "reporter", "late", "b", "two", '$pay "/\\$\\d+/" (en)', '$pay "owed" (en)', '$more "chargeback"',
    }  # fmt: skip


def test_shares_are_counted_by_kind() -> None:
    """Branches beside branches, words beside words."""
    rules = parse_rules({"a.yaml": COVERED.replace("GIVEN", "'late refund'")}, measure=measure)
    covered = coverage(rules, run(rules).tried)
    assert ((2, 14), (1, 5)) == (covered.share(BRANCH), covered.share(WORD))


def test_the_shipped_sets_pass_their_own_tests() -> None:
    """What `outcare init` gives people to begin with: nearly every rule is seen to fire."""
    trial = run(load_rules(STARTER, measure=measure))
    assert [] == [result for result in trial.results if result.because]
    assert len(trial.fired) >= 12
