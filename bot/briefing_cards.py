"""What a briefing looks like: in the order in which it is to be read, and never longer than a message. Pure.

Knows what belongs on it and what comes first; wording comes from the catalogue, how a conversation is shown
from `bot.told_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import silencing
from bot.hours import NEVER
from bot.oneline import NAME_CHARS, one_line
from bot.staff import Card, Line
from bot.told_rows import Reader, card_link
from bot.told_rows import line as row_line
from bot.told_rows import lines as row_lines

if TYPE_CHECKING:
    from datetime import datetime

    from bot.briefing import Briefing, BriefingState, Running, Share, Summary
    from bot.incidents import Incident
    from bot.orders import Silence
    from bot.overview import Rows

_SILENCES = 4
_NAMES = 8
_REASON_CHARS = 80


def card(state: BriefingState, reader: Reader) -> Card:
    """What goes out by itself as a shift begins."""
    due = state.due
    told = [*_taken_over(state, reader)]
    if state.briefing is not None:
        if told:
            told.append(Line(text=since(state.briefing.since, reader), is_strong=True))
        told += lines(state.briefing, reader)
    return Card(
        headline=_headline(state, reader),
        lines=tuple(told),
        data={
            "event": "hand_over" if due.is_summary else "shift",
            "person": due.person,
            "rotation": due.rotation,
            "before": due.before,
            **(_numbers(state.summary) if state.summary else {}),
        },
    )


def _headline(state: BriefingState, reader: Reader) -> str:
    due, texts = state.due, reader.texts
    name = reader.people(due.person)
    if due.is_summary:
        before = reader.people(due.before or "")
        return texts.say("handover.headline", rotation=due.rotation or "", before=before, name=name)
    if due.rotation is not None:
        on_call = {"rotation": due.rotation, "name": name}
        if due.until == NEVER:
            return texts.say("shift.on_call", **on_call)
        return texts.say("shift.on_call_until", until=_time(due.until, reader), **on_call)
    away = since(state.briefing.since, reader) if state.briefing else ""
    return texts.say("shift.morning", name=name, since=away)


def since(at: datetime, reader: Reader) -> str:
    return reader.texts.say("catchup.since_asked", at=_time(at, reader))


# --- what happened --------------------------------------------------------------------------------


def lines(briefing: Briefing, reader: Reader) -> list[Line]:
    """What is theirs, what presses, what they must know, what went wrong, what others did, what was said."""
    parts = (
        _rows(reader.texts.say("catchup.mine", count=briefing.mine.count), briefing.mine, reader),
        _rows(reader.texts.say("catchup.urgent", count=briefing.urgent.count), briefing.urgent, reader),
        _running(briefing.running, reader),
        _missed(briefing, reader),
        _handled(briefing, reader),
        _said(briefing, reader),
    )
    found = [one for part in parts for one in part]
    return found or [Line(text=reader.texts.say("catchup.nothing"))]


def _rows(head: str, found: Rows, reader: Reader) -> Iterator[Line]:
    if found.count:
        yield Line(text=head, is_strong=True)
        yield from row_lines(found, reader)


def _missed(briefing: Briefing, reader: Reader) -> Iterator[Line]:
    """Those that stand above already are only counted."""
    if not briefing.missed.count:
        return
    count, still, texts = briefing.missed.count, briefing.still_missed, reader.texts
    if still:
        text = texts.say("catchup.missed_open", count=count, open=still)
    else:
        text = texts.say("catchup.missed", count=count)
    yield Line(text=text, is_strong=True)
    shown = {row.listed.conversation for rows in (briefing.mine, briefing.urgent) for row in rows.rows}
    for row in briefing.missed.rows:
        if row.listed.conversation not in shown:
            yield row_line(row, reader)


def _handled(briefing: Briefing, reader: Reader) -> Iterator[Line]:
    """Those whom nobody had last."""
    ordered = sorted(briefing.handled.items(), key=lambda one: (one[0] is None, -one[1], one[0] or ""))
    if ordered:
        texts = reader.texts
        names = texts.listed(
            texts.say("catchup.by_nobody", count=count)
            if person is None
            else texts.say("catchup.by", name=reader.people(person), count=count)
            for person, count in ordered[:_NAMES]
        )
        count = sum(briefing.handled.values())
        yield Line(text=texts.say("catchup.answered", count=count, names=names))


def _said(briefing: Briefing, reader: Reader) -> Iterator[Line]:
    texts, mentions = reader.texts, briefing.mentions
    if not mentions.count:
        if mentions.usual:
            yield Line(text=texts.say("catchup.quiet", usual=round(mentions.usual)))
        return
    yield Line(text=_share(texts.say("catchup.mentions", count=mentions.count), mentions, reader))
    if told := texts.listed(_counted(briefing.topics, lambda one: one_line(one, NAME_CHARS), reader)):
        yield Line(text=texts.say("catchup.topics", shares=told))
    if told := texts.listed(_counted(briefing.platforms, texts.platform, reader)):
        yield Line(text=texts.say("catchup.platforms", shares=told))


def _counted(shares: Iterable[Share], name: Callable[[str], str], reader: Reader) -> Iterator[str]:
    for one in shares:
        text = reader.texts.say("catchup.share", name=name(one.name), count=one.count)
        yield _share(text, one, reader)


def _share(text: str, share: Share, reader: Reader) -> str:
    if share.usual is None:
        return text
    return reader.texts.say("catchup.usually", share=text, usual=round(share.usual))


# --- what staff must know ---------------------------------------------------------------------------


def _running(running: Running, reader: Reader) -> Iterator[Line]:
    texts = reader.texts
    if running.paused is not None:
        name, at = reader.people(running.paused.person), _time(running.paused.since, reader)
        yield Line(text=texts.say("command.paused", name=name, since=at))
    yield from _bursts(running, reader)
    for gap in running.gaps:
        start, end = (
            texts.time_of_day(at, now=reader.now, zone=reader.zone) for at in (gap.started_at, gap.ended_at)
        )
        when = texts.say("time.from_to", start=start, end=end)
        yield Line(text=texts.say("catchup.gap", source=gap.source, when=when, reason=gap.reason))
    if running.more_gaps:
        yield Line(text=texts.say("rows.rest", count=running.more_gaps))
    for silence in running.silences[:_SILENCES]:
        yield Line(text=texts.say("catchup.silence", silence=_silence(silence, reader)))
    if more := len(running.silences[_SILENCES:]):
        yield Line(text=texts.say("rows.rest", count=more))


def _bursts(running: Running, reader: Reader) -> Iterator[Line]:
    for one in running.bursts:
        yield Line(text=_burst(one.incident, reader), href=card_link(one.cards, reader))
    if running.more_bursts:
        yield Line(text=reader.texts.say("rows.rest", count=running.more_bursts))


def _burst(one: Incident, reader: Reader) -> str:
    texts = reader.texts
    start, end = (
        texts.time_of_day(at, now=reader.now, zone=reader.zone) if at else ""
        for at in (one.begun_at, one.ended_at)
    )
    said = {
        "posts": texts.say("incident.posts", count=one.posts),
        "authors": texts.say("incident.authors", count=one.authors),
        "open": texts.say("incident.open", count=one.open),
        "route": one.route,
    }
    if one.ended_at is None:
        return texts.say("catchup.incident", since=start, **said)
    return texts.say("catchup.incident_over", when=texts.say("time.from_to", start=start, end=end), **said)


def _silence(one: Silence, reader: Reader) -> str:
    brief = replace(one, reason=one_line(one.reason, _REASON_CHARS))
    name = reader.people(one.person)
    return silencing.line(reader.texts, brief, now=reader.now, zone=reader.zone, name=name)


# --- taking over ------------------------------------------------------------------------------------


def _taken_over(state: BriefingState, reader: Reader) -> Iterator[Line]:
    """What whoever was on call leaves behind, and how it went."""
    summary, due, texts = state.summary, state.due, reader.texts
    if summary is None:
        return
    before = reader.people(due.before or "")
    if not due.is_summary:
        yield Line(text=texts.say("handover.from", name=before), is_strong=True)
    yield Line(text=_open(summary, reader), is_strong=True)
    claimed = texts.say("handover.claimed", count=summary.claimed.count, name=before)
    yield from _rows(claimed, summary.claimed, reader)
    if summary.wakes_at is not None:
        until = _time(summary.wakes_at, reader)
        yield Line(text=texts.say("handover.snoozed_until", count=summary.snoozed, until=until))
    elif summary.snoozed:
        yield Line(text=texts.say("handover.snoozed", count=summary.snoozed))
    if due.since is not None:
        counts = [
            texts.say("handover.alerts", count=summary.alerts),
            texts.say("handover.answered", count=summary.answered),
            texts.say("handover.missed", count=summary.missed),
        ]
        at = _time(due.since, reader)
        yield Line(text=texts.say("handover.since", at=at, counts=texts.listed(counts)))
    if due.is_summary:
        yield from _running(summary.running, reader)


def _open(summary: Summary, reader: Reader) -> str:
    texts = reader.texts
    told = texts.say("handover.open", count=summary.open)
    of_these = []
    if summary.critical:
        of_these.append(texts.say("waiting.critical", count=summary.critical))
    if summary.overdue:
        of_these.append(texts.say("handover.overdue", count=summary.overdue))
    return texts.say("handover.of_these", open=told, counts=texts.listed(of_these)) if of_these else told


def _numbers(summary: Summary) -> dict[str, object]:
    names = ("open", "critical", "overdue", "snoozed", "alerts", "answered", "missed")
    return {**{name: getattr(summary, name) for name in names}, "claimed": summary.claimed.count}


def _time(at: datetime, reader: Reader) -> str:
    return reader.texts.time_in_zone(at, now=reader.now, zone=reader.zone)
