"""Asks that still wait: which of them are to be looked at again, and what comes of it as rows.

It knows the SQL; when to look and what to say is others'. An ask's newest most urgent message is judged, as
of the moment: what was posted later is not looked at yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.model import Kind, Mention
from bot.records import Judged, Leased
from bot.store import announcing, effects, grouping, listing, overriding, rows, threads, verdicts
from bot.store.card import Fetch
from bot.store.work import Work
from bot.waits import Again, Because, Found, Waiting, Wanted

_COLUMN: Mapping[Because, str] = {Because.WAITING: "judged_to", Because.ENGAGEMENT: "engaged_to"}
_MICROSECOND = timedelta(microseconds=1)

_LAST_PASSED = (
    "(SELECT max(w.value) FROM json_each(:moments) w"
    " WHERE w.value > a.{column} AND a.started_at + w.value <= :until)"
)
_NEXT = "(SELECT min(w.value) FROM json_each(:moments) w WHERE w.value > a.{column})"
_OPEN = "a.outcome IS NULL"
_OPEN_THEN = "(a.outcome IS NULL OR a.answered_at > a.started_at + a.moment)"
_ASKS = (
    "(SELECT a.id, a.conversation, a.started_at, a.outcome, a.answered_at, {moment} AS moment FROM asks a"
    " WHERE a.{column} < :longest AND a.started_at >= :since AND a.started_at <= :latest AND {early})"
)
_SHOWN = (
    "(SELECT x.id FROM mentions x JOIN posts y ON y.id = x.post"
    " JOIN verdicts z ON z.id = (SELECT max(id) FROM verdicts WHERE mention = x.id)"
    " WHERE x.ask = a.id AND x.asks AND y.deleted_at IS NULL AND y.posted_at <= a.started_at + a.moment"
    " ORDER BY z.urgency DESC, y.posted_at DESC, x.id DESC LIMIT 1)"
)
_WAITING = (
    "SELECT a.id, a.moment, a.started_at, m.brand, m.kind, m.spans, v.id, v.verdict, v.facts,"
    " EXISTS (SELECT 1 FROM mentions o JOIN brands b ON b.name = o.brand WHERE o.post = m.post"
    "  AND NOT b.is_rival),"
    f" {rows.columns(rows.POST, 'p')} FROM {{asks}} a JOIN conversations c ON c.id = a.conversation"
    f" JOIN mentions m ON m.id = {_SHOWN} JOIN posts p ON p.id = m.post"
    " JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
    " WHERE a.started_at + a.moment <= :until AND {late}"
    " AND c.platform IN (SELECT value FROM json_each(:platforms))"
    " ORDER BY a.started_at + a.moment, a.id LIMIT :limit"
)
_POST_AT = 10
_SOONEST = (
    "SELECT min(a.started_at + w.value) FROM asks a JOIN json_each(:moments) w ON w.value > a.{column}"
    " WHERE a.outcome IS NULL AND a.{column} < :longest AND a.started_at >= :since"
    " AND a.started_at + w.value > :until"
)


def waiting(fetch: Fetch, wanted: Wanted) -> Found:
    """See `bot.waits.Looks`."""
    column, values = _COLUMN[wanted.because], _values(wanted)
    moment = (_NEXT if wanted.each else _LAST_PASSED).format(column=column)
    asks = _ASKS.format(moment=moment, column=column, early="1" if wanted.each else _OPEN)
    sql = _WAITING.format(asks=asks, late=_OPEN_THEN if wanted.each else "1")
    found = tuple(_waiting(row) for row in fetch(sql, values))
    soonest = fetch(_SOONEST.format(column=column), values)[0][0]
    return Found(asks=found, next_at=rows.moment_or_none(soonest))


def _values(wanted: Wanted) -> dict[str, Any]:
    moments = [moment // _MICROSECOND for moment in wanted.moments]
    until = rows.micros(wanted.until)
    return {
        "moments": rows.dump(moments),
        "longest": max(moments),
        "latest": until - min(moments),
        "until": until,
        "since": rows.micros(wanted.since) if wanted.since else 0,
        "platforms": rows.dump(sorted(wanted.platforms)),
        "limit": wanted.limit,
    }


def _waiting(row: rows.Row) -> Waiting:
    ask, moment, started_at, brand, kind, spans, verdict_id, verdict, facts, own_too = row[:_POST_AT]
    post = rows.post(row[_POST_AT:])
    return Waiting(
        ask=ask,
        moment=moment * _MICROSECOND,
        looked_at=rows.moment(started_at + moment),
        mention=Mention(post=post, brand=brand, kind=Kind(kind), spans=rows.spans(spans)),
        verdict_id=verdict_id,
        verdict=rows.verdict(verdict),
        facts=rows.facts(facts),
        own_too=bool(own_too),
    )


# --- writing ------------------------------------------------------------------------------------


def judge_again(work: Work, again: tuple[Again, ...]) -> tuple[Leased, ...]:
    leased: list[Leased] = []
    for one in again:
        leased += _again(work, one)
    listing.refresh(work)
    return tuple({one.id: one for one in leased}.values())


def _again(work: Work, again: Again) -> tuple[Leased, ...]:
    mention = _still(work, again)
    if mention is None:
        return ()
    old, judged = again.waiting.verdict, again.judged
    if judged is None or judged.verdict == old or judged.verdict.ignored:
        return ()
    if judged.verdict.urgency < old.urgency:
        return ()
    return _raise(work, mention, again, judged)


def _still(work: Work, again: Again) -> int | None:
    """The mention's row, when all is as it was read; the moment is past with this."""
    waiting, column = again.waiting, _COLUMN[again.because]
    row = rows.one(
        work.conn.execute(
            "SELECT v.mention FROM verdicts v WHERE v.id = :verdict"
            " AND NOT EXISTS (SELECT 1 FROM verdicts n WHERE n.mention = v.mention AND n.id > v.id)",
            {"verdict": waiting.verdict_id},
        )
    )
    if row is None:
        return None
    moved = work.conn.execute(
        f"UPDATE asks SET {column} = :moment WHERE id = :ask AND {column} < :moment"
        " AND (outcome IS NULL OR answered_at > :at) RETURNING id",
        {"moment": waiting.moment // _MICROSECOND, "ask": waiting.ask, "at": rows.micros(waiting.looked_at)},
    ).fetchone()
    return int(row[0]) if moved else None


def _raise(work: Work, mention: int, again: Again, judged: Judged) -> tuple[Leased, ...]:
    """The new verdict counts: cards show it, the answer may be due sooner, and who must hear of it does."""
    verdicts.save(work, mention, judged, again.waiting.verdict.mention_id)
    conversation = work.conn.execute(
        "UPDATE mentions SET due_at = COALESCE(min(due_at, :due), due_at, :due), calendar_due_at ="
        " COALESCE(min(calendar_due_at, :calendar), calendar_due_at, :calendar) WHERE id = :mention"
        " RETURNING conversation",
        {
            "due": rows.micros_or_none(judged.due.at),
            "calendar": rows.micros_or_none(judged.due.by_calendar),
            "mention": mention,
        },
    ).fetchone()[0]
    overriding.outgrow(work, conversation, judged.verdict.urgency)
    joined = threads.stay(work, conversation, mention)
    leased = effects.update(work, effects.delivered(work, conversation), version=joined.version)
    is_louder = judged.verdict.urgency > again.waiting.verdict.urgency
    for route in judged.routes if is_louder and joined.alerts else ():
        heard = announcing.Heard(
            brand=judged.mention.brand,
            conversation=conversation,
            version=joined.version,
            mention=mention,
            uid=again.waiting.verdict.mention_id,
            ask=joined.ask,
            verdict=judged.verdict,
            route=route,
            group=grouping.key(judged, route, conversation),
        )
        leased += grouping.announce(work, heard)
    return leased
