"""What became of the mentions that each rule fired for: the Monday question, as one report.

It reads. A mention counts by its newest verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.orders import Silence
from bot.reports import RuleCount
from bot.silenced import Scope
from bot.store import rows
from bot.store.card import Fetch

_NEWEST = "(SELECT max(x.id) FROM verdicts x WHERE x.mention = m.id)"
_FOUND = (
    "WITH found(ask, mention, verdict) AS MATERIALIZED ("
    f" SELECT m.ask, m.id, {_NEWEST} FROM mentions m JOIN posts p ON p.id = m.post"
    " JOIN brands b ON b.name = m.brand WHERE {wanted}) "
)
"""Each mention with its ask and its newest verdict, looked up once."""
_COUNTED = (
    "SELECT f.rule, count(*), sum(found.mention IN ("
    "  SELECT e.mention FROM effects e WHERE e.state = 'sent' AND e.kind = 'alert' AND e.mention IS NOT NULL"
    "  UNION SELECT d.mention FROM digest_items d JOIN effects e ON e.id = d.effect"
    "  WHERE e.state = 'sent' AND e.group_key IS NOT NULL)), count(a.claimed_at)"
    " FROM found LEFT JOIN fired f ON f.verdict = found.verdict LEFT JOIN asks a ON a.id = found.ask"
    " GROUP BY f.rule ORDER BY count(*) DESC, f.rule"
)
"""Rule, mentions, those of them that rang (alone or with others), those whose wait somebody claimed."""
_FEEDBACK = (
    "SELECT f.rule, s.says, count(*) FROM found JOIN feedback s ON s.verdict = found.verdict"
    " LEFT JOIN fired f ON f.verdict = found.verdict GROUP BY f.rule, s.says"
)
"""Rule, what people say of its verdicts, how many of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of which mentions: of a brand (None: ours), that a rule fired for, that we got `since` then."""

    brand: str | None = None
    rule: str | None = None
    since: datetime | None = None


def read(fetch: Fetch, asked: Asked, silences: tuple[Silence, ...]) -> tuple[RuleCount, ...]:
    """Most mentions first; silenced rules that fired for none come last."""
    found = _FOUND.format(wanted=" AND ".join(_wanted(asked)))
    values = {"brand": asked.brand, "since": rows.micros_or_none(asked.since), "rule": asked.rule}
    said: dict[str | None, dict[str, int]] = defaultdict(dict)
    for name, word, people in fetch(found + _FEEDBACK, values):
        said[name][word] = people
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
        for rule, mentions, alerts, claims in fetch(found + _COUNTED, values)
    ]
    quiet = (RuleCount(rule=rule, mentions=0, silenced_until=at) for rule, at in until.items())
    return (*counts, *(one for one in quiet if asked.rule in {None, one.rule}))


def _wanted(asked: Asked) -> Iterator[str]:
    yield "NOT b.is_rival" if asked.brand is None else "m.brand = :brand"
    if asked.since is not None:
        yield "p.stored_at >= :since"
    if asked.rule is not None:
        yield f"EXISTS (SELECT 1 FROM fired f WHERE f.verdict = {_NEWEST} AND f.rule = :rule)"
