"""Two whole rule sets, of a consumer brand and of an open-source database, and the sentences they are for."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.model import Facts, Kind, Verdict
from rules.explain import explain
from rules.ruleset import RuleSet, parse_rules
from rules.signals.measure import measure
from tests.unit.rule_cases import fired

SAMPLES = Path(__file__).parents[1] / "samples" / "rules"
CONSUMER, DATABASE = "consumer_brand", "open_source_database"
OVERDUE = "@acme STILL waiting for my refund, fed up. where is it??"


@cache
def rules_of(name: str) -> RuleSet:
    text = (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    return parse_rules({"rules.yaml": text}, measure=measure)


def said(name: str, text: str, **parts: Any) -> Facts:
    """A mention with these words, measured as the daemon measures it."""
    lang, signals = rules_of(name).measure(text, (parts["lang"],) if "lang" in parts else ())
    usual: dict[str, Any] = {
        "mention_id": "m1",
        "brand": "us",
        "platform": "reddit",
        "kind": Kind.MENTION,
        "speaks_to_us": True,
        "lang": lang,
        "signals": signals,
    }
    return Facts(text=text, **{**usual, **parts})


def judged(name: str, text: str, **parts: Any) -> Verdict:
    return rules_of(name).judge(said(name, text, **parts))


FIRES: list[tuple[str, str, str, dict[str, Any]]] = [
    (CONSUMER, "refund-overdue", "@acme STILL waiting for my refund, it's been 3 weeks", {}),
    (CONSUMER, "refund-overdue", "where is my money back @acme??", {}),
    (CONSUMER, "churn-risk", "I'm switching to globex, fed up", {}),
    (CONSUMER, "safety", "my @acme charger caught fire last night", {}),
    (CONSUMER, "praise", "love the new app, thanks @acme", {}),
    (CONSUMER, "big-reach", "hm", {"followers": 80_000}),
    (CONSUMER, "giveaway-spam", "ACME giveaway! http://x.example", {"age": timedelta(days=3)}),
    (CONSUMER, "outage-report", "is @acme down?", {}),
    (CONSUMER, "complaint", OVERDUE, {}),
    (CONSUMER, "question", OVERDUE, {}),
    (DATABASE, "security-report", "Found an RCE in plankton 2.3, who do I mail?", {}),
    (DATABASE, "security-report", "is planktondb affected by CVE-2026-1234?", {}),
    (DATABASE, "data-loss", "plankton 2.3 corrupted my table after upgrade", {}),
    (DATABASE, "how-to", "how do I tune the cache in plankton", {}),
    (DATABASE, "rival-pain", "ditching globexdb, it's a nightmare", {}),
    (DATABASE, "hiring-noise", "We're hiring a plankton DBA, remote role", {}),
    (DATABASE, "nordic", "plankton er bra", {"lang": "no"}),
]
QUIET: list[tuple[str, str, str, dict[str, Any]]] = [
    (CONSUMER, "refund-overdue", "Got my refund from @acme today, thanks!", {}),
    (CONSUMER, "refund-overdue", "what is the refund policy? waiting to buy", {}),
    (CONSUMER, "refund-overdue", "you owe me $40 since march", {}),
    (CONSUMER, "safety", "this new mixtape is fire", {}),
    (CONSUMER, "praise", "thanks for nothing, still waiting", {}),
    (CONSUMER, "giveaway-spam", "is the acme giveaway real?", {}),
    (DATABASE, "security-report", "plankton is great for biology class, no leaks in the tank", {}),
    (DATABASE, "data-loss", "lost data on globexdb again", {}),
    (DATABASE, "how-to", "nice release", {}),
    (DATABASE, "how-to", "how do I tune the cache in plankton", {"platform": "bluesky"}),
    (DATABASE, "rival-pain", "globexdb is fine", {}),
    (DATABASE, "hiring-noise", "hire me to fix your plankton cluster", {}),
    (DATABASE, "nordic", "plankton is good", {}),
]


@pytest.mark.parametrize(("name", "rule", "text", "parts"), FIRES)
def test_a_rule_fires_where_it_must(name: str, rule: str, text: str, parts: dict[str, Any]) -> None:
    """The sentences that the authors of the sets wrote down as theirs."""
    assert rule in fired(judged(name, text, **parts))


@pytest.mark.parametrize(("name", "rule", "text", "parts"), QUIET)
def test_a_rule_stays_quiet_where_it_must(name: str, rule: str, text: str, parts: dict[str, Any]) -> None:
    """The sentences that look like theirs and are not."""
    assert rule not in fired(judged(name, text, **parts))


@pytest.mark.parametrize("name", [CONSUMER, DATABASE])
def test_every_rule_has_a_sentence(name: str) -> None:
    """No rule of the samples is without a sentence that fires it."""
    rules = {rule.name for rule in rules_of(name).program.rules}
    assert rules == {rule for sample, rule, _, _ in FIRES if sample == name}


SCENARIOS: list[tuple[str, str, dict[str, Any], tuple[Any, ...]]] = [
    (
        CONSUMER,
        "Why are @acme customers still waiting for refunds?",
        {"bio": "Reporter at The Post", "followers": 12_000},
        ("critical", "journalist", "press", ("billing",)),
    ),
    (CONSUMER, "thanks @acme, love it", {}, ("low", "public", "default", ("praise",))),
    (
        CONSUMER,
        "my @acme charger caught fire last night",
        {"bio": "Reporter", "followers": 12_000},
        ("critical", "journalist", "duty-manager", ("safety",)),
    ),
    (DATABASE, "plankton er bra", {"lang": "no"}, ("normal", "developer", "default", ())),
    (
        DATABASE,
        "globexdb sucks, comparing alternatives",
        {},
        ("normal", "evaluator", "devrel", ("opportunity",)),
    ),
    (
        DATABASE,
        "is planktondb affected by CVE-2026-1234?",
        {"bio": "Security engineer"},
        ("critical", "security-researcher", "security", ("how-to",)),
    ),
]


@pytest.mark.parametrize(("name", "text", "parts", "expected"), SCENARIOS)
def test_whole_triage(name: str, text: str, parts: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """Urgency, persona, route and tags together."""
    verdict = judged(name, text, **parts)
    assert expected == (verdict.urgency.label, verdict.persona, verdict.route, verdict.tags)


def test_explain_adds_up() -> None:
    """The layout of the reference: a headline, then points, rule, place and the words."""
    lines = explain(judged(CONSUMER, OVERDUE), said(CONSUMER, OVERDUE))
    assert [
        "CRITICAL  score 105  persona public  route billing  reply within 5m  tags billing, churn",
        '        +40  refund-overdue  rules.yaml:33  "STILL waiting for my refund"',
        "        +25  complaint       rules.yaml:25  complaint 0.97",
        '        +20  churn-risk      rules.yaml:41  "fed up"',
        "        +20  question        rules.yaml:29  question 1.00",
        "  complaint 0.97: fed up +1.7, still waiting +1.3, refund +1.0, STILL (capitals) +0.35",
    ] == lines[:6]
