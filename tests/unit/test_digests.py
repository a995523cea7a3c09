"""What staff gets besides the card of a mention: digests and notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot import cards, digests
from bot.model import Alert, ConversationState, Urgency
from bot.records import DigestState, InboxRow
from bot.texts.en import ENGLISH

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)


def a_row(number: int) -> InboxRow:
    return InboxRow(
        mention_id=f"m{number}",
        brand="acme",
        platform="bluesky",
        urgency=Urgency.LOW,
        state=ConversationState.OPEN,
        ignored=False,
        author="@anna.example",
        text=f"number {number}\nof many",
        url="https://bsky.app/1",
        posted_at=NOW,
        due_at=None,
        answered_at=None,
        claimed_by=None,
        route="support",
        rules=(),
    )


def test_a_digest_lists_and_says_what_is_left() -> None:
    """Twenty at most; the rest is counted."""
    state = DigestState(route="support", rows=tuple(a_row(number) for number in range(23)))
    card = digests.render(state, texts=ENGLISH, zone=BERLIN, now=NOW)
    assert "23 quieter mentions · support" == card.headline
    assert "14:05 · LOW · Bluesky · @anna.example: “number 0 of many”" == card.lines[0].text
    assert "… and 3 more: outcare inbox" == card.lines[-1].text
    assert (21, Alert.DIGEST) == (len(card.lines), card.alert)


def test_a_group_shows_the_most_urgent_first_as_loud_as_they_are() -> None:
    """Sorted by need; one that rings again says that it is still open."""
    rows = (a_row(1), replace(a_row(2), urgency=Urgency.HIGH, is_waiting=True, due_at=NOW))
    state = DigestState(route="support", rows=rows, group_alert=Alert.PING)
    card = digests.group(state, texts=ENGLISH, zone=BERLIN, now=NOW)
    assert "2 alerts that belong together · support" == card.headline
    assert ["m2", "m1"] == card.data["mention_ids"]
    assert "answer by 14:05 CET · HIGH" in card.lines[0].text
    assert (Alert.PING, "group") == (card.alert, card.data["event"])
    again = digests.group(state, texts=ENGLISH, zone=BERLIN, now=NOW, again=True)
    assert "Still open · 2 alerts that belong together · support" == again.headline
    claimed = replace(rows[1], state=ConversationState.CLAIMED, claimed_by="anna")
    named = {"texts": ENGLISH, "zone": BERLIN, "now": NOW}
    held = digests.group(replace(state, rows=(claimed,)), **named, people={"anna": "Anna"})  # type: ignore[arg-type]
    assert held.lines[0].text.startswith("Claimed by Anna · answer by")
    left = digests.replaced_group(state, **named)  # type: ignore[arg-type]
    assert ("support · Rang again 14:05, see the card below", ()) == (left.headline, left.lines)


def test_a_notice_is_one_plain_message() -> None:
    """Its first line is the headline."""
    card = cards.notice_card("Telegram refuses.\nThe bot was removed.")
    assert ("Telegram refuses.", "The bot was removed.") == (card.headline, card.lines[0].text)
