"""The mentions that people look through, as one query and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, select
from sqlmodel import col

from bot.model import ConversationState, Urgency
from bot.records import CLOSED, InboxRow, Tally
from bot.store.effect_tables import DigestItemRow
from bot.store.tables import (
    AskRow,
    AuthorRow,
    BrandRow,
    ConversationRow,
    FiredRow,
    MentionRow,
    PostRow,
    VerdictRow,
)

_Query: TypeAlias = Select[*tuple[Any, ...]]

_URGENCY = func.coalesce(
    func.json_extract(col(ConversationRow.override), "$.urgency"), col(VerdictRow.urgency)
)
"""As a person says, else as the rules say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`brand` None is every brand of ours; rivals only by name. Ignored mentions show where they are asked
    for: by the rule that fired, or with everything else that is closed. `since` is when we got them.
    """

    limit: int
    brand: str | None = None
    include_closed: bool = False
    rule: str | None = None
    since: datetime | None = None


def newest_verdict() -> ColumnElement[bool]:
    """Joins a mention to the verdict that counts."""
    newest = select(func.max(VerdictRow.id)).where(col(VerdictRow.mention) == col(MentionRow.id))
    return col(VerdictRow.id) == newest.correlate(MentionRow).scalar_subquery()


def _rows() -> _Query:
    query: _Query = (
        select(
            col(MentionRow.uid),
            col(MentionRow.brand),
            col(PostRow.platform),
            _URGENCY.label("urgency"),
            col(ConversationRow.state),
            col(VerdictRow.ignored),
            func.coalesce(PostRow.author_handle, AuthorRow.handle, PostRow.author_id).label("author"),
            col(PostRow.text),
            col(PostRow.title),
            col(PostRow.url),
            col(PostRow.posted_at),
            col(AskRow.due_at),
            col(AskRow.answered_at),
            col(ConversationRow.claimed_by),
            col(VerdictRow.route),
            col(VerdictRow.id).label("verdict"),
            and_(
                col(AskRow.id).is_not(None), col(AskRow.outcome).is_(None), col(BrandRow.is_rival).is_(False)
            ).label("is_waiting"),
        )
        .join_from(MentionRow, PostRow, col(PostRow.id) == col(MentionRow.post))
        .join(BrandRow, col(BrandRow.name) == col(MentionRow.brand))
        .join(ConversationRow, col(ConversationRow.id) == col(MentionRow.conversation))
        .join(VerdictRow, newest_verdict())
        .outerjoin(AskRow, col(AskRow.id) == col(MentionRow.ask))
        .outerjoin(
            AuthorRow,
            and_(
                col(AuthorRow.platform) == col(PostRow.platform),
                col(AuthorRow.author_id) == col(PostRow.author_id),
            ),
        )
        .order_by(_URGENCY.desc(), col(PostRow.posted_at), col(MentionRow.id))
    )
    return query


def _wanted(wanted: Wanted) -> _Query:
    query = _rows().limit(wanted.limit)
    if wanted.since is not None:
        query = query.where(col(PostRow.stored_at) >= wanted.since)
    if wanted.brand is not None:
        query = query.where(col(MentionRow.brand) == wanted.brand)
    else:
        query = query.where(col(BrandRow.is_rival).is_(False))
    if wanted.rule is not None:
        fired = col(FiredRow.verdict) == col(VerdictRow.id)
        query = query.where(exists().where(fired, col(FiredRow.rule) == wanted.rule))
    elif not wanted.include_closed:
        query = query.where(col(VerdictRow.ignored).is_(False))
    if not wanted.include_closed:
        query = query.where(*_is_open())
    return query


def read(conn: Connection, wanted: Wanted) -> tuple[InboxRow, ...]:
    """Most urgent first, then longest waiting."""
    return _read(conn, _wanted(wanted))


def tallies(conn: Connection) -> tuple[Tally, ...]:
    """Every mention, rivals' and ignored ones too, by brand and urgency; most urgent first."""
    brand, urgency = col(MentionRow.brand), col(VerdictRow.urgency)
    query = (
        select(brand, urgency, func.count())
        .select_from(MentionRow)
        .join(VerdictRow, newest_verdict())
        .group_by(brand, urgency)
        .order_by(urgency.desc(), brand)
    )
    found = conn.execute(query)
    return tuple(Tally(brand=name, urgency=Urgency(of), mentions=number) for name, of, number in found)


def collected(conn: Connection, digest: int) -> tuple[InboxRow, ...]:
    """What a digest effect has collected and is still open, and held to be worth a look, by now."""
    items = select(col(DigestItemRow.mention)).where(col(DigestItemRow.effect) == digest)
    query = _rows().where(col(MentionRow.id).in_(items), col(VerdictRow.ignored).is_(False), *_is_open())
    return _read(conn, query)


def named(conn: Connection, uids: Sequence[str]) -> tuple[InboxRow, ...]:
    """These mentions, open or not."""
    return _read(conn, _rows().where(col(MentionRow.uid).in_(uids)))


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return (col(ConversationRow.state).not_in(CLOSED), col(PostRow.deleted_at).is_(None))


def _read(conn: Connection, query: _Query) -> tuple[InboxRow, ...]:
    found = conn.execute(query).all()
    rules = _rules(conn, [row.verdict for row in found])
    return tuple(_row(row, rules.get(row.verdict, ())) for row in found)


def _rules(conn: Connection, verdicts: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The rules that fired in each verdict, in its order."""
    names: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(verdicts), 500):
        query = (
            select(col(FiredRow.verdict), col(FiredRow.rule))
            .where(col(FiredRow.verdict).in_(verdicts[start : start + 500]))
            .order_by(col(FiredRow.verdict), col(FiredRow.place))
        )
        for verdict, rule in conn.execute(query):
            names[verdict] = (*names.get(verdict, ()), rule)
    return names


def _row(row: Row[Any], rules: tuple[str, ...]) -> InboxRow:
    return InboxRow(
        mention_id=row.uid,
        brand=row.brand,
        platform=row.platform,
        urgency=Urgency(row.urgency),
        state=ConversationState(row.state),
        ignored=row.ignored,
        author=row.author,
        text=row.text or row.title,
        url=row.url,
        posted_at=row.posted_at,
        due_at=row.due_at,
        answered_at=row.answered_at,
        claimed_by=row.claimed_by,
        route=row.route,
        rules=rules,
        is_waiting=bool(row.is_waiting),
    )
