"""Stored wishes to act: written with what causes them, leased, and shown when the next one is due.

It knows the table effects and how messages to staff follow each other; what is to be said is `announcing`'s,
how a delivery ended `settling`'s. A *message* is an alert with its updates; digests and notices are messages
of one effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.overrides import ANEW
from bot.payload import ASKED, GROUP, PAGER
from bot.records import Leased
from bot.staff import Receipt
from bot.store import rows
from bot.store.work import Work
from bot.wishes import Effect, EffectKind

_EFFECT = (
    "id", "key", "kind", "channel", "route", "brand", "conversation", "mention", "due_at", "payload",
    "attempts", "fence", "created_at",
)  # fmt: skip
_RECEIPT = (
    "(SELECT m.receipt FROM effects m WHERE m.id = e.subject),"
    " (SELECT m.receipt_at FROM effects m WHERE m.id = e.subject)"
)
_SELECT = f"SELECT {rows.columns(_EFFECT, 'e')}, {_RECEIPT} FROM effects e"
LATER = "later"
"""Key of the payload of an update that nobody asked to wait: it shows what is true from then on."""
READY = (
    "(e.subject IS NULL OR (EXISTS (SELECT 1 FROM effects m WHERE m.id = e.subject AND m.state = 'sent')"
    " AND NOT EXISTS (SELECT 1 FROM effects b WHERE b.subject = e.subject AND b.id < e.id"
    " AND b.state IN ('pending', 'leased'))))"
)
"""No effect of the same message stands before `e`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """An effect to be, with what the store alone needs to know of it. `group`: see `grouping`."""

    effect: Effect
    ask: int | None = None
    group: str | None = None
    subject: int | None = None
    urgency: int | None = None
    tried: tuple[str, ...] = field(default=())


_INSERT = (
    "INSERT INTO effects (key, kind, channel, route, brand, conversation, mention, ask, group_key, subject,"
    " urgency, payload, tried, state, due_at, leased_until, fence, attempts, created_at)"
    f" VALUES ({rows.marks(19)}) ON CONFLICT (key) DO NOTHING RETURNING id"
)


def insert(work: Work, new: New, *, leased: bool) -> int | None:
    """The row of a new effect, leased to us or pending; None when its key exists."""
    effect = new.effect
    row = rows.one(
        work.conn.execute(
            _INSERT,
            (
                effect.key,
                effect.kind,
                effect.channel,
                effect.route,
                effect.brand,
                effect.conversation_id,
                effect.mention_id,
                new.ask,
                new.group,
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


def first_lease(work: Work, new: New) -> Leased | None:
    """A new effect that no other stands before, leased with its insertion; None when its key exists."""
    id_ = insert(work, new, leased=True)
    if id_ is None:
        return None
    effect = replace(new.effect, due_at=new.effect.due_at or work.now)
    return Leased(id=id_, effect=effect, attempt=1, fence=1, written_at=work.now)


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


def delivered(work: Work, conversation: int) -> tuple[int, ...]:
    """The alerts of a conversation that staff see, alone or with others on one card, or that are on their way
    with what was true before.
    """
    found = work.conn.execute(
        "SELECT e.id FROM effects e WHERE e.conversation = :id AND e.kind = 'alert'"
        " AND e.state IN ('sent', 'leased') AND e.replaced_by IS NULL"
        " UNION SELECT e.id FROM mentions m JOIN digest_items d ON d.mention = m.id"
        " JOIN effects e ON e.id = d.effect WHERE m.conversation = :id AND e.state IN ('sent', 'leased')"
        f" AND e.replaced_by IS NULL AND json_extract(e.payload, '$.{GROUP}') ORDER BY 1",
        {"id": conversation},
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
    key = f"update:{alert}:{_nth_update(work, alert) if subject.is_group else version}"
    if state == "pending" or _exists(work, key):
        return None
    supersede(work, alert)
    due_at = max(work.now, waits_until) if waits_until else work.now
    effect = replace(
        subject.effect,
        key=key,
        kind=EffectKind.UPDATE,
        mention_id=None if subject.is_group else mention or subject.effect.mention_id,
        due_at=due_at,
        payload=_of_many(subject) if subject.is_group else {**payload, **_of_page(subject)},
    )
    is_free = state == "sent" and due_at <= work.now and not _is_in_flight(work, alert)
    new = New(effect=effect, ask=ask_of(work, alert), subject=alert)
    id_ = insert(work, new, leased=is_free)
    return read(work, id_) if id_ is not None and is_free else None


def _of_many(card: Leased) -> dict[str, object]:
    """What a card of many is stays as it was: whom it asks, and why."""
    return {key: value for key, value in card.effect.payload.items() if key in {GROUP, ANEW, ASKED}}


def _of_page(card: Leased) -> dict[str, object]:
    return {PAGER: card.effect.payload[PAGER]} if card.is_page else {}


def _nth_update(work: Work, card: int) -> str:
    """A card of many shows several conversations, each with versions of its own: its updates are counted."""
    row = work.conn.execute("SELECT count(*) FROM effects WHERE subject = ?", (card,)).fetchone()
    return f"n{row[0]}"


def _exists(work: Work, key: str) -> bool:
    return rows.one(work.conn.execute("SELECT 1 FROM effects WHERE key = ?", (key,))) is not None


def _progress(work: Work, alert: int) -> tuple[str, datetime | None]:
    """An alert's state, and until when its pending update was told to wait."""
    state, due_at = work.conn.execute(
        "SELECT e.state, (SELECT max(u.due_at) FROM effects u WHERE u.subject = e.id AND u.state = 'pending'"
        f" AND json_extract(u.payload, '$.{LATER}') IS NULL)"
        " FROM effects e WHERE e.id = ?",
        (alert,),
    ).fetchone()
    return state, rows.moment_or_none(due_at)


def _is_in_flight(work: Work, alert: int) -> bool:
    row = work.conn.execute(
        "SELECT EXISTS (SELECT 1 FROM effects WHERE subject = ? AND state = 'leased')", (alert,)
    ).fetchone()
    return bool(row[0])


def ask_of(work: Work, effect: int) -> int | None:
    row = work.conn.execute("SELECT ask FROM effects WHERE id = ?", (effect,)).fetchone()
    ask: int | None = row[0]
    return ask


def has_updates(work: Work, alert: int) -> bool:
    """Whether a change of that message waits to be delivered."""
    row = work.conn.execute(
        "SELECT EXISTS (SELECT 1 FROM effects WHERE subject = ? AND state = 'pending')", (alert,)
    ).fetchone()
    return bool(row[0])


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

_Due = tuple[int, int, str, str]
"""Due at, id, kind, channel."""

_FROM = (
    "SELECT e.due_at, e.id, e.kind, e.channel FROM effects e WHERE {when} AND " + READY + " AND"
    " e.channel NOT IN (SELECT value FROM json_each(:without)) ORDER BY e.due_at, e.id LIMIT :limit"
)
_WAITING = _FROM.format(when="e.state = 'pending' AND e.due_at <= :now")
_RAN_OUT = _FROM.format(when="e.state = 'leased' AND e.leased_until <= :now")
"""Two looks, each along an index: an OR of both would sort everything that waits."""


def lease(work: Work, *, limit: int, each: int, without: Collection[str]) -> tuple[Leased, ...]:
    """Take effects that are due, or whose lease ran out: oldest first, in order within a message."""
    due: list[_Due] = []
    for sql in (_RAN_OUT, _WAITING):
        due += _oldest(work, sql, limit=limit, each=each, without=without)
    due.sort()
    counts: Counter[str] = Counter()
    taken: list[Leased] = []
    for _, id_, kind, channel in due:
        counts[channel] += 1
        if counts[channel] <= each and len(taken) < limit:
            taken.append(_take(work, id_, kind))
    return tuple(taken)


def _oldest(work: Work, sql: str, *, limit: int, each: int, without: Collection[str]) -> list[_Due]:
    """At most `each` of a channel. A channel that has given all that it may is left out of the next look, so
    that no look reads (or sorts) a whole flood.
    """
    left_out = set(without)
    counts: Counter[str] = Counter()
    found: list[_Due] = []
    while True:
        values = {"now": work.at, "limit": limit, "without": rows.dump(sorted(left_out))}
        full = set()
        for due in work.conn.execute(sql, values):
            if counts[due[3]] < each:
                found.append(due)
                counts[due[3]] += 1
            else:
                full.add(due[3])
        if not full or len(found) >= limit:
            return found
        found = [due for due in found if due[3] in full or due[3] in left_out]
        counts = Counter(due[3] for due in found)
        left_out |= full


def _take(work: Work, id_: int, kind: Any) -> Leased:
    if kind == EffectKind.ALERT:
        supersede(work, id_)
    work.conn.execute(
        "UPDATE effects SET state = 'leased', leased_until = ?, fence = fence + 1, attempts = attempts + 1"
        " WHERE id = ?",
        (work.leased_until, id_),
    )
    return read(work, id_)
