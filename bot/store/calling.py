"""Whether staff was called by a conversation a moment ago: its author calls once an hour, unless it becomes
more urgent.

It knows the tables effects and digest_items.
"""

from __future__ import annotations

from bot.model import Urgency
from bot.noise import ONE_CALL
from bot.payload import GROUP, HUSHED
from bot.store import rows
from bot.store.work import Work

_PINGS = "v.id = (SELECT max(x.id) FROM verdicts x WHERE x.mention = {mention}) AND v.alert = 'ping'"
_GOES = "e.channel = :channel AND e.state IN ('pending', 'leased', 'sent') AND e.due_at > :since"
_CALLED = (
    f"SELECT 1 FROM effects e JOIN verdicts v ON {_PINGS.format(mention='e.mention')}"
    f" WHERE e.conversation = :conversation AND e.kind = 'alert' AND {_GOES} AND e.urgency >= :urgency"
    f" AND json_extract(e.payload, '$.{HUSHED}') IS NULL"
    " UNION ALL SELECT 1 FROM mentions m JOIN digest_items d ON d.mention = m.id"
    f" JOIN effects e ON e.id = d.effect JOIN verdicts v ON {_PINGS.format(mention='m.id')}"
    f" WHERE m.conversation = :conversation AND {_GOES} AND v.urgency >= :urgency"
    f" AND json_extract(e.payload, '$.{GROUP}') LIMIT 1"
)


def was_called(work: Work, conversation: int, *, channel: str, urgency: Urgency) -> bool:
    """By something at least as urgent; what is to go out soon counts."""
    found = rows.one(
        work.conn.execute(
            _CALLED,
            {
                "conversation": conversation,
                "channel": channel,
                "urgency": int(urgency),
                "since": rows.micros(work.now - ONE_CALL),
            },
        )
    )
    return found is not None
