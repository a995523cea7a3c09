"""A verdict as people read it, and as programs do."""

from __future__ import annotations

import json

from bot.model import Signal
from rules.explain import as_json, explain
from tests.unit.rule_cases import facts, ruleset

FILES = """

personas:
  journalist: {when: {author: {bio: journalist}}, score: 25}
  public: {}
rules:
  refund-overdue:
    why: Money is owed and late
    when: {text: refund* NEAR/8 (still OR waiting)}
    score: 40
    tags: [billing]
    route: billing
  complaint:
    why: Reads like a complaint
    when: {complaint: ">= 0.6"}
    score: 25
  praise: {why: Happy, when: {text: thanks}, score: -15}
  to-us: {why: Speaks to us, when: {kind: mention}}
  spam: {why: Spam, when: {text: giveaway}, ignore: true}
routes: {billing: {to: console}}
"""
SIGNALS = {
    "complaint": Signal(value=0.99, evidence=(("waiting", 1.1), ("refund", 0.8), ("thanks", -0.9))),
    "question": Signal(value=None),
}


def test_the_layout() -> None:
    """One line for the verdict, one for each rule in columns, then signals with their words, and notes."""
    rules = ruleset(FILES)
    given = facts("@acme STILL waiting for my refund, thanks", signals=SIGNALS)
    assert [
        "HIGH  score 50  persona public  route billing  reply within 15m",
        '        +40  refund-overdue  0.yaml:7   "STILL waiting for my refund"',
        "        +25  complaint       0.yaml:13  complaint 0.99",
        "         +0  to-us           0.yaml:18  Speaks to us",
        '        -15  praise          0.yaml:17  "thanks"',
        "  tags billing",
        "  complaint 0.99: waiting +1.1, thanks -0.9, refund +0.8",
        "  question unknown",
        "  note: author.bio unknown",
        "  note: no signals (language en): at least normal, for it is addressed to us",
        f"  rules version {rules.version}  engine 4",
    ] == explain(rules.judge(given), given)


def test_ignored_and_silent_mentions() -> None:
    """What is ignored says so; where no rule fired there is a line that says that."""
    rules = ruleset(FILES.replace("kind: mention", "kind: dm"))
    spam = facts("giveaway", bio="a journalist")
    assert "IGNORED  score 25  persona journalist  route default" == explain(rules.judge(spam), spam)[0]
    nothing = facts("hello")
    assert "  no rule fired" == explain(rules.judge(nothing), nothing)[1]


def test_the_json_form() -> None:
    """All of the verdict in plain JSON types; it survives a round trip."""
    rules = ruleset(FILES)
    given = facts("STILL waiting for a refund", signals=SIGNALS)
    form = as_json(rules.judge(given), given)
    assert form == json.loads(json.dumps(form))
    assert {
        "rule": "refund-overdue",
        "points": 40,
        "why": "Money is owed and late",
        "location": "0.yaml:7",
        "evidence": ['"STILL waiting for a refund"'],
        "spans": [[0, 26]],
        "probation": False,
    } == form["fired"][0]  # type: ignore[index]
    assert ("high", 900.0, "message", 65) == (
        form["urgency"],
        form["respond_in"],
        form["alert"],
        form["score"],
    )
    assert {"value": None, "evidence": []} == form["signals"]["question"]  # type: ignore[index]
