"""What a silence of an author, words, a source or a route does to a verdict, and that it can be made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bot.model import Alert, Facts, Kind, Urgency
from bot.orders import Silence
from bot.silenced import Scope, Silenced
from bot.silences import Standing
from bot.store.verdicts import blank_facts, blank_verdict
from rules.explain import explain
from rules.ruleset import RuleSet, parse_rules
from rules.wording import canonical, finder

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=8)
RULES = """
rules:
  safety: {why: Possible harm, when: {text: fire}, at_least: critical}
  outage: {why: Down, when: {text: down}, at_least: high, route: press, cc: [care]}
  spam: {why: Spam, when: {text: giveaway}, ignore: true}
routes: {default: {to: console}, press: {to: console}, care: {to: console}}
"""
SAID = Facts(
    mention_id="m1",
    brand="acme",
    platform="bluesky",
    kind=Kind.POST,
    text="Acme is DOWN: a known outage?",
    author_id="did:plc:troll",
    handle="troll.example",
)
HELD = ("silenced until 2026-11-22 17:00 UTC by Anna (author bluesky:@troll): provokes",)


def silence(scope: Scope, name: str, *, label: str = "", criticals: bool = False) -> Silence:
    return Silence(
        scope=scope,
        name=name,
        until=UNTIL,
        person="anna",
        reason="provokes",
        begun_at=NOW,
        label=label,
        criticals=criticals,
    )


TROLL = silence(Scope.AUTHOR, "bluesky:did:plc:troll", label="bluesky:@troll")


def standing(*silences: Silence) -> Standing:
    return Standing(silences=silences, finder=finder, people={"anna": "Anna"}.__getitem__)


def met(facts: Facts, *silences: Silence, source: str = "bluesky") -> Facts:
    return replace(facts, silences=standing(*silences).met_by(facts, source, NOW))


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return parse_rules({"a.yaml": RULES})


@pytest.mark.parametrize(
    ("scope", "name", "is_about"),
    [
        (Scope.AUTHOR, "bluesky:did:plc:troll", True),
        (Scope.AUTHOR, "bluesky:did:plc:trol", False),
        (Scope.AUTHOR, "x:did:plc:troll", False),
        (Scope.WORDS, "known outage", True),
        (Scope.WORDS, "Known OUTAGE", True),
        (Scope.WORDS, "out", False),
        (Scope.WORDS, "known AND NOT refund", True),
        (Scope.SOURCE, "bluesky", True),
        (Scope.SOURCE, "bluesky_notifications", True),
        (Scope.SOURCE, "x", False),
    ],
)
def test_what_a_silence_is_about(rules: RuleSet, scope: Scope, name: str, is_about: bool) -> None:
    """The author by platform and id, whole words in any case, a source or all of a platform."""
    heard = met(SAID, silence(scope, name), source="bluesky_notifications")
    verdict = rules.judge(heard)
    assert is_about == (verdict.alert is Alert.NONE)
    assert ((f"{scope.value}:{name}",) if is_about else ()) == verdict.held_by


def test_all_but_the_alert_stays_as_it_was(rules: RuleSet) -> None:
    """Urgency, route, tags, promise and what fired are the same; the trace says who silenced it, and why."""
    loud, verdict = rules.judge(SAID), rules.judge(met(SAID, TROLL))
    assert Alert.NONE is not loud.alert
    assert replace(loud, alert=Alert.NONE, notes=HELD, held_by=(TROLL.key,)) == verdict
    assert f"  note: {HELD[0]}" in explain(verdict, SAID)


def test_what_is_critical_rings_unless_the_silence_says_so(rules: RuleSet) -> None:
    """And the trace says that it rang in spite of a silence."""
    fire = replace(SAID, text="fire!")
    verdict = rules.judge(met(fire, TROLL))
    assert (Urgency.CRITICAL, Alert.PING, ()) == (verdict.urgency, verdict.alert, verdict.held_by)
    assert (f"{HELD[0]}; critical rings all the same",) == verdict.notes
    held = rules.judge(met(fire, replace(TROLL, criticals=True)))
    assert (Alert.NONE, (TROLL.key,)) == (held.alert, held.held_by)


def test_a_route_is_silenced_and_its_copies_ring(rules: RuleSet) -> None:
    """Only when each route that would ring is silenced, nobody hears of it; other routes are not concerned."""
    press, care = silence(Scope.ROUTE, "press"), silence(Scope.ROUTE, "care")
    one = rules.judge(met(SAID, press))
    assert (rules.judge(SAID).alert, ("route:press",)) == (one.alert, one.held_by)
    both = rules.judge(met(SAID, press, care))
    assert (Alert.NONE, ("route:care", "route:press")) == (both.alert, both.held_by)
    assert rules.judge(SAID) == rules.judge(met(SAID, silence(Scope.ROUTE, "default")))


def test_what_would_not_ring_is_held_by_nothing(rules: RuleSet) -> None:
    """What rules ignore was not kept quiet by a person."""
    spam = rules.judge(met(replace(SAID, text="giveaway"), TROLL))
    assert (True, (), ()) == (spam.ignored, spam.held_by, spam.notes)


def test_a_silence_runs_out_by_itself() -> None:
    """A second before it still holds, then not."""
    assert () != standing(TROLL).met_by(SAID, "bluesky", UNTIL - timedelta(seconds=1))
    assert () == standing(TROLL).met_by(SAID, "bluesky", UNTIL)
    assert not standing(TROLL).covers(SAID, "press", Urgency.HIGH, UNTIL)


def test_a_held_verdict_is_made_again_byte_for_byte(rules: RuleSet) -> None:
    """What was silenced is frozen with the facts; rows of before know no such thing and still read."""
    facts = met(SAID, TROLL, silence(Scope.ROUTE, "care"))
    again = msgspec.json.decode(msgspec.json.encode(facts), type=Facts)
    assert facts == again
    assert msgspec.json.encode(rules.judge(facts)) == msgspec.json.encode(rules.judge(again))
    old = msgspec.to_builtins(SAID)
    del old["silences"]
    assert SAID == msgspec.json.decode(msgspec.json.encode(old), type=Facts)


def test_who_is_forgotten_is_forgotten_here_too(rules: RuleSet) -> None:
    """A deleted post takes the name out of what it met; which rule or words were silenced stays."""
    facts = met(SAID, TROLL, silence(Scope.WORDS, "known outage"))
    verdict = rules.judge(facts)
    kept, told = blank_facts(facts, author=True), blank_verdict(verdict)
    assert (Scope.WORDS,) == tuple(one.scope for one in kept.silences)
    assert ("words:known outage",) == told.held_by
    assert "troll" not in f"{kept}{told}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('"known outage"', "known outage"),
        ("“Known Outage”", "known outage"),
        ("outage OR down", "(outage OR down)"),
        ("NOT outage", None),
        ("$bad", None),
        ("/a+/", None),
        ("a AND", None),
        ("   ", None),
    ],
)
def test_words_are_a_query_of_the_rules(said: str, kept: str | None) -> None:
    """However it was typed, it is kept in one way; what would silence nearly everything is refused."""
    assert kept == canonical(said)


def test_words_that_cannot_be_used_find_nothing() -> None:
    """A row that a later version cannot read any more silences nothing."""
    assert not finder("a AND")("a AND b")


@pytest.mark.parametrize("scope", [Scope.AUTHOR, Scope.WORDS, Scope.SOURCE, Scope.ROUTE])
def test_what_was_judged_before_is_covered(scope: Scope) -> None:
    """A card that has not gone out, or is to ring again, is held like a new one, but for what is critical."""
    names = {Scope.AUTHOR: TROLL.name, Scope.WORDS: "outage", Scope.SOURCE: "bluesky", Scope.ROUTE: "press"}
    now = standing(silence(scope, names[scope]))
    assert now.covers(SAID, "press", Urgency.HIGH, NOW)
    assert not now.covers(SAID, "press", Urgency.CRITICAL, NOW)
    other = replace(SAID, text="hello", author_id="ann", platform="x")
    assert not now.covers(other, "care", Urgency.HIGH, NOW)


def test_a_rule_that_is_silenced_is_no_silence_of_what_it_says() -> None:
    """It counts for nothing; that is the engine's, and holds no card back."""
    only = standing(silence(Scope.RULE, "outage"))
    assert {"outage": UNTIL} == only.rules(NOW)
    assert () == only.met_by(SAID, "bluesky", NOW)
    assert isinstance(standing(TROLL).met_by(SAID, "bluesky", NOW)[0], Silenced)
