"""What `outcare rules new` suggests: queries that tell sentences apart, and where the rule goes."""

from __future__ import annotations

import random

import pytest

from rules.ruleset import parse_rules
from rules.scaffold import Sketch, added, is_name, suggest, written
from rules.signals.measure import measure
from rules.trial import failures

LATE = ("@acme STILL waiting for my refund, 3 weeks", "where is my refund @acme? waiting since May")
SKETCH = Sketch(name="late", fires=LATE, quiet=("Got my refund, thanks!",), score=40)


SUGGESTED = [
    (LATE, ("Got my refund, thanks!",), "waiting NEAR/8 refund"),
    (("the app crashed again", "app keeps crashing"), ("the app is great",), "app NEAR/8 crash*"),
    (("it is down", "down again"), ("calm down",), "down NOT calm"),
    (("I want to cancel",), ("I want it",), "want NEAR/8 cancel"),
    (("close it, cancel", "stop my plan"), ("my subscription is fine",), "cancel OR plan"),
    (("where on earth", "where at all"), ("where is it", "on time"), "on earth OR where at"),
    (("give it up",), ("it is up, give me",), "give it"),
    (("no",), (), None),
    (("refund please",), ("refund please",), None),
    (("¿dónde está mi pedido?", "mi pedido no llega"), ("pedido recibido",), "pedido NOT recibido"),
    (("see https://x.example/refund",), (), "see"),
    (("can't log in", "I can't log in!"), ("can't wait",), "can't NEAR/8 log"),
]


@pytest.mark.parametrize(("fires", "quiet", "query"), SUGGESTED)
def test_a_query_tells_the_sentences_apart(
    fires: tuple[str, ...], quiet: tuple[str, ...], query: str | None
) -> None:
    """Words that they share before words of single ones; everyday words and names of accounts not at all."""
    assert query == suggest(Sketch(name="x", fires=fires, quiet=quiet))


def test_everyday_words_come_last() -> None:
    """A word that others think of as everyday is taken only when there is no other."""
    sketch = Sketch(name="x", fires=["the delivery is late"])
    assert "delivery NEAR/8 late" == suggest(sketch)
    fires = ["delivery broken", "parcel delivery"]
    assert "delivery" == suggest(Sketch(name="x", fires=fires), {"delivery"})


SAID = (
    "refund",
    "it's",
    "late",
    "No",
    "#tag",
    "@acme",
    "a: b",
    'say "so"',
    "50%",
    "AND",
    "don't",
    "#",
    "über",
    "waiting",
)


def test_what_is_written_loads_and_passes() -> None:
    """Whatever the sentences, a rule that is suggested is right and its tests pass."""
    order = random.Random(2)
    suggested = 0
    for _ in range(300):
        fires = [" ".join(order.choices(SAID, k=order.randrange(1, 6))) for _ in range(order.randrange(1, 4))]
        quiet = [" ".join(order.choices(SAID, k=3)) for _ in range(order.randrange(3))]
        sketch = Sketch(
            name="x", fires=fires, quiet=quiet, why=order.choice(["", "a: b", "plain", "12", "# no"])
        )
        query = suggest(sketch)
        if query is None:
            continue
        suggested += 1
        rules = parse_rules({"a.yaml": "rules:\n" + written(sketch, query)}, measure=measure)
        assert () == failures(rules)
        assert len(fires) + len(quiet) == len(rules.cases)
    assert suggested > 100


FILES = {
    "": "rules:\n<>",
    "# mine\n": "# mine\nrules:\n<>",
    "words: {a: [b]}\n": "words: {a: [b]}\n\nrules:\n<>",
    "rules:\nbrand: acme\n": "rules:\n<>brand: acme\n",
    "rules:\n  a: {why: x, when: {text: a}}   # one\n": "rules:\n  a: {why: x, when: {text: a}}   # one\n<>",
    "rules:\n  a:\n    why: x\n    when: {text: a}\n    # in a\n\n# the routes\nroutes: {}\n": (
        "rules:\n  a:\n    why: x\n    when: {text: a}\n    # in a\n<>\n# the routes\nroutes: {}\n"
    ),
    "rules:\n  a: {why: x, when: {text: a}}\n\n  b: {why: x, when: {text: b}}\n": (
        "rules:\n  a: {why: x, when: {text: a}}\n\n  b: {why: x, when: {text: b}}\n\n<>"
    ),
    "rules: {}\n": None,
    "rules: {a: {why: x, when: {text: a}}}\n": None,
    "{rules: }\n": None,
}


@pytest.mark.parametrize("text", FILES)
def test_a_rule_goes_behind_the_others(text: str) -> None:
    """Comments and everything else stay; where rules stand in braces nothing is guessed."""
    rule = written(SKETCH, "refund")
    expected = FILES[text]
    assert (expected.replace("<>", rule) if expected is not None else None) == added(text, SKETCH, "refund")


def test_the_column_is_that_of_the_others() -> None:
    """Four blanks stay four."""
    text = "rules:\n    a: {why: x, when: {text: a}}\n"
    after = added(text, SKETCH, "refund")
    assert after is not None
    assert after.startswith(text + "    late:\n      why: Speaks of refund\n")
    assert 2 == parse_rules({"a.yaml": after}).count


def test_names() -> None:
    """Nothing that YAML would take for something else."""
    assert [True, True, False, False, False, False] == [
        is_name(name) for name in ("late", "late-2_x", "", "a b", "true", "12")
    ]
