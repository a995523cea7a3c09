"""Which rules are looked at for a text: none that could fire is passed over, and few that could not are looked at."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings

from bot.model import Facts
from rules import engine
from rules.engine import Program
from rules.needs import BEGIN, PIECE, WORD, Index, Needs
from rules.ruleset import RuleSet
from rules.terms import Text
from tests.unit.rule_cases import facts, fired, ruleset
from tests.unit.test_rules_properties import STARTING, any_facts

WORDS = "words: {pay: [refund*, money back], ja: [返金], any: [/x+/, late], two: {en: [a1], de: [b1]}}\n"


def needs_of(when: str, conditions: str = "{}") -> Needs:
    rules = ruleset(f"{WORDS}conditions: {conditions}\nrules: {{r: {{why: x, when: {when}}}}}")
    return rules.every[0].needs


NEEDS: dict[str, tuple[str, Needs]] = {
    "a word": ("{text: Refund}", frozenset({(WORD, "refund")})),
    "a prefix": ("{text: refund*}", frozenset({(BEGIN, "refund")})),
    "the longest word of a phrase": ("{text: my money back}", frozenset({(WORD, "money")})),
    "a whole word rather than a prefix": ("{text: my refund*}", frozenset({(WORD, "my")})),
    "a hashtag": ("{text: '#acme'}", frozenset({(WORD, "acme")})),
    "signs and letters": ("{text: C++}", frozenset({(WORD, "c")})),
    "an emoji": ("{text: 🔥}", frozenset({(PIECE, "🔥")})),
    "a script without blanks": ("{text: 返金}", frozenset({(PIECE, "返金")})),
    "letters before a script without blanks": ("{text: iphone返金}", frozenset({(WORD, "iphone")})),
    "a list": ("{text: $pay}", frozenset({(BEGIN, "refund"), (WORD, "money")})),
    "a list in every language": ("{text: $two}", frozenset({(WORD, "a1"), (WORD, "b1")})),
    "a list with a regular expression": ("{text: $any}", None),
    "near: the side with fewer words": ("{text: $pay NEAR/3 late}", frozenset({(WORD, "late")})),
    "and: the part with fewer words": ("{text: $pay AND late}", frozenset({(WORD, "late")})),
    "or: all of them": ("{text: a OR b}", frozenset({(WORD, "a"), (WORD, "b")})),
    "or with something unknown": ("{text: a OR /b/}", None),
    "and with something unknown": ("{text: a AND /b/ NOT c}", frozenset({(WORD, "a")})),
    "several queries": ("{text: [a, b]}", frozenset({(WORD, "a"), (WORD, "b")})),
    "not": ("{not: {text: a}}", None),
    "not beside a word": ("{not: {text: a}, text: b}", frozenset({(WORD, "b")})),
    "no words at all": ("{kind: dm}", None),
    "a biography": ("{author: {bio: reporter}}", None),
    "any": ("{any: [{text: a}, {text: b, kind: dm}]}", frozenset({(WORD, "a"), (WORD, "b")})),
    "any with something unknown": ("{any: [{text: a}, {kind: dm}]}", None),
    "all": ("{all: [{kind: dm}, {text: a}]}", frozenset({(WORD, "a")})),
    "a list of blocks": ("[{text: a}, {text: b}]", frozenset({(WORD, "a"), (WORD, "b")})),
    "a condition": ("{is: [one, two]}", frozenset({(WORD, "a"), (BEGIN, "b")})),
}


@pytest.mark.parametrize(("when", "needs"), NEEDS.values(), ids=NEEDS)
def test_what_a_rule_needs(when: str, needs: Needs) -> None:
    """One of these words, or nothing that could be named."""
    assert needs == needs_of(when, "{one: {text: a, lang: en}, two: {any: [{text: b*}]}}")


def test_conditions_in_conditions_are_looked_at_once() -> None:
    """Each uses the next one four times, twenty deep: without end, if what was found were not remembered."""
    chain = "".join(f"c{n}: {{is: {[f'c{n + 1}'] * 4}}}, " for n in range(19))
    assert frozenset({(WORD, "a")}) == needs_of("{is: c0}", f"{{{chain}c19: {{text: a}}}}")


LOOKED_AT = [
    "refunds",
    "my Refund!",
    "返金して",
    "iPhone返金して",
    "#ACME",
    "in C++",
    "hot🔥",
    "money\nback",
    "late",
]


@pytest.mark.parametrize("text", LOOKED_AT)
def test_a_rule_that_could_fire_is_looked_at(text: str) -> None:
    """Whatever stands beside the word, and in whatever case."""
    rules = ruleset(
        f"{WORDS}rules:\n"
        "  words: {why: x, when: {text: [$pay, $ja, iphone返金, '#acme', C++, 🔥, late]}, score: 1}\n"
    )
    assert ["words"] == fired(rules.judge(facts(text)))


def test_few_are_looked_at_in_vain() -> None:
    """Of a thousand rules none for a text without their words, and one for a text with one of them."""
    index = Index([frozenset({(WORD, f"word{n}"), (BEGIN, f"begin{n}x")}) for n in range(1000)])
    assert [] == index.worth_a_look(Text("nothing of all that: word1000, begin7, xword3"))
    assert [3, 70] == index.worth_a_look(Text("Word3 begin70xyz"))


def test_those_alike_are_kept_once() -> None:
    """Numbers come in order, each once, with those of which nothing is known."""
    one: Needs = frozenset({(WORD, "a"), (WORD, "b")})
    assert [0, 1, 2, 4] == Index([one, None, one, frozenset(), one]).worth_a_look(Text("b a a"))


def without_index(rules: RuleSet) -> Program:
    everything = [dataclasses.replace(rule, needs=None) for rule in rules.program.rules]
    return dataclasses.replace(rules.program, rules=everything)


@settings(deadline=None, max_examples=300)
@given(any_facts)
def test_the_verdict_is_that_of_looking_at_all(heard: Facts) -> None:
    """But for notes of what was not known: they come from rules that were looked at."""
    all_of_it = engine.judge(without_index(STARTING), heard)
    verdict = STARTING.judge(heard)
    assert set(verdict.notes) <= set(all_of_it.notes)
    assert dataclasses.replace(all_of_it, notes=()) == dataclasses.replace(verdict, notes=())
