"""A rule that people silenced counts for nothing, whatever it would have done; and that can be made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from bot.model import Facts, Kind, Urgency
from bot.orders import Silence
from bot.silences import in_force
from rules.explain import explain
from rules.ruleset import parse_rules

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULES = """
words: {bad: [fire, smoke]}
rules:
  safety: {why: Possible harm, when: {text: $bad}, at_least: critical, tags: [safety], route: duty, respond_in: 5m}
  giveaway: {why: Spam, when: {text: giveaway}, ignore: true}
  calm: {why: Nothing to hurry, when: {text: mixtape}, at_most: low, score: -5}
  loud: {why: Loud, when: {text: "mixtape OR giveaway"}, score: 60}
routes: {duty: {to: console}}
"""
SAID = Facts(mention_id="m1", brand="acme", platform="x", kind=Kind.POST, text="my mixtape is on fire")


def test_a_silence_runs_out_by_itself() -> None:
    """Nothing has to happen at that moment; a second before, it still holds."""
    until = NOW + timedelta(hours=8)
    one = Silence(name="safety", until=until, person="li", reason="a film", begun_at=NOW)
    assert {"safety": until} == in_force([one], until - timedelta(seconds=1))
    assert {} == in_force([one], until)


def test_a_silenced_rule_does_nothing() -> None:
    """No points, no lift, no cap, no tag, no route, no promise: as if it were not there, and it is noted."""
    rules = parse_rules({"a.yaml": RULES})
    assert Urgency.CRITICAL is rules.judge(SAID).urgency
    verdict = rules.judge(replace(SAID, silenced={"safety": NOW, "calm": NOW}))
    gone = RULES.replace("safety: {", "safety: {enabled: false, ").replace(
        "calm: {", "calm: {enabled: false, "
    )
    without = parse_rules({"a.yaml": gone}).judge(SAID)
    named = replace(without, rules_version=verdict.rules_version, held_by=verdict.held_by)
    assert replace(named, notes=verdict.notes) == verdict
    assert ("rule:calm", "rule:safety") == verdict.held_by
    assert ("loud",) == tuple(fired.rule for fired in verdict.fired)
    assert (
        "calm would have fired: silenced until 2026-11-22 09:00 UTC",
        "safety would have fired: silenced until 2026-11-22 09:00 UTC",
    ) == verdict.notes
    assert "  note: safety would have fired: silenced until 2026-11-22 09:00 UTC" in explain(verdict, SAID)


def test_a_silenced_rule_ignores_nothing() -> None:
    """Spam rings while the rule against it is silenced: that is what was asked for."""
    rules = parse_rules({"a.yaml": RULES})
    said = replace(SAID, text="a giveaway")
    assert rules.judge(said).ignored
    assert not rules.judge(replace(said, silenced={"giveaway": NOW})).ignored


def test_a_silence_of_another_rule_changes_nothing() -> None:
    """Not even a note."""
    rules = parse_rules({"a.yaml": RULES})
    assert rules.judge(SAID) == rules.judge(replace(SAID, silenced={"giveaway": NOW, "no-such-rule": NOW}))


def test_a_verdict_under_a_silence_is_made_again_byte_for_byte() -> None:
    """What was silenced is frozen with the facts, and survives the store's JSON."""
    rules = parse_rules({"a.yaml": RULES})
    heard = replace(SAID, silenced={"safety": NOW + timedelta(microseconds=7)})
    facts = msgspec.json.decode(msgspec.json.encode(heard), type=Facts)
    assert heard == facts
    again = parse_rules(rules.sources).judge(facts)
    assert msgspec.json.encode(rules.judge(heard)) == msgspec.json.encode(again)


def test_facts_of_before_there_were_silences_still_read() -> None:
    """Old rows have no such field."""
    old = msgspec.to_builtins(SAID)
    del old["silenced"]
    assert SAID == msgspec.json.decode(msgspec.json.encode(old), type=Facts)
