"""What a mention makes us tell staff: a card, an update of the card there is, a line of the hour's digest.

It knows the tables effects and digest_items. One call tells one channel; a mention that several routes hear
of is announced by each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model import Alert, Verdict
from bot.payload import HUSHED
from bot.records import CardState, Leased
from bot.store import calling, effects, repeating, rows
from bot.store.work import Work
from bot.wishes import Effect, EffectKind, Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A mention that staff may hear of by a route; `card` is what stands of it, where that is known without
    a look. `group`: what its alerts have in common with those that they wait for (None: they don't wait).
    """

    brand: str
    conversation: int
    version: int
    mention: int
    uid: str
    ask: int | None
    verdict: Verdict
    route: Route
    card: CardState | None = None
    group: str | None = None

    @property
    def key(self) -> str:
        wait = self.ask if self.ask is not None else f"m{self.uid}"
        urgency = self.verdict.urgency.label
        return f"alert:{self.brand}:{self.conversation}:{wait}:{urgency}:{self.route.to}"


def announce(work: Work, heard: Heard) -> tuple[Leased, ...]:
    """Write it, at once: what is to be tried now comes back leased."""
    if heard.verdict.alert is Alert.DIGEST:
        _collect(work, heard)
        return ()
    if heard.verdict.alert is Alert.NONE:
        return ()
    there = alerts_there(work, heard)
    if there:
        return effects.update(work, there, version=heard.version, mention=heard.mention)
    if heard.card is None and heard.ask is not None:
        repeating.stop(work, heard.ask, heard.route.to)
    leased = effects.first_lease(work, wish(work, heard))
    return () if leased is None else (replace(leased, card=heard.card),)


def wish(work: Work, heard: Heard, *, due_at: datetime | None = None) -> effects.New:
    """The alert as it is to be written; `due_at` None: at once."""
    payload = {HUSHED: True} if _is_hushed(work, heard) else {}
    effect = replace(alert(heard), due_at=due_at, payload=payload)
    return effects.New(effect=effect, ask=heard.ask, group=heard.group, urgency=int(heard.verdict.urgency))


def _is_hushed(work: Work, heard: Heard) -> bool:
    """Whether it has called already. One that begins its conversation has not."""
    return (
        heard.verdict.alert is Alert.PING
        and heard.card is None
        and calling.was_called(
            work, heard.conversation, channel=heard.route.to, urgency=heard.verdict.urgency
        )
    )


def alert(heard: Heard) -> Effect:
    """The wish to show a mention by itself."""
    return Effect(
        key=heard.key,
        kind=EffectKind.ALERT,
        channel=heard.route.to,
        route=heard.route.name,
        brand=heard.brand,
        conversation_id=heard.conversation,
        mention_id=heard.mention,
    )


def alerts_there(work: Work, heard: Heard) -> tuple[int, ...]:
    """The live alerts of the same ask that are at least as loud and went, or were to go, to this channel."""
    if heard.ask is None or heard.card is not None:
        return ()
    found = work.conn.execute(
        "SELECT e.id FROM effects e WHERE e.ask = ? AND e.kind = 'alert' AND e.urgency >= ?"
        " AND e.state NOT IN ('dead', 'dropped') AND e.replaced_by IS NULL"
        " AND (e.channel = ? OR EXISTS (SELECT 1 FROM json_each(e.tried) t WHERE t.value = ?)) ORDER BY e.id",
        (heard.ask, int(heard.verdict.urgency), heard.route.to, heard.route.to),
    )
    return tuple(id_ for (id_,) in found)


def collect(work: Work, card: int, heard: Heard) -> None:
    """Put a mention onto a card of many."""
    work.conn.execute(
        "INSERT INTO digest_items (effect, mention, brand) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (card, heard.mention, heard.brand),
    )


def show(work: Work, heard: Heard) -> tuple[Leased, ...]:
    """What waits to be told stands on the cards of its ask already, so far as there are any."""
    if heard.ask is None:
        return ()
    found = work.conn.execute(
        "SELECT id FROM effects WHERE ask = ? AND kind = 'alert' AND channel = ?"
        " AND state IN ('sent', 'leased') AND replaced_by IS NULL ORDER BY id",
        (heard.ask, heard.route.to),
    )
    alerts = tuple(id_ for (id_,) in found)
    return effects.update(work, alerts, version=heard.version, mention=heard.mention)


def digest_at(work: Work, route: Route, at: datetime) -> datetime:
    """When the next digest of a route goes out after this time: at the full hour, if nothing else is said."""
    set_times = work.noise.digest(route.to, route.name)
    if set_times is not None:
        return set_times.marks.after(at)
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _collect(work: Work, heard: Heard) -> None:
    """Put a mention into the next digest, or the one after it when that is already on its way."""
    due_at = digest_at(work, heard.route, work.now)
    for at in (due_at, digest_at(work, heard.route, due_at)):
        digest = _digest(work, heard, at)
        if digest is not None:
            collect(work, digest, heard)
            return


def _digest(work: Work, heard: Heard, due_at: datetime) -> int | None:
    """The row of the digest of that time while it can still be added to. One of an hour is called by its
    beginning.
    """
    route = heard.route
    is_hourly = work.noise.digest(route.to, route.name) is None
    name = f"{due_at - timedelta(hours=1):%Y-%m-%dT%H}" if is_hourly else f"at {due_at:%Y-%m-%dT%H:%M}"
    effect = Effect(
        key=f"digest:{route.name}:{route.to}:{name}",
        kind=EffectKind.DIGEST,
        channel=route.to,
        route=route.name,
        due_at=due_at,
    )
    effects.insert(work, effects.New(effect=effect), leased=False)
    row = rows.one(
        work.conn.execute("SELECT id FROM effects WHERE key = ? AND state = 'pending'", (effect.key,))
    )
    return row[0] if row else None
