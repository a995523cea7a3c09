"""How the effects of rules come together: score, caps, lifts, ignore, personas, routes, the floor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.model import Alert, Kind, Signal, Span, Urgency
from rules.ruleset import ENGINE_VERSION
from tests.unit.rule_cases import facts, fired, judged, measured, ruleset

EFFECTS = """
urgency: {critical: {from: 80}, high: {from: 50}, normal: {from: 20}, low: {from: 0}}
rules:
  ten:      {why: x, when: {text: ten}, score: 10}
  twenty:   {why: x, when: {text: twenty}, score: 20}
  fifty:    {why: x, when: {text: fifty}, score: 50}
  hundred:  {why: x, when: {text: hundred}, score: 100}
  minus:    {why: x, when: {text: minus}, score: -30}
  to-high:  {why: x, when: {text: lift}, at_least: high}
  to-crit:  {why: x, when: {text: alarm}, at_least: critical}
  to-low:   {why: x, when: {text: touch}, at_least: low}
  cap:      {why: x, when: {text: cap}, at_most: normal}
  cap-low:  {why: x, when: {text: floor}, at_most: low}
  ignore:   {why: x, when: {text: spam}, ignore: true}
"""

OUTCOMES = {
    "nothing fires": ("hello", Urgency.LOW, False, 0),
    "one rule": ("ten", Urgency.LOW, False, 10),
    "points add up": ("ten twenty", Urgency.NORMAL, False, 30),
    "a level begins at its from": ("twenty", Urgency.NORMAL, False, 20),
    "high": ("fifty", Urgency.HIGH, False, 50),
    "critical": ("hundred", Urgency.CRITICAL, False, 100),
    "below all levels is the lowest": ("minus", Urgency.LOW, False, -30),
    "negative points count": ("fifty minus", Urgency.NORMAL, False, 20),
    "lift": ("lift", Urgency.HIGH, False, 0),
    "lift never lowers": ("hundred lift", Urgency.CRITICAL, False, 100),
    "highest lift": ("lift alarm", Urgency.CRITICAL, False, 0),
    "cap beats score": ("hundred cap", Urgency.NORMAL, False, 100),
    "cap never raises": ("ten cap", Urgency.LOW, False, 10),
    "lowest cap": ("hundred cap floor", Urgency.LOW, False, 100),
    "lift beats cap": ("hundred floor lift", Urgency.HIGH, False, 100),
    "ignore keeps the score": ("hundred spam", Urgency.CRITICAL, True, 100),
    "ignore beats cap": ("hundred cap spam", Urgency.NORMAL, True, 100),
    "lift beats ignore": ("spam lift", Urgency.HIGH, False, 0),
    "even the lowest lift beats ignore": ("spam touch", Urgency.LOW, False, 0),
}


@pytest.mark.parametrize(("text", "urgency", "ignored", "score"), OUTCOMES.values(), ids=OUTCOMES)
def test_lift_beats_ignore_beats_cap_beats_score(
    text: str, urgency: Urgency, ignored: bool, score: int
) -> None:
    """Effects are put together in one order, whatever rule they come from."""
    verdict = judged(EFFECTS, facts(text))
    assert (urgency, ignored, score) == (verdict.urgency, verdict.ignored, verdict.score)


def test_an_ignored_mention_alerts_nobody() -> None:
    """It promises no answer and makes no noise, but its rules are in the trace."""
    verdict = judged(EFFECTS, facts("hundred spam"))
    assert (None, Alert.NONE) == (verdict.respond_in, verdict.alert)
    assert ["hundred", "ignore"] == fired(verdict)


def test_a_fired_rule_says_why_and_where() -> None:
    """Points, reason, place in the file, the words, and where they stand in the original text."""
    verdict = judged(
        "rules:\n  money:\n    why: Is about  money\n    when: {text: refund*}\n    score: 5\n",
        facts("my Refunds"),
    )
    rule = verdict.fired[0]
    assert ("money", 5, "Is about money", "0.yaml:2") == (rule.rule, rule.points, rule.why, rule.location)
    assert (('"Refunds"',), (Span(start=3, end=10),)) == (rule.evidence, rule.spans)


def test_more_points_first_then_by_name() -> None:
    """The trace has one order; rules of no points are in it too."""
    files = "rules:\n" + "".join(
        f"  {name}: {{why: x, when: {{text: {name}}}, score: {points}}}\n"
        for name, points in [("b", 5), ("a", 5), ("c", 9), ("z", 0), ("m", -5)]
    )
    assert ["c", "a", "b", "z", "m"] == fired(judged(files, facts("z m a b c")))


PERSONAS = """
personas:
  press: {when: {author: {bio: journalist}}, score: 25, route: press}
  loud:  {when: {author: {followers: "> 1000"}}, score: 5}
  public: {}
rules:
  billing: {why: x, when: {text: refund}, score: 10, route: billing}
  sales:   {why: x, when: {text: price}, score: 20, route: sales}
  quiet:   {why: x, when: {text: hush}, score: 99}
  safety:  {why: x, when: {text: fire}, at_least: critical, route: duty}
  alarm:   {why: x, when: {text: smoke}, at_least: high, score: 90, route: alarm}
routes:
  press: {to: console}
  billing: {to: "telegram:billing", fallback: console}
  sales: {to: console}
  duty: {to: console}
  alarm: {to: console}
"""

ROUTES = {
    "no rule has one": ("hush", None, "default"),
    "the rule's": ("refund", None, "billing"),
    "the rule with most points that has one": ("refund price hush", None, "sales"),
    "the persona's before a rule's": ("refund price", "Journalist at large", "press"),
    "a lifting rule's before the persona's": ("refund fire", "Journalist", "duty"),
    "the highest lift's": ("fire smoke", None, "duty"),
}


@pytest.mark.parametrize(("text", "bio", "route"), ROUTES.values(), ids=ROUTES)
def test_where_a_mention_goes(text: str, bio: str | None, route: str) -> None:
    """From a lifting rule, else the persona, else the rule with most points, else the default."""
    assert route == judged(PERSONAS, facts(text, bio=bio)).route


@pytest.mark.parametrize(
    ("author", "persona", "score"),
    [
        ({"bio": "journalist", "followers": 5000}, "press", 25),
        ({"bio": "cook", "followers": 5000}, "loud", 5),
        ({"bio": None, "followers": None}, "public", 0),
    ],
)
def test_the_first_persona_that_matches_wins(author: dict[str, object], persona: str, score: int) -> None:
    """Its points are in the score."""
    verdict = judged(PERSONAS, facts("hello", **author))
    assert (persona, score) == (verdict.persona, verdict.score)


def test_a_personas_points_are_explained() -> None:
    """The score can always be added up from what is shown."""
    verdict = judged(PERSONAS, facts("hello", bio="a journalist"))
    assert ('persona press +25: bio "journalist"',) == verdict.notes


def test_the_shortest_promise_wins() -> None:
    """Of the level and of all rules that fire."""
    files = """
urgency: {low: {respond_in: 1d}}
rules:
  a: {why: x, when: {text: a}, respond_in: 2h}
  b: {why: x, when: {text: b}, respond_in: 30m}
  c: {why: x, when: {text: c}, respond_in: 3d}
"""
    rules = ruleset(files)
    promises = [rules.judge(facts(text)).respond_in for text in ("x", "c", "a c", "a b c")]
    assert [timedelta(days=1), timedelta(days=1), timedelta(hours=2), timedelta(minutes=30)] == promises


def test_tags_add_up() -> None:
    """Sorted, each once; one tag needs no list."""
    files = "rules: {a: {why: x, when: {text: a}, tags: [z, b]}, b: {why: x, when: {text: a}, tags: b}}"
    assert ("b", "z") == judged(files, facts("a")).tags


def test_a_disabled_rule_does_not_fire() -> None:
    """`enabled: false` takes a rule out; `owner` changes nothing."""
    files = "rules: {a: {why: x, when: {text: a}, enabled: false}, b: {why: x, when: {text: a}, owner: ann}}"
    assert ["b"] == fired(judged(files, facts("a")))


def test_built_in_levels_and_route() -> None:
    """Without `urgency` and `routes` there are sensible ones."""
    rules = ruleset("rules: {a: {why: x, when: {text: a}, at_least: critical}}")
    verdict = rules.judge(facts("a"))
    assert (Urgency.CRITICAL, timedelta(minutes=5), Alert.PING) == (
        verdict.urgency,
        verdict.respond_in,
        verdict.alert,
    )
    assert ("default", "console", None) == (
        verdict.route,
        rules.route("default").to,
        rules.route("default").fallback,
    )


def test_a_level_keeps_what_the_file_leaves_out() -> None:
    """`critical: {from: 10}` changes only where it begins."""
    verdict = judged(
        "urgency: {critical: {from: 10}}\nrules: {a: {why: x, when: {text: a}, score: 10}}", facts("a")
    )
    assert (Urgency.CRITICAL, timedelta(minutes=5), Alert.PING) == (
        verdict.urgency,
        verdict.respond_in,
        verdict.alert,
    )


UNKNOWN = measured(None, None)


@pytest.mark.parametrize(
    ("changes", "urgency"),
    [
        ({}, Urgency.NORMAL),
        ({"kind": Kind.POST}, Urgency.NORMAL),
        ({"speaks_to_us": False}, Urgency.LOW),
        ({"signals": measured(0.1, None)}, Urgency.NORMAL),
        ({"signals": {}}, Urgency.NORMAL),
        ({"signals": measured(0.1, 0.1)}, Urgency.LOW),
    ],
)
def test_unknown_is_not_low(changes: dict[str, Any], urgency: Urgency) -> None:
    """Who speaks to us in a language without signals is at least normal."""
    given = facts(**{"text": "hjelp", "lang": "no", "signals": UNKNOWN, **changes})
    assert urgency == judged("rules: {}", given).urgency


def test_the_floor_is_noted() -> None:
    """The verdict says that it was raised, and for which language."""
    verdict = judged("brand: acme", facts("hei", lang="no", signals=UNKNOWN))
    assert ("no signals (language no): at least normal, for it is addressed to us",) == verdict.notes


def test_cap_and_ignore_beat_the_floor() -> None:
    """The floor belongs to the score."""
    rules = ruleset(EFFECTS)
    verdicts = [rules.judge(facts(text, signals=UNKNOWN)) for text in ("floor", "spam", "fifty")]
    assert [(Urgency.LOW, False), (Urgency.NORMAL, True), (Urgency.HIGH, False)] == [
        (verdict.urgency, verdict.ignored) for verdict in verdicts
    ]


def test_the_verdict_says_what_made_it() -> None:
    """Versions, the mention and the signals are in it, to judge again."""
    rules = ruleset(EFFECTS)
    signals = {"complaint": Signal(value=0.7), "question": Signal(value=0.2)}
    verdict = rules.judge(facts("x", signals=signals))
    assert ("m1", rules.version, ENGINE_VERSION, signals) == (
        verdict.mention_id,
        verdict.rules_version,
        verdict.engine_version,
        verdict.signals,
    )
