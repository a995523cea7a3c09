"""What staff sees of many mentions at once: a digest, or what was missed while we were away. Pure.

Knows what belongs on such a card and in which order; all wording comes from the catalogue that it is given
(`bot.texts`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.model import Alert, ConversationState
from bot.oneline import NAME_CHARS, link, one_line
from bot.staff import Card, Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from bot.records import CaughtUp, DigestState, InboxRow
    from bot.texts.catalogue import Texts

_TEXT_CHARS = 80
_ROWS = 20
_NO_PROMISE = datetime.max.replace(tzinfo=UTC)


def render(state: DigestState, *, texts: Texts, zone: ZoneInfo, now: datetime) -> Card:
    """One hour of one route on one card, or one catch-up."""
    if state.caught_up is not None:
        return _catch_up(state.caught_up, state, texts=texts, zone=zone, now=now)
    return Card(
        headline=texts.say("digest.headline", count=len(state.rows), route=state.route),
        lines=_listed([_digest_line(row, texts, zone=zone, now=now) for row in state.rows], texts),
        alert=Alert.DIGEST,
        data={"event": "digest", "route": state.route, "mention_ids": [row.mention_id for row in state.rows]},
    )


def group(
    state: DigestState,
    *,
    texts: Texts,
    zone: ZoneInfo,
    now: datetime,
    again: bool = False,
    people: Mapping[str, str] = {},
) -> Card:
    """Alerts that belong together, most urgent first, then who is due first; what was held back, who is due
    first. `again`: it rings again.
    """
    rows = sorted(state.rows, key=_by_need if state.withheld is None else _by_due)
    lines = (_group_line(row, texts, zone=zone, now=now, people=people) for row in rows)
    headline = _headline(state, texts)
    return Card(
        headline=f"{texts.say('card.still_open')} · {headline}" if again else headline,
        lines=_listed(list(lines), texts),
        alert=state.group_alert or Alert.MESSAGE,
        data={
            "event": "group",
            "route": state.route,
            "mention_ids": [row.mention_id for row in rows],
            **({"withheld": state.withheld.why.value} if state.withheld else {}),
        },
    )


def _headline(state: DigestState, texts: Texts) -> str:
    count, withheld = len(state.rows), state.withheld
    if withheld is None:
        return texts.say("group.headline", count=count, route=state.route)
    return texts.say(f"held.{withheld.why.value}", count=count, budget=withheld.budget)


def replaced_group(state: DigestState, *, texts: Texts, zone: ZoneInfo, now: datetime) -> Card:
    """What stays of a group's card when it rang again further down."""
    said = texts.say("card.rang_again", at=texts.time_of_day(now, now=now, zone=zone))
    data = {"event": "replaced", "route": state.route, "status": said}
    return Card(headline=f"{state.route} · {said}", data=data)


def _catch_up(about: CaughtUp, state: DigestState, *, texts: Texts, zone: ZoneInfo, now: datetime) -> Card:
    """Who still waits comes first, most urgent first, and of those who is due first."""
    rows = sorted(state.rows, key=_by_need)
    waiting = Counter(row.urgency for row in rows if row.is_waiting)
    lines = [_catch_up_line(row, texts, zone=zone, now=now) for row in rows]
    start, end = (texts.time_of_day(at, now=now, zone=zone) for at in (about.started_at, about.ended_at))
    return Card(
        headline=texts.caught_up(start, end, about.mentions, waiting.total()),
        lines=((Line(text=texts.waiting(waiting), is_strong=True),) if waiting else ())
        + _listed(lines, texts),
        alert=Alert.MESSAGE,
        data={
            "event": "catch_up",
            "route": state.route,
            "started_at": about.started_at.isoformat(),
            "ended_at": about.ended_at.isoformat(),
            "mentions": about.mentions,
            "waiting": {level.label: waiting[level] for level in sorted(waiting, reverse=True)},
            "mention_ids": [row.mention_id for row in rows],
        },
    )


def _by_need(row: InboxRow) -> tuple[bool, int, datetime, datetime]:
    return (not row.is_waiting, -row.urgency, row.due_at or _NO_PROMISE, row.posted_at)


def _by_due(row: InboxRow) -> tuple[bool, datetime, int, datetime]:
    return (not row.is_waiting, row.due_at or _NO_PROMISE, -row.urgency, row.posted_at)


def _listed(lines: Sequence[Line], texts: Texts) -> tuple[Line, ...]:
    """What a card has room for; the rest is counted."""
    shown, rest = lines[:_ROWS], lines[_ROWS:]
    return (*shown, Line(text=texts.say("digest.rest", count=len(rest)))) if rest else tuple(shown)


def _digest_line(row: InboxRow, texts: Texts, *, zone: ZoneInfo, now: datetime) -> Line:
    at = texts.time_of_day(row.posted_at, now=now, zone=zone)
    return Line(text=f"{at} · {_said(row, texts)}", href=link(row.url))


def _group_line(
    row: InboxRow, texts: Texts, *, zone: ZoneInfo, now: datetime, people: Mapping[str, str]
) -> Line:
    """As on a catch-up card, and who has it."""
    line = _catch_up_line(row, texts, zone=zone, now=now)
    if row.state is not ConversationState.CLAIMED or row.claimed_by is None:
        return line
    return replace(
        line, text=f"{texts.claimed_by(people.get(row.claimed_by, row.claimed_by), None)} · {line.text}"
    )


def _catch_up_line(row: InboxRow, texts: Texts, *, zone: ZoneInfo, now: datetime) -> Line:
    """By when it wants an answer; without a promise, when it was posted."""
    if row.is_waiting and row.due_at is not None:
        when = texts.answer_by(row.due_at, now=now, zone=zone)
    else:
        when = texts.time_of_day(row.posted_at, now=now, zone=zone)
    return Line(text=f"{when} · {_said(row, texts)}", href=link(row.url))


def _said(row: InboxRow, texts: Texts) -> str:
    author, text = one_line(row.author, NAME_CHARS), one_line(row.text, _TEXT_CHARS)
    return texts.digest_row(row.urgency, row.platform, author, text)
