"""What the page lists: one row a conversation, kept in step by whatever changes what a card would show.

It knows the table listed and how it follows from the others; which rows are wanted comes in as `Wanted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.listing import Listed, Listing, Place, Tallies, View, Wanted
from bot.model import ConversationState, Kind, Urgency
from bot.store import courses, next_steps, rows
from bot.store.card import Fetch
from bot.store.work import Work

_REFRESH = (
    "INSERT INTO listed (conversation, brand, platform, mention, is_open, rank, wait_at, posted_at, state,"
    " ignored, persona, lang, claimed_by, due_at)"
    " SELECT c.id, c.brand, c.platform, m.id,"
    " c.state IN ('open', 'claimed', 'snoozed') AND NOT v.ignored AND p.deleted_at IS NULL,"
    " 3 - COALESCE(json_extract(c.override, '$.urgency'), v.urgency), COALESCE(a.due_at, p.posted_at),"
    " p.posted_at, c.state, v.ignored, COALESCE(json_extract(c.override, '$.persona'), v.persona),"
    " json_extract(v.facts, '$.lang'), c.claimed_by, a.due_at"
    " FROM conversations c LEFT JOIN asks a ON a.conversation = c.id AND a.outcome IS NULL"
    " JOIN mentions m ON m.id = (SELECT x.id FROM mentions x JOIN posts y ON y.id = x.post"
    "  JOIN verdicts w ON w.id = (SELECT max(id) FROM verdicts WHERE mention = x.id)"
    "  LEFT JOIN asks o ON o.id = x.ask AND o.outcome IS NULL WHERE x.conversation = c.id"
    "  ORDER BY y.deleted_at IS NOT NULL, o.id IS NULL, w.ignored,"
    "  CASE WHEN o.id IS NULL THEN 0 ELSE -w.urgency END, y.posted_at DESC, x.id DESC LIMIT 1)"
    " JOIN posts p ON p.id = m.post"
    " JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
    " WHERE c.id = ?"
    " ON CONFLICT (conversation) DO UPDATE SET mention = excluded.mention, is_open = excluded.is_open,"
    " rank = excluded.rank, wait_at = excluded.wait_at, posted_at = excluded.posted_at,"
    " state = excluded.state, ignored = excluded.ignored, persona = excluded.persona, lang = excluded.lang,"
    " claimed_by = excluded.claimed_by, due_at = excluded.due_at"
)

_ROW = (
    "SELECT l.conversation, m.uid, l.brand, l.platform, l.rank, l.state, l.ignored, l.persona, l.lang,"
    " l.claimed_by, l.due_at, l.wait_at, p.posted_at, p.text, p.title, m.spans, m.kind, p.url, p.deleted_at,"
    " COALESCE(u.name, ''), COALESCE(p.author_handle, u.handle, ''), p.author_id, v.verdict, c.claimed_at,"
    " (SELECT count(*) FROM mentions x WHERE x.conversation = l.conversation),"
    " d.started_at, d.answered_at"
    " FROM listed l JOIN mentions m ON m.id = l.mention JOIN posts p ON p.id = m.post"
    " JOIN conversations c ON c.id = l.conversation"
    " JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
    " LEFT JOIN authors u ON u.platform = p.platform AND u.author_id = p.author_id"
    " LEFT JOIN asks d ON d.id = m.ask"
)

MOST_FOUND = 2_000
"""A search looks through the newest posts first and sorts so many of those that match."""
_FOUND = (  # posts in the order in which they lie in the file: anything else would read it a page a post
    "(SELECT x.id FROM posts x WHERE x.text LIKE :text ESCAPE '\\' OR x.title LIKE :text ESCAPE '\\'"
    "  ORDER BY x.id DESC LIMIT :most) p"
    " CROSS JOIN mentions m ON m.post = p.id"
    " CROSS JOIN listed l INDEXED BY ix_listed_mention ON l.mention = m.id"
)
_SOONEST = "l.rank, l.wait_at, l.conversation"
_NEWEST = "l.posted_at DESC, l.conversation DESC"
_BY_URGENCY = frozenset({View.OPEN, View.OVERDUE})

_VIEWS: Mapping[View, str] = {
    View.OPEN: "l.is_open = 1",
    View.OVERDUE: "l.is_open = 1 AND l.due_at < :now",
    View.ANSWERED: "l.state = 'answered'",
    View.DISMISSED: "l.state = 'dismissed'",
    View.IGNORED: "l.ignored = 1",
    View.ALL: "1",
}


def refresh(work: Work) -> None:
    """Bring the rows of all conversations that this unit touched in step, note which stages their asks came
    to, and when somebody must be asked next. Call it last.
    """
    if work.touched:
        courses.count(work, work.touched)
        work.conn.executemany(_REFRESH, [(one,) for one in work.touched])
        next_steps.plan(work, work.touched)
        work.touched.clear()


def read(fetch: Fetch, wanted: Wanted, *, now: datetime) -> Listing:
    """One page of what is wanted, and where the next one begins."""
    where, values = _where(wanted, now)
    order = _SOONEST if wanted.view in _BY_URGENCY else _NEWEST
    table = _FOUND if wanted.text else "listed l"
    chosen = f"SELECT l.conversation FROM {table} WHERE {where} ORDER BY {order} LIMIT :limit"
    keys = [row[0] for row in fetch(chosen, {**values, "limit": wanted.limit + 1})]
    found = {row[0]: listed(row) for row in _rows(fetch, keys[: wanted.limit])}
    shown = tuple(found[key] for key in keys[: wanted.limit] if key in found)
    after = _place(shown[-1], wanted) if len(keys) > wanted.limit and shown else None
    return Listing(rows=shown, after=after)


def of(fetch: Fetch, conversations: list[int]) -> tuple[Listed, ...]:
    """These conversations, in the order given."""
    found = {row[0]: listed(row) for row in _rows(fetch, conversations)}
    return tuple(found[key] for key in conversations if key in found)


def _rows(fetch: Fetch, keys: list[int]) -> list[rows.Row]:
    return list(fetch(f"{_ROW} WHERE l.conversation IN (SELECT value FROM json_each(?))", (rows.dump(keys),)))


def tallies(fetch: Fetch, brand: str, person: str | None, *, now: datetime) -> Tallies:
    """How many wait, by urgency; how many are overdue, and how many this person has."""
    found = fetch(
        "SELECT rank, count(*), total(due_at < :now), total(claimed_by IS NOT NULL AND claimed_by = :person)"
        " FROM listed WHERE brand = :brand AND is_open = 1 GROUP BY rank ORDER BY rank",
        {"brand": brand, "person": person or "", "now": rows.micros(now)},
    )
    return Tallies(
        waiting={Urgency(3 - row[0]): row[1] for row in found},
        overdue=int(sum(row[2] for row in found)),
        mine=int(sum(row[3] for row in found)),
    )


def _where(wanted: Wanted, now: datetime) -> tuple[str, dict[str, Any]]:
    given: dict[str, Any] = {"brand": wanted.brand, "now": rows.micros(now)}
    parts = ["l.brand = :brand", _VIEWS[wanted.view]]
    for column, value in (
        ("platform", wanted.platform),
        ("persona", wanted.persona),
        ("lang", wanted.lang),
        ("claimed_by", wanted.holder),
    ):
        if value is not None:
            parts.append(f"l.{column} = :{column}")
            given[column] = value
    if wanted.urgency is not None:
        parts.append("l.rank <= :rank")
        given["rank"] = 3 - wanted.urgency
    if wanted.text:
        given |= {"text": _like(wanted.text), "most": MOST_FOUND}
    if wanted.after is not None:
        parts.append(_after(wanted))
        given |= {"p0": wanted.after[0], "p1": wanted.after[1], "p2": wanted.after[2]}
    return " AND ".join(parts), given


def _after(wanted: Wanted) -> str:
    if wanted.view in _BY_URGENCY:
        return "(l.rank, l.wait_at, l.conversation) > (:p0, :p1, :p2)"
    return "(l.posted_at, l.conversation) < (:p1, :p2) AND :p0 = 0"


def _place(last: Listed, wanted: Wanted) -> Place:
    if wanted.view in _BY_URGENCY:
        return 3 - last.urgency, rows.micros(last.wait_at), last.conversation
    return 0, rows.micros(last.posted_at), last.conversation


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def listed(row: rows.Row) -> Listed:
    """From the columns of `_ROW`."""
    return Listed(
        conversation=row[0],
        mention_id=row[1],
        brand=row[2],
        platform=row[3],
        urgency=Urgency(3 - row[4]),
        state=ConversationState(row[5]),
        ignored=bool(row[6]),
        persona=row[7],
        lang=row[8],
        claimed_by=row[9],
        due_at=rows.moment_or_none(row[10]),
        wait_at=rows.moment(row[11]),
        posted_at=rows.moment(row[12]),
        text=row[13],
        title=row[14],
        spans=rows.spans(row[15]),
        kind=Kind(row[16]),
        url=row[17],
        is_deleted=row[18] is not None,
        author=row[19],
        handle=row[20],
        author_id=row[21],
        verdict=rows.verdict(row[22]),
        claimed_at=rows.moment_or_none(row[23]),
        messages=row[24],
        asked_at=rows.moment_or_none(row[25]),
        answered_at=rows.moment_or_none(row[26]),
    )
