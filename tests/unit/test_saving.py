"""A good reply kept as an answer: what the file says then, and what of it stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import Answers
from bot.saving import Did, NoPlace, Proposal, Reply, propose
from bot.settings.answers import parse_answers

FILE = Path("answers.yaml")
BEFORE = """# Ours.
answers:
  delivery:   # the evergreen
    questions:
      - Where is my order?   # all day long
      - When does it come?
    answer:
      en: "Hi {author.name}, orders take two days."

  hours:
    questions: [When are you open?, Open on Sundays?]
    lang: en
    answer: From 9 to 17.
  one:
    questions: Do you ship to Mars?
    lang: en
    answer: Not yet, but we are looking at the launch windows.

# The end.
"""


def parsed(text: str) -> Answers:
    return parse_answers(text, FILE, ())


def proposed(before: str, **parts: str) -> Proposal:
    reply = Reply(
        **{"question": "What about taxes?", "text": "They are in the price.", "lang": "en", **parts}
    )
    return propose(before, parsed(before), reply, keep=("acme.example",))


def change(proposal: Proposal, before: str = BEFORE) -> list[str]:
    """The lines that came and went."""
    lines = proposal.diff(before, FILE).splitlines()[2:]
    return [line for line in lines if line[0] in "+-"]


def test_a_new_answer_goes_behind_the_others() -> None:
    """In canonical form, at their column; a comment at the end stays there."""
    proposal = proposed(BEFORE)
    assert (Did.ADDED, "taxes") == (proposal.did, proposal.entry)
    assert [
        "+  taxes:",
        "+    questions:",
        '+      - "What about taxes?"',
        "+    answer:",
        '+      en: "They are in the price."',
        "+",
    ] == change(proposal)
    assert proposal.text.endswith("\n\n# The end.\n")


@pytest.mark.parametrize("before", ["", "# nothing yet\n", "answers:\n", "answers: \n# none\n"])
def test_the_first_answer(before: str) -> None:
    """Into a file without any."""
    after = proposed(before).text
    assert ["taxes"] == [one.name for one in parsed(after)]
    assert all(line in after for line in before.splitlines() if line.startswith("#"))


def test_nearly_the_same_answer_gets_the_question() -> None:
    """With a name where the field stands, another punctuation; the list keeps its form and its comments."""
    reply = {"text": "Hi Ann, orders take two days!", "name": "Ann", "question": "Is it on its way?"}
    proposal = proposed(BEFORE, **reply)
    assert (Did.VARIANT, "delivery") == (proposal.did, proposal.entry)
    assert ['+      - "Is it on its way?"'] == change(proposal)
    assert "# all day long" in proposal.text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("From 9 to 17", '+    questions: [When are you open?, Open on Sundays?, "Are you there?"]'),
        (
            "Not yet, but we are looking at the launch windows",
            '+    questions: [Do you ship to Mars?, "Are you there?"]',
        ),
    ],
)
def test_a_list_in_one_line_stays_in_one(text: str, line: str) -> None:
    """And a single question becomes a list."""
    assert line in change(proposed(BEFORE, text=text, question="Are you there?"))


def test_what_is_there_is_not_put_there_again() -> None:
    """The same answer to the same question, however it is written."""
    proposal = proposed(BEFORE, text="From 9 to 17!", question="open on sundays")
    assert (Did.NOTHING, "hours", BEFORE, "") == (
        proposal.did,
        proposal.entry,
        proposal.text,
        proposal.diff(BEFORE, FILE),
    )


def test_another_language_is_another_answer() -> None:
    """Only the text in the same language counts as the same."""
    assert Did.ADDED is proposed(BEFORE, text="From 9 to 17.", lang="de").did


def test_what_is_personal_does_not_get_into_the_file() -> None:
    """Name and handle become fields, addresses and numbers are hidden, our own handle stays."""
    said = "Hi Ann B, @ann.example! We mailed ann@mail.example and +49 170 1234567. @acme.example {brand} {x.y} {link}"
    asked = "I am @ann.example, card 4111 1111 1111 1111, where?"
    [_, _, question, _, text, _] = change(
        proposed(BEFORE, text=said, question=asked, name="Ann B", handle="ann.example")
    )
    assert '+      - "I am [person], card [card], where?"' == question
    assert (
        '+      en: "Hi {author.name}, @{author.handle}! We mailed [e-mail] and [phone]. @acme.example {brand} (x.y) (link)"'
        == text
    )


def test_a_name_that_is_taken_gets_a_number() -> None:
    """Telling words make the name; none of them, it is just an answer."""
    before = proposed(BEFORE).text
    assert "taxes-2" == proposed(before, text="Quite another thing altogether.").entry
    assert "answer" == proposed(BEFORE, question="???").entry


@pytest.mark.parametrize(
    "before", ["{answers: {}}\n", "answers: {}\n", "answers: {a: {questions: a, lang: en, answer: b}}\n"]
)
def test_braces_are_left_to_people(before: str) -> None:
    """Better no change than a guess."""
    with pytest.raises(NoPlace, match="by hand"):
        proposed(before)


@given(
    st.sampled_from(["", BEFORE, BEFORE.rstrip(), BEFORE.replace("# The end.\n", ""), "answers:\n"]),
    st.text(max_size=60).filter(str.strip),
    st.text(max_size=120).filter(str.strip),
)
def test_whatever_is_saved_the_rest_means_the_same(before: str, question: str, text: str) -> None:
    """Any question, any reply: the file can be read, and what stood there stands there."""
    old, proposal = parsed(before), proposed(before, question=question, text=text)
    new = {one.name: one for one in parsed(proposal.text)}
    assert len(new) == len(old) + (proposal.did is Did.ADDED)
    for one in old:
        assert (one.texts, one.questions) == (
            new[one.name].texts,
            new[one.name].questions[: len(one.questions)],
        )
