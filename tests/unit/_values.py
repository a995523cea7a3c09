"""Values that tests begin with; each keyword replaces a part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.model import (
    Alert,
    ConversationState,
    Facts,
    Kind,
    Mention,
    Post,
    Urgency,
    Verdict,
)
from bot.overrides import Promise
from bot.records import CardState, Conversation, Leased
from bot.wishes import Effect, EffectKind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MENTION_ID = "01KAJ4ZC00ABCDEFGHJKMNPQRS"

ALERTS = {
    Urgency.LOW: Alert.DIGEST,
    Urgency.NORMAL: Alert.MESSAGE,
    Urgency.HIGH: Alert.MESSAGE,
    Urgency.CRITICAL: Alert.PING,
}
IN_BERLIN: dict[str, Any] = {
    "zone": ZoneInfo("Europe/Berlin"),
    "promise": lambda level: Promise(respond_in=timedelta(hours=4 - level), alert=ALERTS[level]),
    "personas": lambda: ("press", "customer"),
}
"""What a desk knows of its staff and its rules."""
GOES_OUT: dict[str, Any] = {
    "is_paused": lambda: False,
    "hold": timedelta(seconds=5),
    "expires": timedelta(hours=1),
}
"""How an approved answer leaves."""


def post(**parts: Any) -> Post:
    base: dict[str, Any] = {
        "platform": "bluesky",
        "id": "at://did:plc:ann/app.bsky.feed.post/1",
        "author_id": "did:plc:ann",
        "text": "is acme down?",
        "posted_at": NOW,
        "seen_at": NOW,
    }
    return Post(**{**base, **parts})


def verdict(**parts: Any) -> Verdict:
    base = Verdict(
        mention_id=MENTION_ID,
        rules_version="r1",
        engine_version="1",
        urgency=Urgency.HIGH,
        ignored=False,
        score=50,
        persona=None,
        route="default",
        tags=(),
        respond_in=None,
        alert=Alert.MESSAGE,
    )
    return replace(base, **parts)


def card_state(*, state: str = "open", claimed_by: str | None = None, **parts: Any) -> CardState:
    conversation = Conversation(
        id=1,
        brand="acme",
        platform="bluesky",
        root_id="root",
        author_id="did:plc:ann",
        state=ConversationState(state),
        version=1,
        claimed_by=claimed_by,
    )
    base = CardState(
        mention_id=MENTION_ID,
        mention=Mention(post=post(), brand="acme", kind=Kind.MENTION),
        verdict=verdict(),
        facts=Facts(
            mention_id=MENTION_ID, brand="acme", platform="bluesky", kind=Kind.MENTION, text="is acme down?"
        ),
        conversation=conversation,
        author=None,
        ask=None,
    )
    return replace(base, **parts)


def leased(number: int = 1, *, kind: EffectKind = EffectKind.ALERT, channel: str = "telegram:care") -> Leased:
    effect = Effect(key=f"k{number}", kind=kind, channel=channel, route="default", due_at=NOW)
    return Leased(id=number, effect=effect, attempt=1, fence=1, written_at=NOW)
