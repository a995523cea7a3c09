"""What people wrote in Slack, as plain text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.slack.form import filled, wanted
from connectors.slack.incoming import incoming
from connectors.slack.said import names, said, written

ME = "U0BOT"


def rich(*pieces: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(pieces)}]}


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([{"type": "text", "text": "a <b> & c", "style": {"bold": True}}], "a <b> & c"),
        ([{"type": "emoji", "name": "+1", "unicode": "1f44d-1f3fd"}], "\U0001f44d\U0001f3fd"),
        ([{"type": "emoji", "name": "acme"}], ":acme:"),
        ([{"type": "emoji", "name": "odd", "unicode": "ffffff"}], ":odd:"),
        ([{"type": "link", "url": "https://acme.example"}], "https://acme.example"),
        ([{"type": "link", "url": "http://acme.example", "text": "acme.example"}], "acme.example"),
        ([{"type": "link", "url": "https://a.example", "text": "here"}], "here (https://a.example)"),
        ([{"type": "link", "url": "mailto:a@acme.example", "text": "a@acme.example"}], "a@acme.example"),
        ([{"type": "user", "user_id": ME}, {"type": "text", "text": " hi"}], "hi"),
        ([{"type": "user", "user_id": "U0BEN"}, {"type": "broadcast", "range": "here"}], "@U0BEN@here"),
        ([{"type": "from the future"}, 3, None], ""),
    ],
)
def test_pieces_of_a_rich_text(pieces: list[Any], text: str) -> None:
    """Emoji are characters, addresses are whole, the app's own name is left out."""
    assert text == said({"blocks": [rich(*pieces)], "text": "not this"}, ME)


def test_parts_are_lines() -> None:
    """Lists, quotes and blocks keep their lines; styles are gone."""
    one, two = ({"type": "text", "text": text} for text in ("one\n", "two"))
    items = [
        {"type": "rich_text_section", "elements": [one]},
        {"type": "rich_text_section", "elements": [two]},
    ]
    block = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [one]},
            {"type": "rich_text_list", "style": "bullet", "elements": items},
            {"type": "rich_text_quote", "elements": [two]},
        ],
    }
    assert "one\n- one\n- two\ntwo" == written(block)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("see <https://acme.example|acme.example> &amp; <mailto:a@b.example|a@b.example>", None),
        ("<@U0BOT> why", "why"),
        ("<@U0BEN|ben> in <#C01|care> <!here>", "@ben in #care @here"),
        ("a &lt;b&gt; &amp;lt;", "a <b> &lt;"),
    ],
)
def test_a_message_without_blocks(text: str, plain: str | None) -> None:
    """From a bridge or an old client."""
    assert (plain or "see https://acme.example & a@b.example") == said({"text": text}, ME)


def test_who_is_spoken_to() -> None:
    """Only the name at the beginning counts."""
    assert names({"text": " <@U0BOT|outcare> why"}, ME)
    assert not names({"text": "ask <@U0BOT>"}, ME)
    assert not names({"text": None}, ME)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["type", "event", "user", "id", "channel", "ts", "text", "blocks", "elements", "actions", "value", "unicode"]
    ), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(st.sampled_from(["interactive", "events_api", "slash_commands"]), st.sampled_from(["message", "block_actions"]),
       st.dictionaries(st.sampled_from(["event", "actions", "user", "channel", "container"]), json_values))  # fmt: skip
def test_no_payload_breaks_it(kind: str, what: str, payload: dict[str, Any]) -> None:
    """It would come again and again, and nothing behind it would come through."""
    incoming(kind, {"type": what, **payload}, ME)
    wanted(kind, payload)
    filled(kind, {"type": "view_submission", **payload})
    incoming(
        kind, {**payload, "event": {"type": what, "user": "U1", "channel": "C1", "ts": "1.1", **payload}}, ME
    )
