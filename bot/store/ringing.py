"""Cards that come once more because of what a person decided: woken, handed over, held to be more urgent.

An edit arrives in silence, so the card is sent anew; the one before it steps back as one that rings again
does (`repeating`). Pages do not: the card that comes calls whom it is for (`paging`). It knows the table
effects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.model import Urgency
from bot.overrides import ANEW, Anew
from bot.payload import ELSEWHERE
from bot.records import Leased
from bot.store import effects, holding, next_steps, repeating, rows
from bot.store.paging import IS_PAGE
from bot.store.work import Work
from bot.wishes import Effect, EffectKind


def ring(
    work: Work, conversation: int, why: Anew, *, version: int, urgency: Urgency | None = None
) -> tuple[Leased, ...]:
    """The newest card of each channel comes once more; the others show what is true now, and none that waits
    tells of it again.
    """
    next_steps.rang(work, conversation, work.now)
    rung = _ring(work, conversation, why, version=version, urgency=urgency)
    for one in rung:
        holding.withdraw(work, conversation, one.effect.channel)
    return rung


def _ring(
    work: Work, conversation: int, why: Anew, *, version: int, urgency: Urgency | None
) -> tuple[Leased, ...]:
    found = work.conn.execute(
        "SELECT max(id) FROM effects WHERE conversation = ? AND kind = 'alert' AND state = 'sent'"
        f" AND replaced_by IS NULL AND NOT {IS_PAGE} GROUP BY channel ORDER BY 1",
        (conversation,),
    ).fetchall()
    newest = tuple(id_ for (id_,) in found)
    if not newest:
        return tuple(_of_many(work, conversation, why, version=version))
    rung = (_anew(work, conversation, id_, why, version=version, urgency=urgency) for id_ in newest)
    leased = tuple(one for one in rung if one is not None)
    new = {one.id for one in leased}
    others = tuple(id_ for id_ in effects.delivered(work, conversation) if id_ not in {*newest, *new})
    return (*leased, *effects.update(work, others, version=version, payload={ELSEWHERE: True}))


_ON_CARDS_OF_MANY = (
    "SELECT e.channel, e.route, m.brand, max(m.id), max(m.ask) FROM mentions m"
    " JOIN digest_items d ON d.mention = m.id JOIN effects e ON e.id = d.effect"
    f" WHERE m.conversation = ? AND NOT {IS_PAGE} GROUP BY e.channel ORDER BY min(e.id)"
)


def _of_many(work: Work, conversation: int, why: Anew, *, version: int) -> Iterator[Leased]:
    """What stood on cards of many only (a digest, a group) comes as a card of its own where those went."""
    for channel, route, brand, mention, ask in work.conn.execute(
        _ON_CARDS_OF_MANY, (conversation,)
    ).fetchall():
        effect = Effect(
            key=f"anew:of{mention}:{channel}:{version}",
            kind=EffectKind.ALERT,
            channel=channel,
            route=route,
            brand=brand,
            conversation_id=conversation,
            mention_id=mention,
            payload={ANEW: why.value},
        )
        leased = effects.first_lease(work, effects.New(effect=effect, ask=ask))
        if leased is not None:
            yield leased


def _waiting(work: Work, conversation: int) -> tuple[int, int] | None:
    """What is asked by now and by which mention: the card that rang before may be of an ask that is over."""
    row = rows.one(
        work.conn.execute(
            "SELECT max(m.id), a.id FROM asks a JOIN mentions m ON m.ask = a.id"
            " WHERE a.conversation = ? AND a.outcome IS NULL GROUP BY a.id",
            (conversation,),
        )
    )
    return (row[0], row[1]) if row else None


def _anew(
    work: Work, conversation: int, alert: int, why: Anew, *, version: int, urgency: Urgency | None
) -> Leased | None:
    ask, loud = work.conn.execute("SELECT ask, urgency FROM effects WHERE id = ?", (alert,)).fetchone()
    subject = effects.read(work, alert).effect
    if ask is not None:
        repeating.stop(work, ask, subject.channel)
    mention, ask = _waiting(work, conversation) or (subject.mention_id, ask)
    effect = replace(
        subject,
        key=f"anew:{alert}:{version}",
        due_at=None,
        mention_id=mention,
        payload={ANEW: why.value, repeating.AFTER: alert},
    )
    level = max(int(urgency or 0), loud or 0)
    return effects.first_lease(work, effects.New(effect=effect, ask=ask, urgency=level))
