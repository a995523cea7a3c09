"""Steps that are due for asks that nobody answered: who is asked now, the card that calls them, and what
becomes of a claim that came to nothing. Each step is a row, written with its card in one unit.

What leases effects takes them, as it wakes what was snoozed. Of several steps that are due by now the last is
taken; where many asks come to one together, they stand on one card. It knows the tables asks, escalations and
effects; when a step is due `next_steps` notes, whom it asks `bot.escalation` says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.escalation import WORDS, Coming, Duties, Escalation, Kind, whom
from bot.model import ConversationState, Urgency
from bot.overrides import ANEW, Anew
from bot.payload import ASKED, ELSEWHERE, GROUP
from bot.records import Leased
from bot.replies import ReplyState
from bot.store import (
    card,
    covering,
    effects,
    escalated,
    incidents,
    listing,
    next_steps,
    repeating,
    rows,
    threads,
)
from bot.store.next_steps import Waiting
from bot.store.paging import IS_PAGE
from bot.store.work import Work
from bot.wishes import Effect, EffectKind

AT_ONCE = 3
"""So many cards ring in a channel for the same people at once; more are one card."""
_MOST = 250
_LOOK_AGAIN = timedelta(minutes=5)
_ON_ITS_WAY = (ReplyState.HELD.value, ReplyState.GOING.value)
_WHY: Mapping[Kind, Anew] = {
    Kind.ASK: Anew.ASKED,
    Kind.REPEAT: Anew.ASKED,
    Kind.RETURN: Anew.RETURNED,
    Kind.REMIND: Anew.REMINDED,
}
_DUE = (
    "SELECT conversation FROM asks WHERE outcome IS NULL AND escalate_at <= ?"
    " ORDER BY escalate_at, id LIMIT ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """A step that was taken, as logs and metrics tell of it; `step`: whom it asks by the plan."""

    conversation: int
    ask: int
    step: str
    share: int
    whom: tuple[str, ...]
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A step with what its card needs. `home`: where the ask's cards are, and by which route they came."""

    waiting: Waiting
    coming: Coming
    number: int
    whom: tuple[str, ...]
    home: tuple[str, str]
    version: int

    @property
    def channel(self) -> str:
        return self.coming.step.to or self.home[0]

    @property
    def why(self) -> Anew:
        return _WHY[self.coming.kind]

    @property
    def label(self) -> str:
        return _label(self.coming)


def take_due(work: Work) -> tuple[tuple[Leased, ...], tuple[Escalated, ...]]:
    """What is due by now, oldest first, so many at most; the rest is due at once again."""
    if work.escalation is None:
        return (), ()
    due = [one for (one,) in work.conn.execute(_DUE, (work.at, _MOST)).fetchall()]
    taken = [step for one in due if (step := _take(work, one, work.escalation)) is not None]
    leased = _ring(work, taken)
    listing.refresh(work)
    told = (
        Escalated(
            conversation=one.waiting.conversation,
            ask=one.waiting.ask,
            step=one.label,
            share=one.coming.share,
            whom=one.whom,
            channel=one.channel,
        )
        for one in taken
    )
    return leased, tuple(told)


def _take(work: Work, conversation: int, escalation: Escalation) -> _Taken | None:
    """The step that is due, as rows; None: none is, by the plan as it is now."""
    waiting = next_steps.read(work, conversation)
    coming = waiting.coming(work, escalation) if waiting else None
    home = _home(work, waiting) if waiting else None
    if waiting is None or coming is None or home is None or coming.at > work.now:
        next_steps.put(work, conversation, coming.at if coming and home else None)
        return None
    if _is_being_answered(work, conversation):
        next_steps.put(work, conversation, work.now + _LOOK_AGAIN)
        return None
    if waiting.urgency < Urgency.CRITICAL and _is_put_off(work, waiting, coming, home):
        return None
    asked = _whom(work, waiting, coming, escalation)
    is_back = coming.kind is Kind.RETURN
    version = _return(work, conversation) if is_back else threads.advance(work, conversation)
    step = _Taken(
        waiting=waiting,
        coming=coming,
        number=waiting.number + 1,
        whom=asked,
        home=home,
        version=version,
    )
    _write(work, step)
    return step


def _is_put_off(work: Work, waiting: Waiting, coming: Coming, home: tuple[str, str]) -> bool:
    """In quiet hours nobody is asked, but once they are over; while an incident runs its card asks, and the
    end of it plans those who still wait (`next_steps.after_incident`).
    """
    until = work.noise.quiet_until(coming.step.to or home[0], home[1], work.now)
    is_in_incident = incidents.has(work, waiting.conversation)
    if until is not None or is_in_incident:
        next_steps.put(work, waiting.conversation, None if is_in_incident else until)
    return until is not None or is_in_incident


def _home(work: Work, waiting: Waiting) -> tuple[str, str] | None:
    """The channel where it was first heard of, by its own route if possible, and by which route that was; or
    where it would have been, had anything been left on its digest.
    """
    row = rows.one(
        work.conn.execute(
            "SELECT channel, route FROM (SELECT e.id, e.channel, e.route FROM effects e"
            "  WHERE e.conversation = :id AND e.kind = 'alert' AND +e.state = 'sent'"  # not by its index
            f" AND NOT {IS_PAGE}"
            " UNION ALL SELECT e.id, e.channel, e.route FROM mentions m"
            "  JOIN digest_items d ON d.mention = m.id JOIN effects e ON e.id = d.effect"
            "  WHERE m.conversation = :id AND +e.state IN ('sent', 'dropped') AND e.kind = 'digest')"
            " ORDER BY route IS NOT :route, id LIMIT 1",
            {"id": waiting.conversation, "route": waiting.route},
        )
    )
    return (row[0], row[1] or waiting.route) if row else None


def _is_being_answered(work: Work, conversation: int) -> bool:
    """An answer that was approved is about to be published: nobody else need be asked."""
    row = work.conn.execute(
        "SELECT EXISTS (SELECT 1 FROM replies"
        " WHERE conversation = ? AND NOT is_automatic AND state IN (?, ?))",
        (conversation, *_ON_ITS_WAY),
    ).fetchone()
    return bool(row[0])


def _whom(work: Work, waiting: Waiting, coming: Coming, escalation: Escalation) -> tuple[str, ...]:
    """Nobody twice before all others: who was on call when it rang counts as asked."""
    if coming.kind is Kind.REMIND:
        return (waiting.owner,) if waiting.owner else ()
    fetch = card.fetcher(work.conn)
    duties = Duties(
        rotation=escalation.on_call.rotation(waiting.route),
        covers=covering.standing(fetch, waiting.first_rang_at),
        leads=escalation.leads,
    )
    earlier = {person for one in escalated.of_ask(fetch, waiting.ask) for person in (*one.whom, one.owner)}
    before = {duties.person(waiting.first_rang_at), waiting.owner, *earlier}
    return whom(coming.step, duties, work.now, {person for person in before if person})


def _return(work: Work, conversation: int) -> int:
    """Nobody has it any more; the version."""
    work.conn.execute(
        "UPDATE conversations SET claimed_by = NULL, claimed_at = NULL WHERE id = ?", (conversation,)
    )
    version = threads.advance(work, conversation, ConversationState.OPEN)
    repeating.resume(work, conversation)
    return version


def _write(work: Work, step: _Taken) -> None:
    waiting, coming = step.waiting, step.coming
    work.conn.execute(
        "INSERT INTO escalations (brand, ask, conversation, number, kind, step, share, whom, owner, at)"
        f" VALUES ({rows.marks(10)})",
        (
            waiting.brand,
            waiting.ask,
            waiting.conversation,
            step.number,
            coming.kind,
            step.label,
            coming.share,
            rows.dump(step.whom),
            waiting.owner,
            work.at,
        ),
    )


def _label(coming: Coming) -> str:
    if coming.kind is not Kind.ASK:
        return coming.kind.value
    return coming.step.ask if coming.step.ask in WORDS else "person"


# --- cards ----------------------------------------------------------------------------------------


def _ring(work: Work, taken: Iterable[_Taken]) -> tuple[Leased, ...]:
    """Each step on a card of its own, or, where there are many of a kind, on one card together."""
    together: dict[tuple[str, Anew, tuple[str, ...]], list[_Taken]] = defaultdict(list)
    leased: list[Leased] = []
    for step in taken:
        together[step.channel, step.why, step.whom].append(step)
    for steps in together.values():
        if len(steps) > AT_ONCE:
            _ring_together(work, steps)
        else:
            rung = (_ring_alone(work, step) for step in steps)
            leased += (one for one in rung if one is not None)
    rung_now = {id_ for one in leased for id_ in (one.id, one.effect.payload.get(repeating.AFTER))}
    for step in taken:
        shown = effects.delivered(work, step.waiting.conversation)
        others = tuple(id_ for id_ in shown if id_ not in rung_now)
        leased += effects.update(work, others, version=step.version, payload={ELSEWHERE: True})
    return tuple({one.id: one for one in leased}.values())


def _ring_alone(work: Work, step: _Taken) -> Leased | None:
    """The card of the conversation comes once more in that channel; what it takes the place of steps back."""
    ask, conversation, channel = step.waiting.ask, step.waiting.conversation, step.channel
    repeating.stop(work, ask, channel)
    before = rows.one(
        work.conn.execute(
            "SELECT max(id) FROM effects WHERE conversation = ? AND channel = ? AND kind = 'alert'"
            " AND state = 'sent' AND replaced_by IS NULL",
            (conversation, channel),
        )
    )
    after = {repeating.AFTER: before[0]} if before and before[0] is not None else {}
    effect = Effect(
        key=f"asked:{ask}:{step.number}:{channel}",
        kind=EffectKind.ALERT,
        channel=channel,
        route=step.home[1],
        brand=step.waiting.brand,
        conversation_id=conversation,
        mention_id=step.waiting.mention,
        payload={ANEW: step.why.value, ASKED: step.number, **after},
    )
    return effects.first_lease(work, effects.New(effect=effect, ask=ask, urgency=int(step.waiting.urgency)))


def _ring_together(work: Work, steps: list[_Taken]) -> None:
    """One card of many, or one more line on that which waits already."""
    first, channel = steps[0], steps[0].channel
    payload = {GROUP: True, ANEW: first.why.value, ASKED: list(first.whom)}
    row = rows.one(
        work.conn.execute(
            "SELECT id FROM effects WHERE state = 'pending' AND kind = 'digest' AND channel = ?"
            " AND attempts = 0 AND payload = ? ORDER BY id DESC LIMIT 1",
            (channel, rows.dump(payload)),
        )
    )
    effect = Effect(
        key=f"asked:{first.waiting.ask}:{first.number}:{channel}:many",
        kind=EffectKind.DIGEST,
        channel=channel,
        route=first.home[1],
        payload=payload,
    )
    found = row[0] if row else effects.insert(work, effects.New(effect=effect), leased=False)
    work.conn.executemany(
        "INSERT INTO digest_items (effect, mention, brand) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(found, step.waiting.mention, step.waiting.brand) for step in steps],
    )
