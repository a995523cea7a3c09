"""Alerts that belong together: the first of a group waits for others, the next ones for an interval to pass.

What a group is stands in the route (`Route.group_by`) and in `effects.group_key`. Of each group at most one
effect waits: the alert of one conversation, which becomes a card of several as soon as a second one joins.
Only what rings by itself is held back, and never what is critical (decision 18). It knows the tables effects
and digest_items.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Alert, Urgency
from bot.payload import GROUP
from bot.records import Judged, Leased
from bot.store import announcing, effects, holding, rows
from bot.store.card import Fetch
from bot.store.work import Work
from bot.wishes import EffectKind, Route


def key(item: Judged, route: Route, conversation: int) -> str | None:
    """What the alerts of a mention by this route have in common with others; None: they wait for nothing."""
    if route.wait is None and route.interval is None:
        return None
    post = item.mention.post
    leading = next((fired.rule for fired in item.verdict.fired if not fired.probation), None)
    parts = {
        "author": [post.platform, post.author_id],
        "thread": [post.platform, post.root_id],
        "rule": leading,
        "platform": post.platform,
    }
    common = {name: parts[name] for name in route.group_by}
    return rows.dump([route.name, route.to, item.mention.brand, common or conversation])


def announce(work: Work, heard: announcing.Heard) -> tuple[Leased, ...]:
    """As `announcing.announce`, unless it is held back, and no sooner than the group of the alert allows."""
    held = holding.announce(work, heard)
    if held is not None:
        return held
    if heard.group is None or heard.verdict.alert in {Alert.DIGEST, Alert.NONE}:
        return announcing.announce(work, heard)
    there = announcing.alerts_there(work, heard)
    if there:
        return effects.update(work, there, version=heard.version, mention=heard.mention)
    waiting = _waiting(work, heard.group)
    if heard.verdict.urgency is Urgency.CRITICAL:
        if waiting is not None:
            _withdraw(work, waiting, heard)
        return announcing.announce(work, heard)
    if waiting is not None:
        _join(work, waiting, heard)
    elif (due_at := _due_at(work, heard, heard.group)) > work.now:
        effects.insert(work, announcing.wish(work, heard, due_at=due_at), leased=False)
    else:
        return announcing.announce(work, heard)
    return announcing.show(work, heard)


def card_of(fetch: Fetch, effect: int) -> int:
    """The card of many that an effect delivers or updates."""
    card: int = fetch("SELECT COALESCE(subject, id) FROM effects WHERE id = ?", (effect,))[0][0]
    return card


def loudest(fetch: Fetch, card: int) -> Alert:
    """How loud the card of a group is: as its loudest mention."""
    found = fetch(
        "SELECT DISTINCT v.alert FROM digest_items d JOIN verdicts v ON v.id = (SELECT max(x.id)"
        " FROM verdicts x WHERE x.mention = d.mention) WHERE d.effect = ?",
        (card,),
    )
    alerts = {Alert(alert) for (alert,) in found}
    if alerts == {Alert.DIGEST}:
        return Alert.DIGEST
    return Alert.PING if Alert.PING in alerts else Alert.MESSAGE


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What a group has to say when its time has come."""

    id: int
    kind: str
    conversation: int | None


def _waiting(work: Work, group: str) -> _Waiting | None:
    """Nothing that was tried before, for what joins it would wait with it; and nothing critical."""
    row = rows.one(
        work.conn.execute(
            "SELECT id, kind, conversation FROM effects WHERE group_key = ? AND state = 'pending'"
            " AND attempts = 0 AND COALESCE(urgency, 0) < ? ORDER BY due_at DESC LIMIT 1",
            (group, int(Urgency.CRITICAL)),
        )
    )
    return _Waiting(*row) if row else None


def _due_at(work: Work, heard: announcing.Heard, group: str) -> datetime:
    """An interval after the last alert of the group; if that is over, the alert begins a group and waits."""
    route = heard.route
    row = rows.one(
        work.conn.execute(
            "SELECT due_at FROM effects WHERE group_key = ? AND state NOT IN ('dead', 'dropped')"
            " ORDER BY due_at DESC LIMIT 1",
            (group,),
        )
    )
    if row is not None and route.interval is not None:
        again_at = rows.moment(row[0]) + route.interval
        if again_at > work.now:
            return again_at
    return work.now + (route.wait or timedelta())


def _join(work: Work, waiting: _Waiting, heard: announcing.Heard) -> None:
    if waiting.kind == EffectKind.ALERT and waiting.conversation == heard.conversation:
        work.conn.execute(
            "UPDATE effects SET ask = ?, mention = ?, urgency = max(urgency, ?) WHERE id = ?",
            (heard.ask, heard.mention, int(heard.verdict.urgency), waiting.id),
        )
        return
    if waiting.kind == EffectKind.ALERT:
        make_card_of_many(work, waiting.id)
    announcing.collect(work, waiting.id, heard)


def make_card_of_many(work: Work, alert: int) -> None:
    """An alert that waits becomes a card of several. Its key becomes free: should the conversation be heard
    of again, it gets a card of its own.
    """
    effects.supersede(work, alert)
    work.conn.execute(
        "INSERT INTO digest_items (effect, mention, brand)"
        " SELECT id, mention, brand FROM effects WHERE id = ?",
        (alert,),
    )
    work.conn.execute(
        "UPDATE effects SET kind = 'digest', key = 'group:' || id, conversation = NULL, mention = NULL,"
        " ask = NULL, urgency = NULL, payload = ? WHERE id = ?",
        (rows.dump({GROUP: True}), alert),
    )


def _withdraw(work: Work, waiting: _Waiting, heard: announcing.Heard) -> None:
    """A critical alert tells what else waits of its conversation."""
    if waiting.kind == EffectKind.DIGEST:
        work.conn.execute(
            "DELETE FROM digest_items WHERE effect = ?"
            " AND mention IN (SELECT id FROM mentions WHERE conversation = ?)",
            (waiting.id, heard.conversation),
        )
    elif waiting.conversation == heard.conversation:
        work.conn.execute(
            "UPDATE effects SET state = 'dropped', reason = 'superseded' WHERE id = ?", (waiting.id,)
        )
