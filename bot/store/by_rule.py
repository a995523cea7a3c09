"""What became of the mentions that each rule fired for: the Monday question, as one report.

It reads. A mention counts by its newest verdict.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, Connection, case, exists, func, select
from sqlmodel import col

from bot.orders import Silence
from bot.reports import RuleCount
from bot.silenced import Scope
from bot.store.effect_tables import DigestItemRow, EffectRow
from bot.store.tables import (
    AskRow,
    BrandRow,
    FeedbackRow,
    FiredRow,
    MentionRow,
    PostRow,
    VerdictRow,
)
from bot.wishes import EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of which mentions: of a brand (None: ours), that a rule fired for, that we got `since` then."""

    brand: str | None = None
    rule: str | None = None
    since: datetime | None = None


def read(conn: Connection, asked: Asked, silences: tuple[Silence, ...]) -> tuple[RuleCount, ...]:
    """Most mentions first; silenced rules that fired for none come last."""
    found = _found(asked)
    said = _feedback(conn, found)
    until: dict[str | None, datetime] = {one.name: one.until for one in silences if one.scope is Scope.RULE}
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
    return (*counts, *(one for one in quiet if asked.rule in {None, one.rule}))


def _found(asked: Asked) -> CTE:
    """Each mention with its ask and its newest verdict, looked up once (`MATERIALIZED`)."""
    newest = (
        select(func.max(VerdictRow.id))
        .where(col(VerdictRow.mention) == col(MentionRow.id))
        .correlate(MentionRow)
        .scalar_subquery()
    )
    query = (
        select(col(MentionRow.ask).label("ask"), col(MentionRow.id).label("mention"), newest.label("verdict"))
        .join_from(MentionRow, PostRow, col(PostRow.id) == col(MentionRow.post))
        .join(BrandRow, col(BrandRow.name) == col(MentionRow.brand))
    )
    if asked.brand is None:
        query = query.where(col(BrandRow.is_rival).is_(False))
    else:
        query = query.where(col(MentionRow.brand) == asked.brand)
    if asked.since is not None:
        query = query.where(col(PostRow.stored_at) >= asked.since)
    if asked.rule is not None:
        query = query.where(exists().where(col(FiredRow.verdict) == newest, col(FiredRow.rule) == asked.rule))
    return query.cte("found").prefix_with("MATERIALIZED")


def _counted(conn: Connection, found: CTE) -> list[tuple[str | None, int, int, int]]:
    """Rule, mentions, those of them that rang (alone or with others), those whose wait somebody claimed."""
    was_sent = col(EffectRow.state) == "sent"
    alone = select(col(EffectRow.mention)).where(
        was_sent, col(EffectRow.kind) == EffectKind.ALERT.value, col(EffectRow.mention).is_not(None)
    )
    with_others = select(col(DigestItemRow.mention)).where(
        was_sent, col(DigestItemRow.effect) == col(EffectRow.id), col(EffectRow.group_key).is_not(None)
    )
    rang = alone.union(with_others)
    rule, count = col(FiredRow.rule), func.count()
    query = (
        select(
            rule,
            count,
            func.sum(case((found.c.mention.in_(rang), 1), else_=0)),
            func.count(col(AskRow.claimed_at)),
        )
        .select_from(found)
        .outerjoin(FiredRow, col(FiredRow.verdict) == found.c.verdict)
        .outerjoin(AskRow, col(AskRow.id) == found.c.ask)
        .group_by(rule)
        .order_by(count.desc(), rule)
    )
    return [(name, mentions, alerts, claims) for name, mentions, alerts, claims in conn.execute(query)]


def _feedback(conn: Connection, found: CTE) -> dict[str | None, dict[str, int]]:
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
