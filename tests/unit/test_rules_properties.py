"""What must hold of judging for any facts, any order of the files, and any slip of the finger."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.model import Facts, Kind, Signal, Verdict
from bot.yamlfile import load
from rules.compile import AUTHOR_FIELDS, CONDITIONS
from rules.ruleset import parse_rules
from rules.schema import LEVEL_KEYS, PERSONA_KEYS, ROUTE_KEYS, RULE_KEYS, SECTIONS, URGENCIES

STARTER = (Path(__file__).parents[2] / "config" / "examples" / "rules" / "starter.yaml").read_text(
    encoding="utf-8"
)
STARTING = parse_rules({"starter.yaml": STARTER})

signals = st.dictionaries(
    st.sampled_from(["complaint", "question", "other"]),
    st.builds(Signal, value=st.none() | st.floats() | st.integers()),
)
words = st.sampled_from(
    [
        "refund",
        "still",
        "waiting",
        "caught fire",
        "giveaway",
        "down",
        "cancel my",
        "thanks",
        "data leak",
        "acme",
        "502",
    ]
)
texts = st.lists(words | st.text(max_size=8), max_size=12).map(" ".join)
any_facts = st.builds(
    Facts,
    mention_id=st.text(),
    brand=st.sampled_from(["acme", "globex", ""]),
    platform=st.text(max_size=5),
    kind=st.sampled_from(Kind),
    text=texts,
    speaks_to_us=st.booleans(),
    lang=st.none() | st.sampled_from(["en", "no", ""]) | st.text(max_size=3),
    handle=st.none() | st.text(max_size=5),
    bio=st.none() | texts | st.just("reporter"),
    followers=st.none() | st.integers(),
    following=st.none() | st.integers(),
    age=st.none() | st.timedeltas(),
    verified=st.none() | st.booleans(),
    signals=signals,
)


@settings(deadline=None)
@given(any_facts)
def test_judging_is_total_and_repeatable(facts: Facts) -> None:
    """No facts make it raise; the same facts give the same verdict; each span marks a piece of the text."""
    verdict = STARTING.judge(facts)
    assert verdict == STARTING.judge(facts)
    spans = [span for fired in verdict.fired for span in fired.spans]
    assert all(0 <= span.start < span.end <= len(facts.text) for span in spans)
    assert verdict.score == sum(fired.points for fired in verdict.fired) + 25 * (
        verdict.persona == "journalist"
    )


def shuffled(value: Any, order: random.Random, *, keep: bool = False) -> Any:
    """The same YAML with mappings and lists in another order; personas keep theirs."""
    if isinstance(value, dict):
        names = list(value)
        if not keep:
            order.shuffle(names)
        return {name: shuffled(value[name], order, keep=name == "personas") for name in names}
    if isinstance(value, list):
        members = [shuffled(member, order) for member in value]
        order.shuffle(members)
        return members
    return value


def scattered(text: str, order: random.Random) -> dict[str, str]:
    """The set torn into several files, section by section and rule by rule."""
    files: dict[str, dict[str, Any]] = {}
    for section, content in shuffled(load(text, Path("x")).plain(), order).items():
        for name, member in content.items():
            file = "0.yaml" if section == "personas" else f"{order.randrange(4)}.yaml"
            files.setdefault(file, {}).setdefault(section, {})[name] = member
    return {file: yaml.safe_dump(content, sort_keys=False) for file, content in files.items()}


def meaning(verdict: Verdict) -> object:
    """All of a verdict but where its rules stand and which version that is."""
    fired = [(each.rule, each.points, each.why, each.evidence, each.spans) for each in verdict.fired]
    rest = {
        name: getattr(verdict, name)
        for name in Verdict.__slots__
        if name not in {"fired", "rules_version", "signals"}
    }
    return fired, rest


@settings(max_examples=40, deadline=None)
@given(st.integers(), st.lists(any_facts, min_size=1, max_size=5))
def test_order_of_files_and_definitions_makes_no_difference(seed: int, several: list[Facts]) -> None:
    """Shuffled and torn into files, the set gives the same verdicts, evidence and notes included."""
    other = parse_rules(scattered(STARTER, random.Random(seed)))
    for facts in several:
        assert meaning(STARTING.judge(facts)) == meaning(other.judge(facts))


@settings(deadline=None)
@given(any_facts)
def test_a_rule_that_does_not_fire_changes_nothing(facts: Facts) -> None:
    """Without it, the verdict is the same."""
    verdict = STARTING.judge(facts)
    content = load(STARTER, Path("x")).plain()
    fired = {each.rule for each in verdict.fired}
    del content["tests"]  # they name what is left out
    content["rules"] = {name: rule for name, rule in content["rules"].items() if name in fired}
    less = parse_rules({"starter.yaml": yaml.safe_dump(content, sort_keys=False)}).judge(facts)
    assert [each.rule for each in verdict.fired] == [each.rule for each in less.fired]
    assert (verdict.urgency, verdict.ignored, verdict.score) == (less.urgency, less.ignored, less.score)


NAMES = {
    *SECTIONS,
    *RULE_KEYS,
    *PERSONA_KEYS,
    *LEVEL_KEYS,
    *ROUTE_KEYS,
    *CONDITIONS,
    *AUTHOR_FIELDS,
    *URGENCIES,
}


def complaints(text: str) -> tuple[Any, ...]:
    try:
        parse_rules({"starter.yaml": text})
    except ConfigError as error:
        return error.problems
    return ()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(STARTER) - 1), st.text(max_size=3), st.integers(0, 30))
def test_loading_is_total(at: int, inserted: str, removed: int) -> None:
    """Whatever is done to a file, it loads or says what is wrong: nothing else is ever raised."""
    for problem in complaints(STARTER[:at] + inserted + STARTER[at + removed :]):
        assert problem.message


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "x"]), inner, max_size=4)
        ),
        max_leaves=25,
    )
)
def test_any_tree_is_read_or_reported(tree: object) -> None:
    """A file of any shape at all loads or is reported."""
    text = yaml.safe_dump(tree, allow_unicode=True)
    for problem in complaints(text):
        assert problem.message


def test_ages_do_not_overflow() -> None:
    """The longest and the most negative ages are compared like any other."""
    for age in (timedelta.max, timedelta.min):
        assert STARTING.judge(
            Facts(mention_id="", brand="", platform="", kind=Kind.POST, text="giveaway", age=age)
        )
