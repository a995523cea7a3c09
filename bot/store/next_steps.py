"""When somebody must be asked next, as a column of each open ask: kept in step by whatever changes it.

It knows what of an ask its plan looks at, and where it stands; the plan is `bot.escalation`'s, what is done
when its time has come `escalating`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.escalation import Coming, Escalation, Kind, Wait, coming
from bot.model import Alert, ConversationState, Urgency
from bot.store import rows
from bot.store.work import Work

_SOON = timedelta(minutes=1)
NEXT = "SELECT min(escalate_at) AS at FROM asks WHERE outcome IS NULL AND escalate_at IS NOT NULL"
_ALERT = "COALESCE(json_extract(c.override, '$.alert'), v.alert)"
_TAKEN = (
    "(SELECT max(x.share) FROM escalations x WHERE x.ask = a.id AND x.kind <> :remind),"
    " (SELECT max(x.at) FROM escalations x WHERE x.ask = a.id AND x.kind <> :remind),"
    " (SELECT max(x.at) FROM escalations x WHERE x.ask = a.id AND x.kind = :remind),"
    " (SELECT count(*) FROM escalations x WHERE x.ask = a.id)"
)
_WAITING = (
    "SELECT a.id, a.brand, a.conversation, l.mention, 3 - l.rank, l.persona, v.route, c.claimed_by,"
    f" COALESCE(a.alerted_at, a.rang_at), a.escalate_at, {_TAKEN},"
    f" a.started_at, a.due_at, a.rang_at, c.state, c.claimed_at, {_ALERT}"
    " FROM asks a JOIN conversations c ON c.id = a.conversation JOIN listed l ON l.conversation = c.id"
    " JOIN verdicts v ON v.id = (SELECT max(z.id) FROM verdicts z WHERE z.mention = l.mention)"
    " WHERE a.conversation = :conversation AND a.outcome IS NULL AND a.rang_at IS NOT NULL"
    f" AND a.due_at IS NOT NULL AND {_ALERT} <> 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An open ask that staff was told of, and that was promised an answer. `first_rang_at`: when they first
    heard of it; `alert`: how.
    """

    ask: int
    brand: str
    conversation: int
    mention: int
    urgency: Urgency
    alert: Alert
    persona: str | None
    route: str
    owner: str | None
    first_rang_at: datetime
    number: int
    wait: Wait

    def coming(self, work: Work, escalation: Escalation) -> Coming | None:
        plan = escalation.plan(route=self.route, persona=self.persona, urgency=self.urgency, alert=self.alert)
        hours = work.targets.hours(self.route, self.urgency)
        return coming(self.wait, plan, hours, work.now)


def read(work: Work, conversation: int) -> Waiting | None:
    """The ask of a conversation that people may be asked about; None: there is none."""
    row = rows.one(work.conn.execute(_WAITING, {"conversation": conversation, "remind": Kind.REMIND}))
    if row is None:
        return None
    ask, brand, conversation, mention, urgency, persona, route, owner, first_rang_at = row[:9]
    share, asked_at, reminded_at, number, started_at, due_at, rang_at, state, claimed_at, alert = row[10:]
    return Waiting(
        ask=ask,
        brand=brand,
        conversation=conversation,
        mention=mention,
        urgency=Urgency(urgency),
        alert=Alert(alert),
        persona=persona,
        route=route,
        owner=owner,
        first_rang_at=rows.moment(first_rang_at),
        number=number,
        wait=Wait(
            started_at=rows.moment(started_at),
            due_at=rows.moment(due_at),
            rang_at=rows.moment(rang_at),
            state=ConversationState(state),
            claimed_at=rows.moment_or_none(claimed_at),
            share=-1 if share is None else share,
            asked_at=rows.moment_or_none(asked_at),
            reminded_at=rows.moment_or_none(reminded_at),
        ),
    )


def plan(work: Work, conversations: Iterable[int]) -> datetime | None:
    """Note when somebody must be asked next; the soonest of them. `listed` must be in step."""
    if work.escalation is None:
        return None
    found = [_plan(work, one, work.escalation) for one in conversations]
    return min(filter(None, found), default=None)


def _plan(work: Work, conversation: int, escalation: Escalation) -> datetime | None:
    waiting = read(work, conversation)
    step = waiting.coming(work, escalation) if waiting else None
    put(work, conversation, step.at if step else None)
    return step.at if step else None


def put(work: Work, conversation: int, at: datetime | None) -> None:
    work.conn.execute(
        "UPDATE asks SET escalate_at = :at WHERE conversation = :id AND outcome IS NULL"
        " AND escalate_at IS NOT :at",
        {"id": conversation, "at": rows.micros_or_none(at)},
    )


def rang(work: Work, conversation: int, at: datetime) -> None:
    """Staff hears of an ask by itself: what was to be done soon waits a little."""
    work.conn.execute(
        "UPDATE asks SET rang_at = max(COALESCE(rang_at, 0), ?) WHERE conversation = ? AND outcome IS NULL",
        (rows.micros(at), conversation),
    )


def known(work: Work, conversation: int) -> None:
    """Somebody opens an ask again. Its digest may have gone out without it: they have heard of it."""
    work.conn.execute(
        "UPDATE asks SET rang_at = COALESCE(rang_at, ?) WHERE conversation = ? AND outcome IS NULL",
        (work.at, conversation),
    )


def rang_together(work: Work, card: int, at: datetime) -> None:
    """Asks that staff hears of by a card of many; each is planned when what is due is looked at, also those
    that an incident left without a step because its card had to wait.
    """
    work.conn.execute(
        "UPDATE asks SET rang_at = :at, escalate_at = CASE WHEN :plans THEN :at END"
        " WHERE outcome IS NULL AND (rang_at IS NULL OR escalate_at IS NULL) AND id IN"
        " (SELECT m.ask FROM digest_items d JOIN mentions m ON m.id = d.mention"
        "  WHERE d.effect = :card)",
        {"at": rows.micros(at), "card": card, "plans": work.escalation is not None},
    )


def after_incident(work: Work, incident: int) -> None:
    """It is over, and its last card names who still waits: each of them is planned as though it had rung."""
    work.conn.execute(
        "UPDATE asks SET rang_at = max(COALESCE(rang_at, 0), :now),"
        " escalate_at = CASE WHEN :plans THEN :now END WHERE outcome IS NULL AND conversation IN"
        " (SELECT conversation FROM burst_posts WHERE incident = :incident)",
        {"now": work.at, "incident": incident, "plans": work.escalation is not None},
    )


def is_soon(work: Work, ask: int) -> bool:
    """Whether whoever looks at what is due must look sooner than it does anyway."""
    row = rows.one(
        work.conn.execute(
            "SELECT 1 FROM asks WHERE id = ? AND outcome IS NULL AND escalate_at < ?",
            (ask, rows.micros(work.now + _SOON)),
        )
    )
    return row is not None


def anew(work: Work) -> None:
    """Plans are others now: each open ask is looked at again, in turn, as though it were due."""
    work.conn.execute(
        "UPDATE asks SET escalate_at = :now WHERE outcome IS NULL AND rang_at IS NOT NULL"
        " AND (escalate_at IS NULL OR escalate_at > :now)",
        {"now": work.at},
    )
