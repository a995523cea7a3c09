"""The mentions that people look through, as one query and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.model import ConversationState, Urgency
from bot.records import CLOSED, InboxRow, Tally
from bot.store import rows
from bot.store.card import Fetch

NEWEST_VERDICT = "v.id = (SELECT max(x.id) FROM verdicts x WHERE x.mention = m.id)"
"""Joins a mention to the verdict that counts."""

_URGENCY = "COALESCE(json_extract(c.override, '$.urgency'), v.urgency)"
"""As a person says, else as the rules say."""
_ROWS = (
    f"SELECT m.uid, m.brand, p.platform, {_URGENCY}, c.state, v.ignored,"
    " COALESCE(p.author_handle, u.handle, p.author_id), COALESCE(NULLIF(p.text, ''), p.title, ''), p.url,"
    " p.posted_at, a.due_at, a.answered_at, c.claimed_by, v.route, v.id,"
    " a.id IS NOT NULL AND a.outcome IS NULL AND NOT b.is_rival"
    " FROM mentions m JOIN posts p ON p.id = m.post JOIN brands b ON b.name = m.brand"
    f" JOIN conversations c ON c.id = m.conversation JOIN verdicts v ON {NEWEST_VERDICT}"
    " LEFT JOIN asks a ON a.id = m.ask"
    " LEFT JOIN authors u ON u.platform = p.platform AND u.author_id = p.author_id"
    " WHERE {wanted}"
    f" ORDER BY {_URGENCY} DESC, p.posted_at, m.id LIMIT :limit"
)
_CLOSED = ", ".join(f"'{state.value}'" for state in sorted(CLOSED))
_IS_OPEN = f"c.state NOT IN ({_CLOSED}) AND p.deleted_at IS NULL"
_ALL = -1
_TALLIES = (
    f"SELECT m.brand, v.urgency, count(*) FROM mentions m JOIN verdicts v ON {NEWEST_VERDICT}"
    " GROUP BY m.brand, v.urgency ORDER BY v.urgency DESC, m.brand"
)
_RULES = (
    "SELECT verdict, rule FROM fired WHERE verdict IN (SELECT value FROM json_each(?))"
    " ORDER BY verdict, place"
)


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

    @property
    def conditions(self) -> list[str]:
        found = ["NOT b.is_rival" if self.brand is None else "m.brand = :brand"]
        if self.since is not None:
            found.append("p.stored_at >= :since")
        if self.rule is not None:
            found.append("EXISTS (SELECT 1 FROM fired f WHERE f.verdict = v.id AND f.rule = :rule)")
        elif not self.include_closed:
            found.append("NOT v.ignored")
        return found if self.include_closed else [*found, _IS_OPEN]


def read(fetch: Fetch, wanted: Wanted) -> tuple[InboxRow, ...]:
    """Most urgent first, then longest waiting."""
    values = {
        "brand": wanted.brand,
        "since": rows.micros_or_none(wanted.since),
        "rule": wanted.rule,
        "limit": wanted.limit,
    }
    return _read(fetch, wanted.conditions, values)


def tallies(fetch: Fetch) -> tuple[Tally, ...]:
    """Every mention, rivals' and ignored ones too, by brand and urgency; most urgent first."""
    found = fetch(_TALLIES, ())
    return tuple(Tally(brand=name, urgency=Urgency(of), mentions=number) for name, of, number in found)


def collected(fetch: Fetch, digest: int) -> tuple[InboxRow, ...]:
    """What a digest effect has collected and is still open, and held to be worth a look, by now."""
    items = "m.id IN (SELECT d.mention FROM digest_items d WHERE d.effect = :digest)"
    return _read(fetch, [items, "NOT v.ignored", _IS_OPEN], {"digest": digest, "limit": _ALL})


def named(fetch: Fetch, uids: Sequence[str]) -> tuple[InboxRow, ...]:
    """These mentions, open or not."""
    theirs = "m.uid IN (SELECT value FROM json_each(:uids))"
    return _read(fetch, [theirs], {"uids": rows.dump(uids), "limit": _ALL})


def _read(fetch: Fetch, conditions: Sequence[str], values: Mapping[str, Any]) -> tuple[InboxRow, ...]:
    found = fetch(_ROWS.format(wanted=" AND ".join(conditions)), values)
    rules = _rules(fetch, [row[14] for row in found])
    return tuple(_row(row, rules.get(row[14], ())) for row in found)


def _rules(fetch: Fetch, verdicts: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The rules that fired in each verdict, in its order."""
    names: dict[int, tuple[str, ...]] = {}
    for verdict, rule in fetch(_RULES, (rows.dump(verdicts),)):
        names[verdict] = (*names.get(verdict, ()), rule)
    return names


def _row(row: rows.Row, rules: tuple[str, ...]) -> InboxRow:
    uid, brand, platform, urgency, state, ignored, author, text, url = row[:9]
    posted_at, due_at, answered_at, claimed_by, route, _, is_waiting = row[9:]
    return InboxRow(
        mention_id=uid,
        brand=brand,
        platform=platform,
        urgency=Urgency(urgency),
        state=ConversationState(state),
        ignored=bool(ignored),
        author=author,
        text=text,
        url=url,
        posted_at=rows.moment(posted_at),
        due_at=rows.moment_or_none(due_at),
        answered_at=rows.moment_or_none(answered_at),
        claimed_by=claimed_by,
        route=route,
        rules=rules,
        is_waiting=bool(is_waiting),
    )
