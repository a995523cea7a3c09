"""A card as a Slack message: styles, limits, and nothing that breaks out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Alert, Span
from bot.staff import Button, Card, Line
from bot.testing.notifier_contract import HOSTILE
from bot.testing.slack_workspace import CHANNEL, Sent, Workspace
from connectors.slack.message import MAX_TEXT, Message, render, told

ATTACKS = (
    "<!channel>",
    "<!here|here>",
    "<@U0ANNA>",
    "@channel",
    "<https://x.example|bank>",
    "&lt;!channel&gt;",
)


def delivered(message: Message) -> Sent:
    """As the loopback Slack takes it: it refuses what breaks the limits of Block Kit."""
    workspace = Workspace()
    given = {"channel": CHANNEL, "text": message.text, "blocks": list(message.blocks)}
    workspace.call("chat.postMessage", given)
    return next(iter(workspace.messages.values()))


def styled(message: Message) -> list[tuple[str, str, bool]]:
    """Kind of the part, text of the piece, whether it is bold."""
    parts = [part for block in message.blocks if block["type"] == "rich_text" for part in block["elements"]]
    return [
        (part["type"].removeprefix("rich_text_"), one["text"], bool(one.get("style")))
        for part in parts
        for one in part["elements"]
        if one["text"] != "\n"
    ]


def test_each_part_has_its_style() -> None:
    """Bold headline and author, quoted text with the marked words bold, words to copy in a block, a link."""
    card = Card(
        headline="HIGH",
        lines=(
            Line(text="Anna", is_strong=True),
            Line(text="where is Acme?", marks=(Span(start=9, end=13),), is_quote=True),
            Line(text="Say this", is_copy=True),
            Line(text="Open the post", href="https://example.com/1"),
        ),
        buttons=((Button(label="Claim", token="claim:1"), Button(label="More", token="more:1")),),
    )
    message = render(card)
    assert [
        ("section", "HIGH", True),
        ("section", "Anna", True),
        ("quote", "where is ", False),
        ("quote", "Acme", True),
        ("quote", "?", False),
        ("preformatted", "Say this", False),
        ("section", "Open the post", False),
    ] == styled(message)
    sent = delivered(message)
    assert {"Claim": "claim:1", "More": "more:1"} == {k: one["value"] for k, one in sent.buttons.items()}
    assert message.text.startswith("HIGH\nAnna\nwhere is Acme?")


def test_the_quote_is_cut_and_everything_else_kept() -> None:
    """50,000 characters fit by shortening the quoted text alone."""
    lines = (Line(text="Anna"), Line(text="word " * 10_000, is_quote=True), Line(text="Why: waits"))
    sent = delivered(render(Card(headline="HIGH", lines=lines)))
    assert MAX_TEXT - 10 < len(sent.shown) <= MAX_TEXT
    assert sent.shown.endswith("…\nWhy: waits")


@pytest.mark.parametrize("text", [*ATTACKS, *HOSTILE])
def test_what_people_wrote_names_nobody_and_stays_as_it_is(text: str) -> None:
    """Neither in the blocks, nor in the text for lock screens, nor in what the bot answers."""
    card = Card(headline=text, lines=(Line(text=text, is_quote=True), Line(text=text)), alert=Alert.PING)
    for message in (render(card), told(text)):
        sent = delivered(message)
        assert [] == sent.pinged
        assert text in sent.shown
        assert "<" not in message.text
        assert [] == Sent(channel="C", ts="1", text=message.text).pinged


def test_only_a_ping_names_people() -> None:
    """Those of the channel and those of the card, each once; a name that has no id here stays a name."""
    card = Card(headline="HIGH", alert=Alert.PING, ping=("Ben", "<!channel>"))
    message = render(card, ping=("U0ANNA", "S0CARE", "U0ANNA"), people={"Ben": "U0BEN"})
    sent = delivered(message)
    assert ["@U0ANNA", "!subteam^S0CARE", "@U0BEN"] == sent.pinged
    assert message.text.endswith("<@U0ANNA> <!subteam^S0CARE> <@U0BEN> &lt;!channel&gt;")
    quiet = Card(headline="HIGH", alert=Alert.MESSAGE, ping=("Ben",))
    assert [] == delivered(render(quiet, ping=("U0ANNA",))).pinged


def test_addresses_are_links() -> None:
    """A line of an answer that is one makes the line before it a link; alone it stays what it is."""
    message = told("https://a.example\nAnn: is it down?\nhttps://acme.slack.com/archives/C1/p1\nthat is all")
    assert "https://a.example\nAnn: is it down?\nthat is all" == delivered(message).shown
    links = [one for one in message.blocks[0]["elements"][0]["elements"] if one["type"] == "link"]
    assert [("Ann: is it down?", "https://acme.slack.com/archives/C1/p1")] == [
        (one["text"], one["url"]) for one in links
    ]


def test_very_many_buttons_fit() -> None:
    """A message has room for 50 blocks: rows are moved together, and no button is lost."""
    rows = tuple((Button(label=f"{n} {'x' * 90}", token=f"t:{n}"),) for n in range(120))
    sent = delivered(render(Card(headline="HIGH", buttons=rows)))
    assert [f"t:{n}" for n in range(120)] == [one["value"] for one in sent.buttons.values()]


texts = st.text(max_size=300)
lines_ = st.builds(
    Line,
    text=texts,
    marks=st.lists(st.builds(Span, start=st.integers(0, 200), end=st.integers(0, 400)), max_size=3).map(
        tuple
    ),
    href=st.sampled_from([None, "https://example.com", "javascript:alert(1)", ""]),
    is_quote=st.booleans(),
    is_strong=st.booleans(),
    is_copy=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(
    st.builds(
        Card,
        headline=texts.map(lambda text: text or "HIGH"),
        lines=st.lists(lines_, max_size=90).map(tuple),
        alert=st.sampled_from(list(Alert)),
        ping=st.lists(texts, max_size=3).map(tuple),
    )
)
def test_any_card_is_taken(card: Card) -> None:
    """Whatever is in it, the message is one that Slack takes, and only the channel's people are named."""
    sent = delivered(render(card, ping=("U0ANNA",)))
    assert set(sent.pinged) <= {
        "@U0ANNA",
        *(f"@{one}" for one in card.ping),
        *(f"!subteam^{x}" for x in card.ping),
    }
