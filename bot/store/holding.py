"""What is held back for quiet hours, or because the budget of a channel is spent: one card per channel, due
when that is over.

Nothing critical is ever held back. Each mention on such a card keeps how urgent it was then, so that this can
be shown and not only said. It knows the tables effects and digest_items, and the policies by `work.noise`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from bot.model import Alert, Urgency
from bot.noise import NO_LIMITS, ChannelNoise, Why, Withheld
from bot.overrides import ANEW
from bot.payload import GROUP, RINGS
from bot.records import Leased
from bot.store import announcing, counting_calls, effects, rows
from bot.store.card import Fetch
from bot.store.work import Work
from bot.wishes import Effect, EffectKind

HELD, BUDGET = "held", "budget"
"""Keys of the payload of such a card: why it waits, and how many alerts rang before."""
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hold:
    why: Why
    until: datetime
    budget: int = 0


def announce(work: Work, heard: announcing.Heard) -> tuple[Leased, ...] | None:
    """Hold it back, if it is to be; None: it is not. What there are cards of already goes onto those."""
    verdict = heard.verdict
    if verdict.alert is Alert.NONE:
        return None
    if verdict.urgency is Urgency.CRITICAL:
        if verdict.alert is not Alert.DIGEST:
            withdraw(work, heard.conversation, heard.route.to)
        return None
    hold = _hold(work, heard)
    if hold is None or (verdict.alert is not Alert.DIGEST and announcing.alerts_there(work, heard)):
        return None
    card = _waiting(work, heard, hold) or _new(work, heard, hold)
    work.conn.execute(
        "INSERT INTO digest_items (effect, mention, brand, urgency, held_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (card, heard.mention, heard.brand, int(verdict.urgency), work.at),
    )
    return announcing.show(work, heard)


def withdraw(work: Work, conversation: int, channel: str) -> None:
    """It rings there by itself after all: no card tells of it a second time."""
    work.conn.execute(
        "DELETE FROM digest_items WHERE mention IN (SELECT id FROM mentions WHERE conversation = :id)"
        " AND effect IN (SELECT e.id FROM mentions m JOIN digest_items d ON d.mention = m.id"
        "  JOIN effects e ON e.id = d.effect WHERE m.conversation = :id AND e.channel = :channel"
        f"  AND e.state = 'pending' AND json_extract(e.payload, '$.{HELD}') IS NOT NULL)",
        {"id": conversation, "channel": channel},
    )


def _hold(work: Work, heard: announcing.Heard) -> _Hold | None:
    if work.noise == NO_LIMITS:
        return None
    quiet_until = work.noise.quiet_until(heard.route.to, heard.route.name, work.now)
    if quiet_until is not None:
        return _Hold(why=Why.QUIET_HOURS, until=quiet_until)
    return None if heard.verdict.alert is Alert.DIGEST else _spent(work, heard)


def _spent(work: Work, heard: announcing.Heard) -> _Hold | None:
    """The rest comes with the next digest, or at the end of the period if that is sooner."""
    channel = heard.route.to
    budget = work.noise.budget(channel)
    if budget is None:
        return None
    began, ends = budget.marks.before(work.now), budget.marks.after(work.now)
    if _rang(work, channel, began, ends, most=budget.alerts) < budget.alerts:
        return None
    digest_at = announcing.digest_at(work, heard.route, work.now)
    return _Hold(why=Why.BUDGET, until=min(ends, digest_at), budget=budget.alerts)


RANG = (
    "SELECT count(*) FROM (SELECT 1 FROM effects WHERE channel = :channel AND due_at >= :since"
    " AND due_at < :until AND kind IN ('alert', 'digest') AND state IN ('pending', 'leased', 'sent')"
    f" AND COALESCE(json_extract(payload, '$.{RINGS}'), 1) = 1 AND json_extract(payload, '$.{ANEW}') IS NULL"
    f" AND (kind = 'alert' OR (json_extract(payload, '$.{GROUP}')"
    f"  AND json_extract(payload, '$.{HELD}') IS NULL)) LIMIT :most)"
)
"""What came by itself. A card that nobody took, or that a person sent on, is no new alert."""


def _rang(work: Work, channel: str, since: datetime, until: datetime, *, most: int) -> int:
    (count,) = work.conn.execute(
        RANG, {"channel": channel, "since": rows.micros(since), "until": rows.micros(until), "most": most}
    ).fetchone()
    return int(count)


def _prefix(heard: announcing.Heard, hold: _Hold) -> str:
    return f"held:{hold.why}:{heard.route.to}:"


def _waiting(work: Work, heard: announcing.Heard, hold: _Hold) -> int | None:
    """The card that is due when this one would be."""
    prefix = _prefix(heard, hold)
    row = rows.one(
        work.conn.execute(
            "SELECT id FROM effects WHERE key > ? AND key < ? AND +state = 'pending' AND channel = ?"
            " AND due_at = ? ORDER BY key DESC LIMIT 1",  # +: along the keys, not through all that is pending
            (prefix, prefix + _LAST, heard.route.to, rows.micros(hold.until)),
        )
    )
    return row[0] if row else None


def _new(work: Work, heard: announcing.Heard, hold: _Hold) -> int | None:
    effect = Effect(
        key=f"{_prefix(heard, hold)}{work.at:016}:{heard.uid}:{heard.version}",
        kind=EffectKind.DIGEST,
        channel=heard.route.to,
        route=heard.route.name,
        due_at=hold.until,
        payload={GROUP: True, HELD: hold.why.value, **({BUDGET: hold.budget} if hold.budget else {})},
    )
    id_ = effects.insert(work, effects.New(effect=effect), leased=False)
    work.conn.execute("UPDATE effects SET reason = ? WHERE id = ?", (hold.why.value, id_))
    return id_


def reconsider(work: Work) -> None:
    """The policies are others now: what they hold back no longer is due, and the rest when they say."""
    held = work.conn.execute(
        "SELECT id, channel, route, reason, due_at FROM effects WHERE state = 'pending' AND reason IN (?, ?)",
        (Why.QUIET_HOURS.value, Why.BUDGET.value),
    ).fetchall()
    for id_, channel, route, reason, due_at in held:
        until = _still(work, channel, route, Why(reason), rows.moment(due_at))
        work.conn.execute("UPDATE effects SET due_at = ? WHERE id = ?", (rows.micros(until), id_))


def _still(work: Work, channel: str, route: str | None, why: Why, due_at: datetime) -> datetime:
    if why is Why.QUIET_HOURS:
        return work.noise.quiet_until(channel, route, work.now) or work.now
    budget = work.noise.budget(channel)
    return min(due_at, budget.marks.after(work.now)) if budget else work.now


# --- what came of it ----------------------------------------------------------------------------


def withheld(fetch: Fetch, card: int) -> Withheld | None:
    """Why a card of many was held back; None: it was not."""
    (payload,) = (rows.mapping(row[0]) for row in fetch("SELECT payload FROM effects WHERE id = ?", (card,)))
    if HELD not in payload:
        return None
    budget = payload.get(BUDGET, 0)
    return Withheld(why=Why(str(payload[HELD])), budget=budget if isinstance(budget, int) else 0)


def told(fetch: Fetch, since: datetime) -> tuple[ChannelNoise, ...]:
    """What each channel was told from then on."""
    at = rows.micros(since)
    sent = fetch(
        "SELECT channel, count(*) FROM effects WHERE state = 'sent' AND kind = 'alert' AND due_at >= ?"
        " GROUP BY channel",
        (at,),
    )
    alone: dict[str, int] = {row[0]: row[1] for row in sent}
    held: defaultdict[str, Counter[Why]] = defaultdict(Counter)
    criticals: Counter[str] = Counter()
    for channel, why, urgency, count in fetch(
        f"SELECT e.channel, json_extract(e.payload, '$.{HELD}'), d.urgency, count(*) FROM digest_items d"
        " JOIN effects e ON e.id = d.effect WHERE d.held_at >= ? GROUP BY 1, 2, 3",
        (at,),
    ):
        held[channel][Why(why)] += count
        criticals[channel] += count if urgency == Urgency.CRITICAL else 0
    calls = counting_calls.left_out(fetch, since)
    for channel, (_, count) in calls.items():
        criticals[channel] += count
    return tuple(
        ChannelNoise(
            channel=channel,
            alone=alone.get(channel, 0),
            held={why: held[channel][why] for why in Why if held[channel][why]},
            left_out=calls.get(channel, (0, 0))[0],
            criticals=criticals[channel],
        )
        for channel in sorted({*alone, *held, *calls})
    )
