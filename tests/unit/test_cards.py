"""What a card shows, state by state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cards
from bot.buttons import Choices
from bot.model import (
    Alert,
    Author,
    ConversationState,
    Facts,
    Fired,
    Kind,
    Mention,
    Post,
    Span,
    Urgency,
    Verdict,
)
from bot.overrides import Memory
from bot.records import Ask, CardState, Conversation
from bot.staff import Card
from bot.texts.en import ENGLISH

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = Choices(people={"anna": "Anna", "ben": "Ben"}, personas=("press",))
NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
ID = "01JD4ZQ8M0ABCDEFGHJKMNPQRS"
TEXT = "@acme.example STILL waiting for my refund from Acme, since three weeks now!"
WAITING = Span(start=TEXT.index("waiting"), end=TEXT.index("waiting") + len("waiting for my refund"))
BRAND = Span(start=TEXT.index("Acme"), end=TEXT.index("Acme") + 4)

ANNA = Author(
    platform="bluesky",
    id="did:plc:anna",
    handle="anna.example",
    name="Anna Example",
    followers=1234,
    created_at=datetime(2024, 3, 1, tzinfo=UTC),
)
AN_ASK = Ask(id=1, started_at=NOW - timedelta(minutes=2), due_at=datetime(2026, 11, 20, 13, 35, tzinfo=UTC))


A_VERDICT = Verdict(
    mention_id=ID,
    rules_version="r1",
    engine_version="e1",
    urgency=Urgency.CRITICAL,
    ignored=False,
    score=85,
    persona="customer",
    route="support",
    tags=("refund",),
    respond_in=timedelta(minutes=15),
    alert=Alert.PING,
    fired=(
        Fired(
            rule="refund",
            points=40,
            why="waits for a refund",
            location="rules/a.yaml:3:1",
            evidence=("waiting", "refund"),
            spans=(WAITING,),
        ),
    ),
)


def a_state(**changes: object) -> CardState:
    post = Post(
        platform="bluesky",
        id="at://did:plc:anna/app.bsky.feed.post/1",
        author_id="did:plc:anna",
        author_handle="anna.example",
        text=TEXT,
        url="https://bsky.app/profile/anna.example/post/1",
        posted_at=NOW - timedelta(minutes=2),
        seen_at=NOW,
    )
    state = CardState(
        mention_id=ID,
        mention=Mention(post=post, brand="acme", kind=Kind.REPLY, spans=(BRAND,)),
        verdict=A_VERDICT,
        facts=Facts(
            mention_id=ID, brand="acme", platform="bluesky", kind=Kind.REPLY, text=post.searchable, lang="en"
        ),
        conversation=Conversation(
            id=1,
            brand="acme",
            platform="bluesky",
            root_id=post.id,
            author_id=post.author_id,
            state=ConversationState.OPEN,
            version=1,
        ),
        author=ANNA,
        ask=AN_ASK,
    )
    return replace(state, **changes)  # type: ignore[arg-type]


def with_post(state: CardState, **changes: object) -> CardState:
    post = replace(state.mention.post, **changes)  # type: ignore[arg-type]
    return replace(state, mention=replace(state.mention, post=post))


def in_state(state: ConversationState, **changes: object) -> CardState:
    card = a_state()
    conversation = replace(card.conversation, state=state, **changes)  # type: ignore[arg-type]
    return replace(card, conversation=conversation)


def render(state: CardState, *, menu: str = "") -> Card:
    return cards.render(
        state,
        texts=ENGLISH,
        zone=BERLIN,
        now=NOW,
        choices=replace(PEOPLE, menu=menu),
    )


def labels(card: Card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


def whole(card: Card) -> str:
    return "\n".join([card.headline, *(line.text for line in card.lines)])


def test_the_lock_screen_line_has_urgency_time_and_words() -> None:
    """The first 60 characters suffice: how urgent, until when, and the words."""
    card = render(a_state())
    assert "CRITICAL · answer by 14:35 CET · “STILL waiting for my…”" == card.headline
    assert len(card.headline) <= cards.LOCK_SCREEN


def test_the_card_says_all_that_is_known() -> None:
    """Author, place, text, reason, link: in this order."""
    assert [
        "Anna Example (@anna.example) · 1,234 followers · since Mar 2024",
        "Bluesky · reply to acme · en · 14:03 CET",
        TEXT,
        "Why: waits for a refund",
        "Open the post",
    ] == [line.text for line in render(a_state()).lines]


def test_what_is_not_known_is_left_out() -> None:
    """An author whom nobody could look up is shown by what the post itself tells."""
    line = render(a_state(author=None)).lines[0]
    assert "@anna.example" == line.text


def test_an_author_without_any_name_is_shown_by_id() -> None:
    """Better a platform id than nothing to search for."""
    state = with_post(a_state(author=None), author_handle=None)
    assert "did:plc:anna" == render(state).lines[0].text


def test_memory_is_shown() -> None:
    """A person is a person: how often they wrote, and that we met before."""
    before = Memory(earlier=2, answered_at=NOW - timedelta(days=9), answered_by="anna")
    lines = [line.text for line in render(a_state(messages=3, memory=before)).lines]
    assert lines[0].endswith(" · 3rd message")
    assert "3rd time · last answered Wed 11 Nov 14:05 by Anna" == lines[2]


def test_matched_words_are_marked() -> None:
    """Brand words and the rules' evidence, as spans of the very line that shows them."""
    line = render(a_state()).lines[2]
    assert ["waiting for my refund", "Acme"] == [line.text[m.start : m.end] for m in line.marks]


def test_overlapping_marks_become_one() -> None:
    """Two rules that found the same words mark them once."""
    state = a_state()
    longer = Span(start=WAITING.start, end=WAITING.end + 5)
    mention = replace(state.mention, spans=(longer, WAITING))
    line = render(replace(state, mention=mention)).lines[2]
    assert [longer] == list(line.marks)


def test_words_found_outside_the_text_are_shown_where_they_are() -> None:
    """A title comes first; an alt text or a link is shown only if a word was found in it."""
    state = with_post(a_state(), title="A title", alts=("a cat", "the Acme box"), text="look at this")
    body = state.mention.post.searchable
    at = body.index("Acme")
    mention = replace(state.mention, spans=(Span(start=at, end=at + 4),))
    verdict = replace(state.verdict, fired=())
    card = render(replace(state, mention=mention, verdict=verdict))
    quotes = [line for line in card.lines if line.is_quote]
    assert ["A title", "look at this", "the Acme box"] == [line.text for line in quotes]
    assert [(), (), (Span(start=4, end=8),)] == [line.marks for line in quotes]


def test_a_span_outside_the_text_marks_nothing() -> None:
    """A rule that is wrong about its evidence can't break a card."""
    mention = replace(a_state().mention, spans=(Span(start=9000, end=9004), Span(start=5, end=5)))
    line = render(a_state(mention=mention)).lines[2]
    assert (WAITING,) == line.marks


def test_a_direct_message_is_called_one() -> None:
    """Whoever answers should know that nobody else reads it."""
    private = replace(a_state().mention, kind=Kind.DM)
    assert "Direct message: nobody else can read it" in whole(render(a_state(mention=private)))
    assert "Direct message" not in whole(render(a_state()))


def test_the_parents_line_is_shown_and_cut() -> None:
    """What they answer to is on the card, on one line."""
    parent = replace(a_state().mention.post, author_handle="acme.example", text="We ship\ntoday " + "x" * 500)
    line = render(a_state(parent=parent)).lines[2].text
    assert line.startswith("↳ in reply to @acme.example: “We ship today xxx")
    assert len(line) < 200


def test_a_parent_known_only_by_its_text_is_shown_too() -> None:
    """The facts keep the parent's text even where its post is not held."""
    facts = replace(a_state().facts, parent_text="We ship today")
    assert "↳ in reply to “We ship today”" == render(a_state(facts=facts)).lines[2].text


def test_far_evidence_is_brought_to_the_lock_screen() -> None:
    """The words that matter are in the headline even when they stand late in a long post."""
    text = "Long story short, as everybody here knows well by now, the charger of Acme caught fire"
    state = with_post(a_state(), text=text)
    start = text.index("caught fire")
    fired = replace(state.verdict.fired[0], spans=(Span(start=start, end=len(text)),))
    card = render(replace(state, verdict=replace(state.verdict, fired=(fired,))))
    assert "CRITICAL · answer by 14:35 CET · “…Acme caught fire”" == card.headline


def test_another_day_is_named() -> None:
    """A time alone would be read as today's."""
    ask = replace(AN_ASK, due_at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    headline = render(a_state(ask=ask)).headline
    assert headline.startswith("CRITICAL · answer by Mon 09:00 CET · “STILL")
    assert len(headline) <= cards.LOCK_SCREEN


def test_a_card_says_both_times_where_hours_make_them_differ() -> None:
    """The one that counts in the headline, the other below; nothing of it once nobody waits."""
    due, calendar = datetime(2026, 11, 23, 8, 0, tzinfo=UTC), datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    ask = replace(AN_ASK, due_at=due, calendar_due_at=calendar)
    told = "In working hours; round the clock it would be by 17:00 CET."
    assert told in [line.text for line in render(a_state(ask=ask)).lines]
    same = replace(AN_ASK, calendar_due_at=AN_ASK.due_at)
    closed = replace(in_state(ConversationState.DISMISSED), ask=ask)
    for state in (a_state(ask=same), closed):
        assert told not in [line.text for line in render(state).lines]


def test_an_overdue_card_says_so() -> None:
    """What is drawn after the promise has passed does not promise any more; a claim does not hide it."""
    ask = replace(AN_ASK, due_at=NOW - timedelta(seconds=1))
    card = render(a_state(ask=ask))
    assert card.headline.startswith("CRITICAL · overdue since 14:04 CET · “STILL")
    assert len(card.headline) <= cards.LOCK_SCREEN
    claimed = replace(in_state(ConversationState.CLAIMED, claimed_by="anna", claimed_at=NOW), ask=ask)
    assert "Claimed by Anna 14:05 · CRITICAL · overdue since 14:04 CET · “" in render(claimed).headline


def test_an_answer_whose_time_is_not_known_is_still_an_answer() -> None:
    """Without an ask there is nothing to count."""
    card = render(replace(in_state(ConversationState.ANSWERED), ask=None))
    assert card.headline.startswith("Answered · CRITICAL · “")


def test_no_target_no_promise() -> None:
    """Without an ask there is no time to answer by."""
    assert "CRITICAL · “STILL waiting for my refund from Acme, since…”" == render(a_state(ask=None)).headline


# --- states -------------------------------------------------------------------------------------


def test_a_claimed_card_says_by_whom_and_loses_the_button() -> None:
    """Everyone sees who has it; nobody can claim it again."""
    card = render(in_state(ConversationState.CLAIMED, claimed_by="anna", claimed_at=NOW))
    assert card.headline.startswith("Claimed by Anna 14:05 · CRITICAL · answer by 14:35 CET · “")
    assert ["Dismiss", "More…"] == labels(card)


def test_somebody_not_in_the_list_is_shown_by_key() -> None:
    """A person taken out of the configuration leaves a readable card."""
    card = render(in_state(ConversationState.CLAIMED, claimed_by="berta"))
    assert card.headline.startswith("Claimed by berta · CRITICAL")


def test_an_answered_card_says_after_how_long() -> None:
    """The result is on the card, the promise is not."""
    ask = replace(AN_ASK, answered_at=NOW + timedelta(minutes=10))
    card = render(replace(in_state(ConversationState.ANSWERED), ask=ask))
    assert card.headline.startswith("Answered after 12m · CRITICAL · “STILL")
    assert ["More…"] == labels(card)


def test_a_dismissed_card_can_be_opened_again() -> None:
    """And feedback is still welcome."""
    card = render(in_state(ConversationState.DISMISSED))
    assert card.headline.startswith("Dismissed · CRITICAL · “")
    assert ["Open again", "More…"] == labels(card)


def test_a_deleted_post_is_no_longer_shown() -> None:
    """Neither its words nor its link, on the card or in its data."""
    card = render(a_state(post_deleted=True))
    assert "Deleted by its author · CRITICAL" == card.headline
    assert "refund from Acme" not in whole(card)
    assert "refund from Acme" not in repr(card.data)
    assert ["Dismiss", "More…"] == labels(card)
    assert [None] == list({line.href for line in card.lines})


def test_only_an_open_card_pings() -> None:
    """A late delivery of what somebody has already makes no noise."""
    assert Alert.PING is render(a_state()).alert
    assert Alert.MESSAGE is render(in_state(ConversationState.CLAIMED, claimed_by="anna")).alert


# --- hostile text ---------------------------------------------------------------------------------


def test_a_name_cannot_build_lines_or_turn_the_text() -> None:
    """Line breaks, terminal escapes and direction overrides in a name are gone."""
    author = replace(ANNA, name="Eve\nURGENT: \x1b[31mpay\u202e \u2066now")
    line = render(a_state(author=author)).lines[0].text
    assert line.startswith("Eve URGENT: [31mpay now (@anna.example)")


def test_the_text_itself_is_kept_as_it_is() -> None:
    """Markup, right-to-left and emoji are the person's words."""
    text = "<b>&amp; *bold* مرحبا 👩‍👩‍👧 \u202e" + "y" * 10_000
    state = with_post(a_state(), text=text)
    assert text in [line.text for line in render(state).lines]


def test_a_script_link_is_no_link() -> None:
    """Only http and https are offered to be opened."""
    card = render(with_post(a_state(), url="javascript:alert(1)"))
    assert [None] == list({line.href for line in card.lines})
    assert card.data["url"] is None


def test_a_post_without_text_still_makes_a_card() -> None:
    """A picture alone: no empty quotes in the headline."""
    card = render(with_post(a_state(), text=""))
    assert "CRITICAL · answer by 14:35 CET" == card.headline


_HOSTILE = st.text(max_size=300) | st.text(alphabet="@a \n\r\t\x1b\u202e\u2066\u2029😀é", max_size=300)
_SPANS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 40)), max_size=5)


@settings(max_examples=60, deadline=None)
@given(text=_HOSTILE, name=_HOSTILE, spans=_SPANS)
def test_no_text_breaks_a_card(text: str, name: str, spans: list[tuple[int, int]]) -> None:
    """The lock screen's line stays one line with urgency and time first; marks lie inside their lines."""
    found = tuple(Span(start=start, end=start + length) for start, length in spans)
    fired = replace(A_VERDICT.fired[0], spans=found[:2])
    state = with_post(a_state(author=replace(ANNA, name=name)), text=text)
    state = replace(state, mention=replace(state.mention, spans=found))
    card = render(replace(state, verdict=replace(A_VERDICT, fired=(fired,))))
    assert card.headline.startswith("CRITICAL · answer by 14:35 CET")
    assert len(card.headline) <= cards.LOCK_SCREEN
    for shown in (card.headline, card.lines[0].text):
        assert [shown] == shown.splitlines()
        assert not set(shown) & {"\x1b", "\u202e", "\u2066"}
    for line in card.lines:
        assert all(0 <= mark.start < mark.end <= len(line.text) for mark in line.marks)


def test_the_reason_of_a_verdict_is_told_in_a_few_words() -> None:
    """What the button Why answers."""
    expected = "CRITICAL, 85 points: waits for a refund +40 (waiting, refund)"
    assert expected == ENGLISH.why(a_state().verdict)
