"""A set with every condition, field and key: total, without order, and reproduced from what is stored."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.measured import Counted, Engagement, History
from bot.model import Facts, Kind, Signal, Verdict
from bot.yamlfile import load
from rules import counters, measures, times
from rules.compile import AUTHOR_FIELDS, CONDITIONS
from rules.leaves import SIGNALS
from rules.ruleset import parse_rules
from rules.schema import LEVEL_KEYS, PERSONA_KEYS, ROUTE_KEYS, RULE_KEYS, SECTIONS
from rules.whynot import why_not
from tests.unit.test_rules_properties import meaning, scattered

FILE = Path(__file__).parents[1] / "samples" / "rules" / "everything.yaml"
TEXT = FILE.read_text(encoding="utf-8")
RULES = parse_rules({"rules.yaml": TEXT})
WINDOWS = [window.name for counter in RULES.program.counters for window in counter.windows.values()]

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

ages = st.timedeltas(timedelta(), timedelta(days=100))
amounts = st.none() | st.integers(0, 20)
signals = st.dictionaries(
    st.sampled_from(SIGNALS), st.builds(Signal, value=st.none() | st.floats(-1, 1)), max_size=7
)
words = st.sampled_from(
    ["refund", "money back", "devolución", "still", "in 3 days", "thanks", "sale", "giveaway", "late", "hm"]
)
everything = st.builds(
    Facts,
    mention_id=st.just("m1"),
    brand=st.just("acme"),
    platform=st.sampled_from(["bluesky", "reviews", "x"]),
    kind=st.sampled_from(Kind),
    text=st.lists(words, max_size=8).map(" ".join),
    speaks_to_us=st.booleans(),
    lang=st.sampled_from([None, "en", "es", "pt-BR", "ja"]),
    handle=st.sampled_from([None, "ann", "@Bob"]),
    bio=st.sampled_from([None, "", "reporter"]),
    followers=st.sampled_from([None, 0, 7, 5000]),
    following=amounts,
    age=st.none() | ages,
    verified=st.none() | st.booleans(),
    signals=signals,
    author_id=st.none() | st.just("a1"),
    at=st.none() | st.timedeltas(timedelta(), timedelta(days=730)).map(BEGIN.__add__),
    tier=st.sampled_from([None, "gold", "Platinum", "staff"]),
    known=st.none() | st.booleans(),
    staff=st.none() | st.booleans(),
    spoken=st.sampled_from([None, "en", "es-MX", "xx-unknown"]),
    links=amounts,
    media=st.none() | st.lists(st.sampled_from(measures.MEDIA), max_size=3).map(tuple),
    rating=st.none() | st.floats(0, 5),
    engagement=st.none()
    | st.builds(
        Engagement, likes=amounts, shares=amounts, replies=amounts, views=amounts, replies_per_hour=amounts
    ),
    history=st.none()
    | st.builds(
        History,
        messages=st.lists(ages, max_size=4).map(tuple),
        unanswered=st.lists(ages, max_size=3).map(tuple),
        last_reply=st.none() | ages,
    ),
    is_reply=st.none() | st.booleans(),
    we_spoke=st.none() | st.booleans(),
    waiting=st.none() | ages,
    counters=st.dictionaries(
        st.sampled_from(WINDOWS),
        st.builds(Counted, now=st.integers(0, 6), usual=st.none() | st.floats(0, 3)),
    ),
)


def names(value: object) -> set[str]:
    """Every key, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(names, value.values())) if value else set()
    return set().union(*map(names, value)) if isinstance(value, list) else set()


def test_it_has_everything() -> None:
    """A condition, field or key that comes is put into the sample, and so into all that is tested here."""
    known = {*SECTIONS, *RULE_KEYS, *PERSONA_KEYS, *LEVEL_KEYS, *ROUTE_KEYS} - {
        "tests",
        "fallback",
        "use",
        "tune",
    }
    known |= {*CONDITIONS, *AUTHOR_FIELDS, *measures.ENGAGEMENT, *measures.HISTORY, *measures.THREAD}
    known |= {*counters.RATE, *counters.SPIKE, *times.KEYS}
    assert set() == known - names(load(TEXT, FILE).plain())
    assert () == RULES.warnings


@settings(deadline=None, max_examples=150)
@given(everything)
def test_judging_is_total_and_reproduced_from_json(facts: Facts) -> None:
    """Byte for byte, from the stored facts with their counters and the stored source."""
    verdict = RULES.judge(facts)
    again = msgspec.json.decode(msgspec.json.encode(facts), type=Facts)
    assert msgspec.json.encode(verdict) == msgspec.json.encode(parse_rules(RULES.sources).judge(again))
    assert verdict == msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)


@settings(max_examples=25, deadline=None)
@given(st.integers(), st.lists(everything, min_size=1, max_size=5))
def test_order_makes_no_difference(seed: int, several: list[Facts]) -> None:
    """Shuffled and torn into files: the same verdicts, counters and tallies."""
    other = parse_rules(scattered(_without_brand(), random.Random(seed)))
    assert RULES.counters == other.counters
    for facts in several:
        assert meaning(RULES.judge(facts)) == meaning(other.judge(facts))
        assert RULES.tallies(facts) == other.tallies(facts)


def _without_brand() -> str:
    return "\n".join(line for line in TEXT.splitlines() if not line.startswith("brand:"))


@settings(deadline=None, max_examples=40)
@given(everything)
def test_why_not_names_something_for_every_rule_that_did_not_fire(facts: Facts) -> None:
    """And nothing for one that did."""
    fired = {one.rule for one in RULES.judge(facts).fired}
    living = [
        rule for rule in RULES.program.rules if not (rule.until and facts.at and facts.at.date() > rule.until)
    ]
    for rule in living:
        reasons: Any = why_not(RULES, rule.name, facts)
        assert bool(reasons) == (rule.name not in fired)
