"""Prepared answers: every field filled in once, and a sentence that reads without what is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import cards, drafts
from bot.model import NO_DRAFT, ConversationState
from bot.records import CardState
from bot.texts.en import ENGLISH
from tests.unit.rule_cases import facts, ruleset
from tests.unit.test_cards import BERLIN, NOW, a_state, in_state, with_post

HI = "Hi {author.name}, sorry for the wait."
RULES = """
rules:
  late: {why: late, when: {text: late}, score: 30, draft: sorry}
  legal: {why: legal, when: {text: lawyer}, draft: none}
drafts:
  sorry: "Hi {author.name} (@{author.handle}), {brand} is sorry. {link}"
"""


def filled(text: str, **known: str) -> str:
    everything = {"name": "", "handle": "", "brand": "acme", "link": ""}
    return drafts.filled(text, **{**everything, **known})


@pytest.mark.parametrize(
    ("text", "known", "answer"),
    [
        (HI, {"name": "Ann", "handle": "ann.test"}, "Hi Ann, sorry for the wait."),
        (HI, {"handle": "ann.test"}, "Hi ann.test, sorry for the wait."),
        (HI, {}, "Hi, sorry for the wait."),
        ("{author.name}, sorry!", {}, "Sorry!"),
        ("Hi @{author.handle}!", {}, "Hi!"),
        ("Hi @{author.handle}!", {"handle": "ann.test"}, "Hi @ann.test!"),
        (
            "{brand} cares.\nSee {link}",
            {"link": "https://a.example/1"},
            "acme cares.\nSee https://a.example/1",
        ),
        ("See {link}.", {}, "See."),
        ("{link}", {}, ""),
    ],
)
def test_what_is_unknown_leaves_a_sentence_that_reads(text: str, known: dict[str, str], answer: str) -> None:
    """A handle stands in for a name; without either the field goes, and the blank before it."""
    assert answer == filled(text, **known)


@pytest.mark.parametrize("name", ["Win at evil.example", "http://evil", "@everyone", "www.evil"])
def test_a_name_that_leads_elsewhere_is_not_repeated(name: str) -> None:
    """Nobody gets a link, or a bell, into our answer by what they call themselves."""
    assert "Hi ann.test, sorry for the wait." == filled(HI, name=name, handle="ann.test")


def test_braces_in_a_name_stay_braces() -> None:
    """What is filled in is not filled in again."""
    assert "Hi {brand}, sorry for the wait." == filled(HI, name="{brand}")


@given(st.text(alphabet="{author.nmehdlbik} ,@", max_size=40))
def test_any_text_can_be_filled(text: str) -> None:
    """It never fails, and nothing known leaves no field behind that is on the list."""
    assert "{author.name}" not in filled(text, name="x", handle="y", link="z").replace("{{", "{")


def test_the_words_are_those_of_the_set_that_judged() -> None:
    """The verdict carries them, fields and all, so a card needs no rules; a rule that forbids one is heard."""
    rules = ruleset(RULES)
    verdict = rules.judge(facts("so late"))
    assert ("sorry", "Hi {author.name} (@{author.handle}), {brand} is sorry. {link}") == (
        verdict.draft,
        verdict.draft_text,
    )
    forbidden = rules.judge(facts("so late, my lawyer writes"))
    assert (NO_DRAFT, None) == (forbidden.draft, forbidden.draft_text)
    assert (None, None) == (rules.judge(facts("x")).draft, rules.judge(facts("x")).draft_text)


def prepared(state: CardState) -> list[str]:
    text = "Hi {author.name} of {author.handle}, {brand} cares: {link}"
    verdict = replace(state.verdict, draft="cares", draft_text=text)
    card = cards.render(replace(state, verdict=verdict), texts=ENGLISH, zone=BERLIN, now=NOW)
    shown = [line.text for line in card.lines if line.is_copy]
    assert shown == [answer for answer in [card.data["draft"]] if answer is not None]
    assert bool(shown) == ("Prepared answer, to copy:" in [line.text for line in card.lines])
    return shown


def test_the_card_shows_it_to_copy() -> None:
    """Filled in with what is known of the author now, under words that say what it is."""
    url = "https://bsky.app/profile/anna.example/post/1"
    assert [f"Hi Anna Example of anna.example, acme cares: {url}"] == prepared(a_state())
    unknown = with_post(a_state(author=None), author_handle=None, url="javascript:alert(1)")
    assert ["Hi of, acme cares:"] == prepared(unknown)


def test_a_hostile_name_stays_on_its_line() -> None:
    """Without line breaks, control characters and direction overrides."""
    author = replace(a_state().author, name="Ann\n\u202eevil\x07")  # type: ignore[type-var]
    assert "Hi Ann evil of" in prepared(a_state(author=author))[0]


@pytest.mark.parametrize("state", [ConversationState.CLAIMED, ConversationState.SNOOZED])
def test_who_has_it_sees_it(state: ConversationState) -> None:
    """It is theirs to send."""
    assert prepared(in_state(state))


@pytest.mark.parametrize(
    "state",
    [a_state(post_deleted=True), in_state(ConversationState.ANSWERED), in_state(ConversationState.DISMISSED)],
)
def test_what_is_over_needs_none(state: CardState) -> None:
    """Answered, dismissed, taken back."""
    assert [] == prepared(state)
