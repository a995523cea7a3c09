"""Steps that were taken for asks that nobody answered, as they are told. It knows the table escalations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.escalation import Asked, Kind, Taken
from bot.store import rows

if TYPE_CHECKING:
    from bot.store.card import Fetch

_A_DAY = timedelta(hours=24)
_COLUMNS = "e.number, e.kind, e.step, e.share, e.whom, e.owner, e.at"


def of_ask(fetch: Fetch, ask: int) -> tuple[Asked, ...]:
    """Oldest first."""
    found = fetch(f"SELECT {_COLUMNS} FROM escalations e WHERE e.ask = ? ORDER BY e.number", (ask,))
    return tuple(map(_asked, found))


def of_mention(fetch: Fetch, mention: int) -> tuple[Asked, ...]:
    """Those of the ask that its conversation waits on now, else of the mention's own."""
    found = fetch(
        "SELECT COALESCE((SELECT a.id FROM asks a WHERE a.conversation = m.conversation"
        " AND a.outcome IS NULL), m.ask) FROM mentions m WHERE m.id = ?",
        (mention,),
    )
    return of_ask(fetch, found[0][0]) if found and found[0][0] is not None else ()


def of_conversation(fetch: Fetch, conversation: int) -> tuple[Asked, ...]:
    """Those of all its asks, oldest first."""
    found = fetch(
        f"SELECT {_COLUMNS} FROM escalations e WHERE e.conversation = ? ORDER BY e.id", (conversation,)
    )
    return tuple(map(_asked, found))


def count(fetch: Fetch, now: datetime) -> Taken:
    open_asks = fetch(
        "SELECT count(*) FROM asks a WHERE a.outcome IS NULL AND a.rang_at IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM escalations e WHERE e.ask = a.id AND e.kind <> ?)",
        (Kind.REMIND,),
    )
    taken = fetch("SELECT count(*) FROM escalations e WHERE e.at >= ?", (rows.micros(now - _A_DAY),))
    return Taken(asks=int(open_asks[0][0]), of_day=int(taken[0][0]))


def _asked(row: rows.Row) -> Asked:
    number, kind, step, share, whom, owner, at = row
    return Asked(
        number=number,
        kind=Kind(kind),
        step=step,
        share=share,
        whom=rows.texts(whom),
        owner=owner,
        at=rows.moment(at),
    )
