"""Facts and rule sets for the tests of the rules, in a line each."""

from __future__ import annotations

from typing import Any

from bot.model import Facts, Kind, Signal, Verdict
from rules.ruleset import RuleSet, parse_rules

KNOWN = {"complaint": Signal(value=0.1), "question": Signal(value=0.1)}
"""Signals of a text that is neither; with them the unknown-language floor is out of play."""


def facts(text: str = "hello", **changes: Any) -> Facts:
    """A mention of acme, ours, on Bluesky whose signals are known and low."""
    usual: dict[str, Any] = {
        "mention_id": "m1",
        "brand": "acme",
        "platform": "bluesky",
        "kind": Kind.MENTION,
        "speaks_to_us": True,
        "lang": "en",
        "signals": KNOWN,
    }
    return Facts(text=text, **{**usual, **changes})


def measured(complaint: float | None, question: float | None) -> dict[str, Signal]:
    return {"complaint": Signal(value=complaint), "question": Signal(value=question)}


def ruleset(*files: str) -> RuleSet:
    return parse_rules({f"{number}.yaml": text for number, text in enumerate(files)})


def judged(files: str, given: Facts) -> Verdict:
    return ruleset(files).judge(given)


def fired(verdict: Verdict) -> list[str]:
    return [rule.rule for rule in verdict.fired]


def is_true(when: str, given: Facts) -> bool:
    """Whether one condition, written in flow style, holds for these facts."""
    return judged(f"rules: {{r: {{why: x, when: {when}}}}}", given).fired != ()
