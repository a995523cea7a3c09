"""What became of the mentions that each rule fired for: the Monday question, as one report.

It reads. Which mentions there are comes from `inbox`; a mention counts by its newest verdict.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, Subquery, case, func, select
from sqlmodel import col

from bot.model import EffectKind
from bot.orders import Silence
from bot.records import RuleCount
from bot.store import inbox
from bot.store.tables import AskRow, EffectRow, FeedbackRow, FiredRow


def read(conn: Connection, wanted: inbox.Wanted, silences: tuple[Silence, ...]) -> tuple[RuleCount, ...]:
    """Most mentions first; silenced rules that fired for none come last. `limit` does not count here."""
    found = inbox.wanted_rows(wanted).order_by(None).limit(None).subquery()
    said = _feedback(conn, found)
    until: dict[str | None, datetime] = {silence.rule: silence.until for silence in silences}
    counts = [
        RuleCount(
            rule=rule,
            mentions=mentions,
            alerts=alerts,
            claims=claims,
            feedback=said.get(rule, {}),
            silenced_until=until.pop(rule, None),
        )
        for rule, mentions, alerts, claims in _counted(conn, found)
    ]
    quiet = (RuleCount(rule=rule, mentions=0, silenced_until=at) for rule, at in until.items())
    return (*counts, *(one for one in quiet if wanted.rule in {None, one.rule}))


def _counted(conn: Connection, found: Subquery) -> list[tuple[str | None, int, int, int]]:
    """Rule, mentions, those of them that rang, those whose wait somebody claimed."""
    rang = select(EffectRow.mention).where(
        col(EffectRow.kind) == EffectKind.ALERT.value,
        col(EffectRow.state) == "sent",
        col(EffectRow.mention).is_not(None),
    )
    rule, count = col(FiredRow.rule), func.count()
    query = (
        select(
            rule,
            count,
            func.sum(case((found.c.mention.in_(rang), 1), else_=0)),
            func.count(AskRow.claimed_at),
        )
        .select_from(found)
        .outerjoin(FiredRow, col(FiredRow.verdict) == found.c.verdict)
        .outerjoin(AskRow, col(AskRow.id) == found.c.ask)
        .group_by(rule)
        .order_by(count.desc(), rule)
    )
    return [(name, mentions, alerts, claims) for name, mentions, alerts, claims in conn.execute(query)]


def _feedback(conn: Connection, found: Subquery) -> dict[str | None, dict[str, int]]:
    """Rule → what people say of its verdicts → how many of them."""
    rule, says = col(FiredRow.rule), col(FeedbackRow.says)
    query = (
        select(rule, says, func.count())
        .select_from(found)
        .join(FeedbackRow, col(FeedbackRow.verdict) == found.c.verdict)
        .outerjoin(FiredRow, col(FiredRow.verdict) == found.c.verdict)
        .group_by(rule, says)
    )
    told: dict[str | None, dict[str, int]] = defaultdict(dict)
    for name, word, people in conn.execute(query):
        told[name][word] = people
    return told
