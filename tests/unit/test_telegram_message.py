"""A card as a Telegram message: styles, limits, odd characters."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Alert, Span
from bot.staff import Button, Card, Line
from bot.testing.telegram_chats import Chat, Sent, Telegram
from connectors.telegram.message import MAX_TEXT, Message, cut, render, units

BUTTONS = ((Button(label="Claim", token="claim:01JD4ZQ8M0ABCDEFGHJKMNPQRS"),),)


def delivered(message: Message) -> Sent:
    """As the loopback Telegram takes it: it refuses bad entities and long texts."""
    telegram = Telegram(chats={1: Chat(id=1)})
    entities = [
        {"type": entity.kind, "offset": entity.offset, "length": entity.length} for entity in message.entities
    ]
    return telegram.send_message({"chat_id": 1, "text": message.text, "entities": entities})


def test_each_part_has_its_style() -> None:
    """Bold headline and author, quoted text with the marked words in it, a link; counted in UTF-16."""
    card = Card(
        headline="HIGH 😀",
        lines=(
            Line(text="Anna 👩‍👩‍👧", is_strong=True),
            Line(text="😀 where is Acme?", marks=(Span(start=11, end=15),), is_quote=True),
            Line(text="Open the post", href="https://example.com/1"),
        ),
    )
    sent = delivered(render(card))
    assert "HIGH 😀\nAnna 👩‍👩‍👧\n😀 where is Acme?\nOpen the post" == sent.text
    assert ["HIGH 😀", "Anna 👩‍👩‍👧"] == sent.entity_texts("bold")
    assert ["😀 where is Acme?"] == sent.entity_texts("blockquote")
    assert ["Acme"] == sent.entity_texts("underline")
    assert ["Open the post"] == sent.entity_texts("text_link")


def test_the_quote_is_cut_and_everything_else_kept() -> None:
    """10,000 characters fit by shortening the quoted text alone; buttons stay."""
    lines = (
        Line(text="Anna", is_strong=True),
        Line(text="😀" * 10_000, is_quote=True, marks=(Span(start=0, end=1), Span(start=9000, end=9001))),
        Line(text="Why: waits"),
    )
    message = render(Card(headline="HIGH", lines=lines, buttons=BUTTONS))
    assert units(message.text) <= MAX_TEXT
    assert units(message.text) >= MAX_TEXT - 1
    assert message.text.endswith("😀…\nWhy: waits")
    assert BUTTONS == message.buttons
    assert ["😀"] == delivered(message).entity_texts("underline")


def test_a_long_notice_is_cut_too() -> None:
    """Where there is no quote to cut, the longest line gives way."""
    message = render(Card(headline="x" * 9_000, lines=(Line(text="y" * 100),)))
    assert MAX_TEXT == units(message.text)
    assert message.text.endswith("…\n" + "y" * 100)


def test_only_a_ping_names_people() -> None:
    """Those of the channel and those of the card, each once, after everything else."""
    card = Card(headline="HIGH", alert=Alert.PING, ping=("@ben", "@anna"))
    assert "HIGH\n@anna @ben" == render(card, ping=("@anna",)).text
    quiet = Card(headline="HIGH", alert=Alert.MESSAGE, ping=("@ben",))
    assert "HIGH" == render(quiet, ping=("@anna",)).text


def test_a_lone_surrogate_keeps_its_place() -> None:
    """It can't be sent; a sign stands for it and the marks stay right."""
    line = Line(text="a\ud83d Acme", marks=(Span(start=3, end=7),), is_quote=True)
    sent = delivered(render(Card(headline="HIGH", lines=(line,))))
    assert "HIGH\na\ufffd Acme" == sent.text
    assert ["Acme"] == sent.entity_texts("underline")


def test_cutting_never_splits_a_character() -> None:
    """An emoji is two units: it is there, or it is not."""
    assert "ab…" == cut("ab😀cd", 4)
    assert "ab😀…" == cut("ab😀cd", 5)
    assert "ab😀cd" == cut("ab😀cd", 6)


def test_no_more_entities_than_telegram_keeps() -> None:
    """A post that says the brand a thousand times still has its link."""
    marks = tuple(Span(start=2 * n, end=2 * n + 1) for n in range(1000))
    lines = (Line(text="x " * 1000, marks=marks, is_quote=True), Line(text="Open", href="https://a.example"))
    message = render(Card(headline="HIGH", lines=lines))
    assert len(message.entities) <= 100
    assert "text_link" in {entity.kind for entity in message.entities}


def test_a_post_cannot_ring_for_staff() -> None:
    """Names in a post, a handle or a headline are broken, unseen; only those of the ping are called."""
    card = Card(
        headline="HIGH · “@anna, look”",
        lines=(
            Line(text="Eve (@ben)", is_strong=True),
            Line(text="@ops @@lead (@cat) “@dan” é@eva mail me@acme.example @", is_quote=True),
        ),
        alert=Alert.PING,
    )
    sent = delivered(render(card, ping=("@team",)))
    assert ["team"] == sent.named
    assert "Eve (@ben)" in sent.text.replace("\u2060", "")
    assert "me@acme.example @" in sent.text


def test_what_is_to_be_copied_stays_as_it_is() -> None:
    """A block of its own; a name in it rings for nobody, and is not broken for those who copy it."""
    answer = "Hi @ann, sorry 😀.\nWrite to @care"
    card = Card(headline="HIGH @bob", lines=(Line(text=answer, is_copy=True), Line(text="Why: @dan")))
    sent = delivered(render(card))
    assert ([answer], []) == (sent.entity_texts("pre"), sent.named)


def test_the_marks_stay_on_their_words_when_names_are_broken() -> None:
    """Before, inside, around and after a name; what was marked is what is marked."""
    text = "😀 @acme is @bob and Acme"
    words = ("😀", "@acme", "acme", "me is", "@", "is @bob and", "Acme")
    places = [text.index(word) for word in words]
    marks = tuple(Span(start=at, end=at + len(word)) for at, word in zip(places, words, strict=True))
    sent = delivered(render(Card(headline="HIGH", lines=(Line(text=text, marks=marks, is_quote=True),))))
    shown = [piece.replace("\u2060", "") for piece in sent.entity_texts("underline")]
    assert sorted(words) == sorted(shown)
    assert [] == sent.named


_TEXT = (
    st.text(max_size=60)
    | st.text(alphabet="@ab_é. ", max_size=60)
    | st.text(alphabet="😀a\n🇩", min_size=3000, max_size=3100)
)
_LINE = st.builds(
    Line,
    text=_TEXT,
    marks=st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 80)).map(lambda ends: Span(start=ends[0], end=ends[1])),
        max_size=4,
    ).map(tuple),
    href=st.none() | st.just("https://a.example"),
    is_quote=st.booleans(),
    is_strong=st.booleans(),
    is_copy=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.builds(Card, headline=st.text(min_size=1), lines=st.lists(_LINE, max_size=12).map(tuple)))
def test_telegram_takes_every_card(card: Card) -> None:
    """Whatever people write: never too long, no entity outside the text or in a character, nobody named."""
    message = render(card)
    if message.text.strip():
        assert [] == delivered(message).named
