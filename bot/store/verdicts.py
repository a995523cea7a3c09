"""Verdicts, with the facts they were made from, as rows; and how a deleted post leaves them.

It knows the tables verdicts and fired. The newest verdict of a mention counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.model import Facts, Signal, Verdict
from bot.records import Judged
from bot.silenced import Scope, scope_of
from bot.store import rows
from bot.store.work import Work

_INSERT = (
    "INSERT INTO verdicts (mention, brand, rules_version, engine_version, urgency, score, ignored, alert,"
    f" persona, route, tags, verdict, facts, judged_at) VALUES ({rows.marks(14)}) RETURNING id"
)


def save(work: Work, mention: int, item: Judged, uid: str) -> None:
    """`uid` is the mention's public id: that of the row, also when the item was made under another."""
    verdict, facts = item.verdict, item.facts
    if (verdict.mention_id, facts.mention_id) != (uid, uid):
        verdict, facts = replace(verdict, mention_id=uid), replace(facts, mention_id=uid)
    row = work.conn.execute(
        _INSERT,
        (
            mention,
            item.mention.brand,
            verdict.rules_version,
            verdict.engine_version,
            int(verdict.urgency),
            verdict.score,
            verdict.ignored,
            verdict.alert,
            verdict.persona,
            verdict.route,
            rows.dump(verdict.tags),
            rows.dump(verdict),
            rows.dump(facts),
            work.at,
        ),
    ).fetchone()
    work.conn.executemany(
        "INSERT INTO fired (verdict, place, rule, points, brand) VALUES (?, ?, ?, ?, ?)",
        [
            (row[0], place, fired.rule, fired.points, item.mention.brand)
            for place, fired in enumerate(verdict.fired)
        ],
    )


def judged_text(work: Work, mention: int) -> str | None:
    """The text that the newest verdict was made from."""
    row = rows.one(
        work.conn.execute("SELECT facts FROM verdicts WHERE mention = ? ORDER BY id DESC LIMIT 1", (mention,))
    )
    return rows.facts(row[0]).text if row else None


def forget(work: Work, mention: int, *, author: bool) -> None:
    """Blank what a deleted post said, in every verdict of the mention; with `author`, who said it too."""
    for id_, facts, verdict in _all(work, mention):
        _rewrite(
            work, id_, blank_facts(rows.facts(facts), author=author), blank_verdict(rows.verdict(verdict))
        )


def forget_parent(work: Work, mention: int) -> None:
    """Blank the text of a deleted post in the facts of a mention that answered it."""
    for id_, facts, verdict in _all(work, mention):
        _rewrite(work, id_, replace(rows.facts(facts), parent_text=None), rows.verdict(verdict))


def _all(work: Work, mention: int) -> list[tuple[int, str, str]]:
    return work.conn.execute(
        "SELECT id, facts, verdict FROM verdicts WHERE mention = ?", (mention,)
    ).fetchall()


def _rewrite(work: Work, id_: int, facts: Facts, verdict: Verdict) -> None:
    work.conn.execute(
        "UPDATE verdicts SET facts = ?, verdict = ? WHERE id = ?", (rows.dump(facts), rows.dump(verdict), id_)
    )


def blank_facts(facts: Facts, *, author: bool) -> Facts:
    """Without what the post said and what its author says of themselves."""
    kept = replace(facts, text="", bio=None, parent_text=None, signals=_numbers(facts.signals))
    if not author:
        return kept
    others = tuple(one for one in kept.silences if one.scope is not Scope.AUTHOR)
    return replace(kept, handle=None, name=None, author_id=None, tier=None, silences=others)


def blank_verdict(verdict: Verdict) -> Verdict:
    """Which rules fired stays; the words that made them fire go."""
    fired = tuple(replace(one, evidence=(), spans=()) for one in verdict.fired)
    held_by = tuple(one for one in verdict.held_by if scope_of(one) is not Scope.AUTHOR)
    return replace(verdict, fired=fired, notes=(), signals=_numbers(verdict.signals), held_by=held_by)


def _numbers(signals: Mapping[str, Signal]) -> dict[str, Signal]:
    return {name: Signal(value=signal.value) for name, signal in signals.items()}
