"""Packs of one family: their rules, lists and conditions made one."""

from __future__ import annotations

import pytest

from rules.packs import joining
from rules.reread import Source
from rules.ruleset import parse_rules
from tests.unit.rule_cases import facts, fired

BOTH = "use: [core/en, core/es]\n"


WHENS = [
    ("{text: a}", "{text: b}", ["a", "b"], ["c"]),
    ("{text: [a, c]}", "{text: b}", ["a", "b", "c"], ["d"]),
    ("{text: a, not: {text: x}}", "{text: b, not: {text: x}}", ["a", "b"], ["a x", "b x"]),
    ("{text: a, not: {text: x}}", "{text: b}", ["a", "b", "b x"], ["a x", "c"]),
    ("{text: a, not: {text: x}}", "{text: a}", ["a", "a x"], ["b"]),
    ("[{text: a}, {text: c}]", "{text: b}", ["a", "b", "c"], ["d"]),
    ("{any: [{text: a}], text: x}", "{any: [{text: b}], text: x}", ["a x", "b x"], ["a", "x"]),
    ("{any: [{text: a}], text: x}", "{any: [{text: a}], text: y}", ["a x", "a y"], ["a", "x y"]),
    ("{text: a}", "{text: a}", ["a"], ["b"]),
]


@pytest.mark.parametrize(("first", "second", "loud", "quiet"), WHENS)
def test_two_conditions_are_one_or_the_other(
    first: str, second: str, loud: list[str], quiet: list[str]
) -> None:
    """Whatever their shapes, and with an exception for both."""
    rule = "rules: {{core/a: {{why: x, when: {0}}}}}\nconditions: {{core/c: {0}}}"
    own_rule = "use: [core/en, core/es]\nrules: {mine: {why: x, when: {is: core/c}}}\ntune: "
    sources = {"pack:core/en.yaml": rule.format(first), "pack:core/es.yaml": rule.format(second)}
    rules = parse_rules({"rules.yaml": f"{own_rule}{{core/a: {{not: {{text: drill}}}}}}", **sources})
    for text in loud:
        assert ["core/a", "mine"] == fired(rules.judge(facts(text)))
        assert ["mine"] == fired(rules.judge(facts(f"{text} drill")))
    for text in quiet:
        assert [] == fired(rules.judge(facts(text)))


def test_lists_with_languages_are_joined_by_language() -> None:
    """A plain list is for any; what stands in both stands there once."""
    rule = "\nrules: {core/a: {why: x, when: {text: $core/l}}}"
    sources = {
        "rules.yaml": f"{BOTH}words: {{core/l: {{add: [f], remove: [c]}}}}",
        "pack:core/en.yaml": "words: {core/l: {en: [a, c], any: b}}" + rule,
        "pack:core/es.yaml": "words: {core/l: [b, d]}" + rule,
    }
    lists = Source(parse_rules(sources)).found.words
    assert {"en": ["a"], "any": ["b", "d", "f"]} == lists["core/l"].plain()
    sources["rules.yaml"] = f"{BOTH}words: {{core/l: {{remove: [a, c]}}}}"
    assert ["b", "d"] == Source(parse_rules(sources)).found.words["core/l"].plain()


def test_entries_are_the_members_or_the_one_thing() -> None:
    """A list of one may be written without brackets, in packs too."""
    node = Source(
        parse_rules({"a.yaml": "words: {a: x, b: [x, y]}\nrules: {r: {why: x, when: {text: $a OR $b}}}"})
    ).found.words
    assert [1, 2] == [len(joining.entries(node[name])) for name in ("a", "b")]
