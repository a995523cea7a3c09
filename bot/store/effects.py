"""Stored wishes to act: written with what causes them, leased, and shown when the next one is due.

It knows the table effects and how messages to staff follow each other; how a delivery ended is
`settling`'s. A *message* is an alert with its updates; digests and notices are messages of one effect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.model import Alert, Effect, EffectKind, Verdict
from bot.records import Leased
from bot.staff import Receipt
from bot.store import rows
from bot.store.work import Work

_EFFECT = (
    "id", "key", "kind", "channel", "route", "brand", "conversation", "mention", "due_at", "payload",
    "attempts", "fence", "created_at",
)  # fmt: skip
_RECEIPT = (
    "(SELECT m.receipt FROM effects m WHERE m.id = e.subject),"
    " (SELECT m.receipt_at FROM effects m WHERE m.id = e.subject)"
)
_SELECT = f"SELECT {rows.columns(_EFFECT, 'e')}, {_RECEIPT} FROM effects e"
READY = (
    "(e.subject IS NULL OR (EXISTS (SELECT 1 FROM effects m WHERE m.id = e.subject AND m.state = 'sent')"
    " AND NOT EXISTS (SELECT 1 FROM effects b WHERE b.subject = e.subject AND b.id < e.id"
    " AND b.state IN ('pending', 'leased'))))"
)
"""No effect of the same message stands before `e`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """An effect to be, with what the store alone needs to know of it."""

    effect: Effect
    ask: int | None = None
    subject: int | None = None
    urgency: int | None = None
    tried: tuple[str, ...] = field(default=())


def insert(work: Work, new: New, *, leased: bool) -> int | None:
    """The row of a new effect, leased to us or pending; None when its key exists."""
    effect = new.effect
    row = rows.one(
        work.conn.execute(
            "INSERT INTO effects (key, kind, channel, route, brand, conversation, mention, ask, subject,"
            " urgency, payload, tried, state, due_at, leased_until, fence, attempts, created_at)"
            f" VALUES ({rows.marks(18)}) ON CONFLICT (key) DO NOTHING RETURNING id",
            (
                effect.key,
                effect.kind,
                effect.channel,
                effect.route,
                effect.brand,
                effect.conversation_id,
                effect.mention_id,
                new.ask,
                new.subject,
                new.urgency,
                rows.dump(effect.payload),
                rows.dump(new.tried),
                "leased" if leased else "pending",
                rows.micros(effect.due_at or work.now),
                work.leased_until if leased else None,
                int(leased),
                int(leased),
                work.at,
            ),
        )
    )
    return row[0] if row else None


def read(work: Work, id_: int) -> Leased:
    return _leased(work.conn.execute(f"{_SELECT} WHERE e.id = ?", (id_,)).fetchone())


def _leased(row: rows.Row) -> Leased:
    (id_, key, kind, channel, route, brand, conversation, mention, due_at, payload) = row[:10]
    attempts, fence, created_at, receipt_ref, receipt_at = row[10:]
    effect = Effect(
        key=key,
        kind=EffectKind(kind),
        channel=channel,
        route=route,
        brand=brand,
        conversation_id=conversation,
        mention_id=mention,
        due_at=rows.moment(due_at),
        payload=rows.mapping(payload),
    )
    return Leased(
        id=id_,
        effect=effect,
        attempt=attempts,
        fence=fence,
        written_at=rows.moment(created_at),
        receipt=None if receipt_ref is None else Receipt(ref=receipt_ref, at=rows.moment(receipt_at)),
    )


# --- wishing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A mention that staff may hear of."""

    brand: str
    conversation: int
    version: int
    mention: int
    uid: str
    ask: int | None
    verdict: Verdict
    channel: str

    @property
    def key(self) -> str:
        wait = self.ask if self.ask is not None else f"m{self.uid}"
        urgency = self.verdict.urgency.label
        return f"alert:{self.brand}:{self.conversation}:{wait}:{urgency}:{self.channel}"


def announce(work: Work, heard: Heard) -> tuple[Leased, ...]:
    """Write what a mention makes us tell staff: a card, an update of the card there is, a digest line."""
    if heard.verdict.alert is Alert.DIGEST:
        _collect(work, heard)
        return ()
    if heard.verdict.alert is Alert.NONE:
        return ()
    there = alerts_there(work, heard)
    if there:
        return update(work, there, version=heard.version, mention=heard.mention)
    new = New(effect=alert(heard), ask=heard.ask, urgency=int(heard.verdict.urgency))
    id_ = insert(work, new, leased=True)
    return () if id_ is None else (read(work, id_),)


def alert(heard: Heard) -> Effect:
    """The wish to show a mention by itself."""
    return Effect(
        key=heard.key,
        kind=EffectKind.ALERT,
        channel=heard.channel,
        route=heard.verdict.route,
        brand=heard.brand,
        conversation_id=heard.conversation,
        mention_id=heard.mention,
    )


def alerts_there(work: Work, heard: Heard) -> tuple[int, ...]:
    """The live alerts of the same ask that are at least as loud and went, or were to go, to this channel."""
    if heard.ask is None:
        return ()
    found = work.conn.execute(
        "SELECT e.id FROM effects e WHERE e.ask = ? AND e.kind = 'alert' AND e.urgency >= ?"
        " AND e.state NOT IN ('dead', 'dropped')"
        " AND (e.channel = ? OR EXISTS (SELECT 1 FROM json_each(e.tried) t WHERE t.value = ?)) ORDER BY e.id",
        (heard.ask, int(heard.verdict.urgency), heard.channel, heard.channel),
    )
    return tuple(id_ for (id_,) in found)


def _collect(work: Work, heard: Heard) -> None:
    """Put a mention into the digest of its hour, or of the next one when that is already on its way."""
    hour = work.now.replace(minute=0, second=0, microsecond=0)
    for start in (hour, hour + timedelta(hours=1)):
        digest = _digest(work, heard, start)
        if digest is not None:
            work.conn.execute(
                "INSERT INTO digest_items (effect, mention, brand) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (digest, heard.mention, heard.brand),
            )
            return


def _digest(work: Work, heard: Heard, hour: datetime) -> int | None:
    """The row of that hour's digest while it can still be added to."""
    route = heard.verdict.route
    effect = Effect(
        key=f"digest:{route}:{heard.channel}:{hour:%Y-%m-%dT%H}",
        kind=EffectKind.DIGEST,
        channel=heard.channel,
        route=route,
        due_at=hour + timedelta(hours=1),
    )
    insert(work, New(effect=effect), leased=False)
    row = rows.one(
        work.conn.execute("SELECT id FROM effects WHERE key = ? AND state = 'pending'", (effect.key,))
    )
    return row[0] if row else None


def delivered(work: Work, conversation: int) -> tuple[int, ...]:
    """The alerts of a conversation that staff see, or that are on their way with what was true before."""
    found = work.conn.execute(
        "SELECT id FROM effects WHERE conversation = ? AND kind = 'alert' AND state IN ('sent', 'leased')"
        " ORDER BY id",
        (conversation,),
    )
    return tuple(id_ for (id_,) in found)


def update(
    work: Work,
    alerts: tuple[int, ...],
    *,
    version: int,
    mention: int | None = None,
    payload: Mapping[str, object] | None = None,
) -> tuple[Leased, ...]:
    """Wish that cards show what is true now; those that can be edited at once come back leased.

    A card that was never tried needs none: it will be made from what is true then. An older update that
    nobody has begun is superseded; how long its channel asked us to wait stays respected.
    """
    written = (_update(work, alert, version, mention, payload or {}) for alert in alerts)
    return tuple(leased for leased in written if leased is not None)


def _update(
    work: Work, alert: int, version: int, mention: int | None, payload: Mapping[str, object]
) -> Leased | None:
    subject = read(work, alert)
    state, waits_until = _progress(work, alert)
    key = f"update:{alert}:{version}"
    if state == "pending" or _exists(work, key):
        return None
    supersede(work, alert)
    due_at = max(work.now, waits_until) if waits_until else work.now
    effect = replace(
        subject.effect,
        key=key,
        kind=EffectKind.UPDATE,
        mention_id=mention or subject.effect.mention_id,
        due_at=due_at,
        payload=payload,
    )
    is_free = state == "sent" and due_at <= work.now and not _is_in_flight(work, alert)
    new = New(effect=effect, ask=_ask_of(work, alert), subject=alert)
    id_ = insert(work, new, leased=is_free)
    return read(work, id_) if id_ is not None and is_free else None


def _exists(work: Work, key: str) -> bool:
    return rows.one(work.conn.execute("SELECT 1 FROM effects WHERE key = ?", (key,))) is not None


def _progress(work: Work, alert: int) -> tuple[str, datetime | None]:
    """An alert's state, and until when its pending update was told to wait."""
    state, due_at = work.conn.execute(
        "SELECT e.state, (SELECT max(u.due_at) FROM effects u WHERE u.subject = e.id AND u.state = 'pending')"
        " FROM effects e WHERE e.id = ?",
        (alert,),
    ).fetchone()
    return state, rows.moment_or_none(due_at)


def _is_in_flight(work: Work, alert: int) -> bool:
    row = work.conn.execute(
        "SELECT EXISTS (SELECT 1 FROM effects WHERE subject = ? AND state = 'leased')", (alert,)
    ).fetchone()
    return bool(row[0])


def _ask_of(work: Work, effect: int) -> int | None:
    row = work.conn.execute("SELECT ask FROM effects WHERE id = ?", (effect,)).fetchone()
    ask: int | None = row[0]
    return ask


def supersede(work: Work, alert: int) -> None:
    """Drop the updates of a message that nobody has begun: something newer will show the same."""
    work.conn.execute(
        "UPDATE effects SET state = 'dropped', reason = 'superseded' WHERE subject = ? AND state = 'pending'",
        (alert,),
    )


def notice(work: Work, key: str, channel: str, text: str) -> None:
    effect = Effect(
        key=f"notice:{key}:{channel}", kind=EffectKind.NOTICE, channel=channel, payload={"text": text}
    )
    insert(work, New(effect=effect), leased=False)


# --- leasing ------------------------------------------------------------------------------------


def lease(work: Work, *, limit: int, each: int, without: Collection[str]) -> tuple[Leased, ...]:
    """Take effects that are due, or whose lease ran out: oldest first, in order within a message."""
    due = work.conn.execute(
        "SELECT id, kind FROM (SELECT e.id, e.kind, e.due_at,"
        " row_number() OVER (PARTITION BY e.channel ORDER BY e.due_at, e.id) AS place FROM effects e"
        " WHERE ((e.state = 'pending' AND e.due_at <= :now)"
        f" OR (e.state = 'leased' AND e.leased_until <= :now)) AND {READY}"
        " AND e.channel NOT IN (SELECT value FROM json_each(:without)))"
        " WHERE place <= :each ORDER BY due_at, id LIMIT :limit",
        {"now": work.at, "limit": limit, "each": each, "without": rows.dump(sorted(without))},
    ).fetchall()
    return tuple(_take(work, id_, kind) for id_, kind in due)


def _take(work: Work, id_: int, kind: Any) -> Leased:
    if kind == EffectKind.ALERT:
        supersede(work, id_)
    work.conn.execute(
        "UPDATE effects SET state = 'leased', leased_until = ?, fence = fence + 1, attempts = attempts + 1"
        " WHERE id = ?",
        (work.leased_until, id_),
    )
    return read(work, id_)
