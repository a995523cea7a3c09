"""How far each ask came and when, read from the tables; and which stages are new to the metrics.

It knows asks, and where an approval and an urgency stand; what follows from it is `bot.stages`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.model import Urgency
from bot.stages import STAGES, Course, Reached, Stage
from bot.store import rows
from bot.store.work import Work

_LEVELS = tuple(Urgency)

_SAID = (
    "CASE WHEN c.override IS NOT NULL AND a.id = (SELECT max(y.id) FROM asks y WHERE y.conversation = c.id)"
    " THEN json_extract(c.override, '$.urgency') END"
)
"""What people say of the urgency holds for the newest wait."""
_JUDGED = (
    "(SELECT max(v.urgency) FROM mentions m JOIN verdicts v"
    " ON v.id = (SELECT max(w.id) FROM verdicts w WHERE w.mention = m.id) WHERE m.ask = a.id)"
)
_APPROVED = (
    "(SELECT min(r.approved_at) FROM replies r JOIN mentions x ON x.id = r.mention"
    " WHERE r.conversation = c.id AND x.ask = a.id AND NOT r.is_automatic AND r.corrects IS NULL"
    " AND r.state <> 'canceled')"
)
COURSE = (
    f"SELECT COALESCE({_SAID}, {_JUDGED}, 0), a.started_at, a.seen_at, a.alerted_at, a.claimed_at,"
    f" {_APPROVED}, a.answered_at, a.ended_at, a.outcome IS NULL, a.due_at, a.id, a.counted"
    " FROM asks a JOIN conversations c ON c.id = a.conversation"
    " WHERE a.brand IN (SELECT name FROM brands WHERE NOT is_rival)"
)
"""What `course` makes one of."""


def course(row: rows.Row, *, observed_to: int) -> Course:
    urgency, started_at, *reached, ended_at, is_open, due_at, _ask, _counted = row
    return Course(
        urgency=_LEVELS[urgency],
        started_at=started_at,
        reached=tuple(reached),
        watched_to=max(started_at, observed_to if ended_at is None else ended_at),
        is_open=bool(is_open),
        due_at=due_at,
    )


_UNCOUNTED = (
    f"{COURSE} AND a.conversation = ? AND (a.counted & 1 = 0"
    " OR (a.alerted_at IS NOT NULL AND a.counted & 2 = 0)"
    " OR (a.claimed_at IS NOT NULL AND a.counted & 4 = 0)"
    " OR (a.counted & 8 = 0 AND EXISTS (SELECT 1 FROM replies z WHERE z.conversation = a.conversation))"
    " OR (a.answered_at IS NOT NULL AND a.counted & 16 = 0))"
)
"""Those that came to a stage that is not counted yet: a bit a stage, in the order of `STAGES`."""


def count(work: Work, conversations: Iterable[int]) -> None:
    """Note the stages that asks of these conversations came to, each once and for all: an ask that comes to
    one again, after an undo or a restart, is not noted again.
    """
    for conversation in conversations:
        for row in work.conn.execute(_UNCOUNTED, (conversation,)).fetchall():
            _count(work, course(row, observed_to=work.at), ask=row[-2], counted=row[-1])


def _count(work: Work, went: Course, *, ask: int, counted: int) -> None:
    new = 0
    for place, (stage, at) in enumerate(zip(STAGES, went.reached, strict=True)):
        if at is not None and not counted & 1 << place:
            new |= 1 << place
            after = timedelta(microseconds=max(0, at - went.started_at))
            kept = at <= went.due_at if stage is Stage.ANSWERED and went.due_at is not None else None
            work.reached.append(Reached(stage=stage, urgency=went.urgency, after=after, kept=kept))
    if new:
        work.conn.execute("UPDATE asks SET counted = counted | ? WHERE id = ?", (new, ask))
