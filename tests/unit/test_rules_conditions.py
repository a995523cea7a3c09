"""Each condition of `when`: when it holds, when not, and what it says of missing data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.rule_cases import facts, is_true, judged, measured

HOLDS: list[tuple[str, dict[str, Any]]] = [
    ("{platform: Bluesky}", {}),
    ("{platform: [reddit, bluesky]}", {}),
    ("{kind: [reply, mention]}", {}),
    ("{lang: no}", {"lang": "no"}),
    ("{lang: [en, nb]}", {"lang": "nb"}),
    ("{lang: no}", {"lang": "nb"}),
    ("{lang: nb}", {"lang": "no"}),
    ("{lang: nb-NO}", {"lang": "no-NO"}),
    ("{lang: pt}", {"lang": "pt-BR"}),
    ("{lang: PT-br}", {"lang": "pt-BR"}),
    ("{text: [nothing, hello]}", {}),
    ("{text: 502}", {"text": "error 502"}),
    ("{complaint: true}", {"signals": measured(0.5, 0)}),
    ("{complaint: false}", {"signals": measured(0.49, 0)}),
    ('{complaint: ">= 0.6"}', {"signals": measured(0.6, 0)}),
    ('{question: "<0.3"}', {"signals": measured(0, 0.29)}),
    ('{question: ["> 0.9", "< 0.1"]}', {"signals": measured(0, 0.05)}),
    ('{author: {followers: ">= 2000"}}', {"followers": 2000}),
    ('{author: {followers: ["< 10", "> 100"]}}', {"followers": 5}),
    ('{author: {following: "= 0"}}', {"following": 0}),
    ('{author: {age: "< 30d"}}', {"age": timedelta(days=29)}),
    ("{author: {verified: true}}", {"verified": True}),
    ("{author: {verified: false}}", {"verified": False}),
    ("{author: {handle: ['@Ann.example', bob]}}", {"handle": "ann.example"}),
    ("{author: {bio: journalist OR reporter}}", {"bio": "Reporter at The Post"}),
    ("{author: {bio: [cook, reporter]}}", {"bio": "Reporter"}),
    ("{text: hello, not: {kind: post}}", {}),
    ("{not: {text: bye}}", {}),
    ("{not: [{text: bye}, {kind: post}]}", {}),
    ("{any: [{text: bye}, {kind: mention}]}", {}),
    ("{all: [{text: hello}, {kind: mention}]}", {}),
    ("[{text: bye}, {text: hello}]", {}),
    ("{not: {text: NOT hello}}", {}),
    ('{not: {complaint: ">= 0.6"}}', {"signals": measured(None, 0)}),
]

FAILS: list[tuple[str, dict[str, Any]]] = [
    ("{platform: reddit}", {}),
    ("{kind: post}", {}),
    ("{lang: pt-BR}", {"lang": "pt"}),
    ("{lang: no}", {"lang": "nn"}),
    ("{lang: en}", {"lang": None}),
    ("{text: bye}", {}),
    ("{complaint: true}", {"signals": measured(0.49, 0)}),
    ("{complaint: true}", {"signals": measured(None, 0)}),
    ("{complaint: false}", {"signals": measured(None, 0)}),
    ("{complaint: false}", {"signals": {}}),
    ('{author: {followers: ">= 2000"}}', {"followers": None}),
    ('{author: {followers: "< 2000"}}', {"followers": None}),
    ('{author: {age: "< 30d"}}', {"age": timedelta(days=30)}),
    ("{author: {verified: false}}", {"verified": None}),
    ("{author: {handle: ann}}", {"handle": "ann.example"}),
    ("{author: {bio: journalist}}", {"bio": "cook"}),
    ("{author: {bio: NOT journalist AND cook}}", {"bio": None}),
    ("{text: hello, kind: post}", {}),
    ("{not: [{text: hello}, {kind: post}]}", {}),
    ("{any: [{text: bye}, {kind: post}]}", {}),
    ("{all: [{text: hello}, {kind: post}]}", {}),
    ('{author: {followers: "> 1", bio: cook}}', {"followers": 5, "bio": "clown"}),
]


@pytest.mark.parametrize(("when", "changes"), HOLDS)
def test_holds(when: str, changes: dict[str, Any]) -> None:
    """The condition is true of these facts."""
    assert is_true(when, facts(**changes))


@pytest.mark.parametrize(("when", "changes"), FAILS)
def test_fails(when: str, changes: dict[str, Any]) -> None:
    """The condition is false of these facts."""
    assert not is_true(when, facts(**changes))


@pytest.mark.parametrize(
    ("when", "note"),
    [
        ('{author: {followers: "> 1"}}', "author.followers unknown"),
        ('{author: {following: "> 1"}}', "author.following unknown"),
        ('{author: {age: "> 1d"}}', "author.age unknown"),
        ("{author: {verified: true}}", "author.verified unknown"),
        ("{author: {handle: ann}}", "author.handle unknown"),
        ("{author: {bio: cook}}", "author.bio unknown"),
        ("{lang: en}", "lang unknown"),
        ("{complaint: true}", "complaint unknown (language unknown)"),
        ("{question: true}", "question unknown (language unknown)"),
    ],
)
def test_what_is_unknown_is_noted(when: str, note: str) -> None:
    """Missing data makes a comparison false, and the verdict says which."""
    verdict = judged(
        f"rules: {{r: {{why: x, when: {when}}}}}", facts(lang=None, signals={}, speaks_to_us=False)
    )
    assert (note,) == verdict.notes


def test_unknown_is_noted_only_where_it_decides() -> None:
    """A rule whose words are not there does not complain about the author."""
    files = 'rules: {r: {why: x, when: {author: {followers: "> 1"}, text: bye}}}'
    assert () == judged(files, facts()).notes


def test_evidence_of_all_that_made_it_true() -> None:
    """Words, signals and author facts are each shown as staff reads them."""
    files = """
rules:
  r:
    why: x
    when:
      author: {handle: ann, bio: reporter, followers: "> 5", age: "< 3d", verified: true}
      complaint: true
      text: [hello, you AND there]
"""
    given = facts(
        "hello you there",
        handle="ann",
        bio="Reporter",
        followers=6,
        age=timedelta(hours=30),
        verified=True,
        signals=measured(0.876, 0),
    )
    expected = ('"hello"', '"you"', '"there"', "complaint 0.88", "@ann", 'bio "Reporter"', "followers 6")
    assert (*expected, "account age 1d 6h", "verified") == judged(files, given).fired[0].evidence


def test_named_conditions_may_use_each_other() -> None:
    """In any order, and a list of names means any of them."""
    files = """
conditions:
  late_refund: {is: refund, text: late}
  refund: {text: refund}
  never: {text: never}
rules:
  r: {why: x, when: {is: [never, late_refund]}}
"""
    assert ["r"] == [rule.rule for rule in judged(files, facts("refund is late")).fired]
    assert () == judged(files, facts("refund")).fired


def test_lists_may_use_lists() -> None:
    """What is in the inner list is found through the outer one; one word needs no list."""
    files = """
words:
  churn: [cancel*, $pain]
  pain: terrible
rules:
  r: {why: x, when: {text: $churn}}
"""
    assert ('"terrible"',) == judged(files, facts("so terrible")).fired[0].evidence


def test_list_entries_are_literal_but_for_a_last_star() -> None:
    """Smileys need no quotation marks of their own; those that stand there take the star's meaning away."""
    files = """
words: {moods: [":(", "f*ck", '"star*"', 502]}
rules: {r: {why: x, when: {text: $moods}}}
"""
    texts = ["oh :( no", "f*ck", "a star* here", "502!", "stars", "fork"]
    assert [True, True, True, True, False, False] == [
        judged(files, facts(text)).fired != () for text in texts
    ]


def test_evidence_is_quoted_on_one_line() -> None:
    """Line breaks inside what was matched don't break the line that shows it."""
    files = "rules: {r: {why: x, when: {text: money back}}}"
    assert ('"Money back"',) == judged(files, facts("my Money\n\n back!")).fired[0].evidence
