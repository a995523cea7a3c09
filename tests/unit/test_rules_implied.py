"""What is proved of conditions holds of mentions: nothing is called superfluous or contradictory that is not."""

from __future__ import annotations

import random

from bot.errors import ConfigError
from bot.model import Facts, Kind, Signal
from rules.implied import Proofs
from rules.query import Phrase, Query, is_positive, parse
from rules.ruleset import RuleSet, parse_rules
from rules.terms import ANY_LANGUAGE, Text, compile_query
from tests.unit.rule_cases import facts

WORDS = ("a", "b", "ab", "abc", "a*", "ab*", "$few", "$more", '"a b"', "/a+b/", "a b", "b a c")


def a_list(*entries: str) -> dict[str, list[Phrase]]:
    parsed = (parse(entry).query for entry in entries)
    return {ANY_LANGUAGE: [query for query in parsed if isinstance(query, Phrase)]}


LISTS = {"few": a_list("a", "b c"), "more": a_list("a*", "b", "c")}
TEXTS = (
    "",
    "a",
    "b",
    "a b",
    "b a",
    "abc",
    "ab c",
    "a x b",
    "a x x b c",
    "b a c",
    "aab",
    "c",
    "b c x a b",
    "ab x abc",
)


def a_query(order: random.Random, depth: int = 3) -> str:
    way = order.randrange(6) if depth else 0
    if way < 2:
        return order.choice(WORDS)
    if way == 2:
        return f"{order.choice(WORDS)} {order.choice(['NEAR', 'BEFORE'])}/{order.randrange(3)} {order.choice(WORDS)}"
    if way == 3:
        return f"({a_query(order, depth - 1)} NOT ({a_query(order, depth - 1)}))"
    operator = order.choice(["AND", "OR"])
    return f"({a_query(order, depth - 1)} {operator} {a_query(order, depth - 1)})"


def a_sound_one(order: random.Random) -> Query:
    while True:
        parsed = parse(a_query(order))
        if parsed.query and not parsed.mistakes and is_positive(parsed.query):
            return parsed.query


def test_what_is_proved_of_queries_is_so() -> None:
    """Wherever one query is said to find what another one finds, it does; and that is said now and then."""
    order = random.Random(11)
    proofs = Proofs(LISTS)
    proved = 0
    for _ in range(6_000):
        one, other = a_sound_one(order), a_sound_one(order)
        proofs._steps = 0
        if not proofs.finds(one, other):
            continue
        proved += 1
        narrow, wide = (compile_query(query, LISTS) for query in (one, other))
        for text in TEXTS:
            assert narrow(Text(text)) is None or wide(Text(text)) is not None, (one, other, text)
    assert proved > 100


LEAVES = (
    'author: {followers: ">= 10"}', 'author: {followers: "< 5"}', 'author: {followers: ["> 3", "= 1"]}',
    "kind: [mention, reply]", "kind: dm", "lang: pt", "lang: [pt-BR, en]", "text: a", "text: [b, a*]",
    "complaint: true", 'complaint: "< 0.5"', "is: named", "author: {verified: true}", "platform: X",
)  # fmt: skip


def a_block(order: random.Random, depth: int = 2) -> str:
    way = order.randrange(5) if depth else 0
    if way < 2:
        return f"{{{order.choice(LEAVES)}}}"
    if way == 2:
        return f"{{not: {a_block(order, depth - 1)}}}"
    key = order.choice(["any", "all"])
    return f"{{{key}: [{a_block(order, depth - 1)}, {a_block(order, depth - 1)}]}}"


def some_facts(order: random.Random) -> Facts:
    return facts(
        order.choice(TEXTS),
        kind=order.choice([Kind.MENTION, Kind.DM, Kind.POST]),
        platform=order.choice(["x", "bluesky"]),
        lang=order.choice([None, "pt", "pt-BR", "en"]),
        followers=order.choice([None, 0, 1, 4, 5, 10, 99]),
        verified=order.choice([None, True, False]),
        signals={"complaint": Signal(value=order.choice([None, 0.1, 0.5, 0.9]))},
    )


def loaded(one: str, other: str) -> RuleSet | None:
    """Two rules of no effect; None if one of them can never fire."""
    text = "conditions: {named: {text: a b, author: {followers: '> 4'}}}\nrules:\n"
    text += "".join(
        f"  {name}: {{why: x, when: {when}}}\n" for name, when in (("one", one), ("other", other))
    )
    try:
        return parse_rules({"rules.yaml": text})
    except ConfigError as error:
        wrong = {problem.code for problem in error.problems if not problem.is_warning}
    assert {"R030"} == wrong
    return None


def test_what_is_told_of_rules_is_so() -> None:
    """A rule that W105 calls superfluous never fires alone; what R030 calls a contradiction is none that some
    mention fulfils.
    """
    order = random.Random(5)
    superfluous = contradictions = 0
    for _ in range(500):
        one, other = a_block(order), a_block(order)
        rules = loaded(one, other)
        if rules is None:
            contradictions += 1
            continue
        told = [problem.message for problem in rules.warnings if problem.code == "W105"]
        superfluous += len(told)
        for message in told:
            narrow, wide = ("one", "other") if message.startswith('rule "one"') else ("other", "one")
            for _ in range(60):
                fired = {each.rule for each in rules.judge(some_facts(order)).fired}
                assert narrow not in fired or wide in fired, (one, other)
    assert superfluous > 20
    assert contradictions > 20


def test_a_contradiction_never_fires() -> None:
    """Blocks that R030 refuses, taken apart: their parts never hold together."""
    order = random.Random(3)
    refused = 0
    for _ in range(1_500):
        one, other = (
            f"{{{order.choice(LEAVES)}}}",
            order.choice(["{{not: {{{}}}}}", "{{{}}}"]).format(order.choice(LEAVES)),
        )
        if loaded(f"{{all: [{one}, {other}]}}", "{text: x}") is not None:
            continue
        refused += 1
        apart = loaded(one, other)
        assert apart is not None
        for _ in range(40):
            fired = {each.rule for each in apart.judge(some_facts(order)).fired}
            assert fired != {"one", "other"}, (one, other)
    assert refused > 50
