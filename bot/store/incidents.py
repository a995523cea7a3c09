"""Incidents as rows: mentions that ring are counted, a burst of them begins one, and it ends by itself.

While one runs, what is not critical rings no more by itself: it stands on the incident's card, which is
looked at now and then and changes in its place (`look_due`, in the unit that leases). When one begins and
ends is `bot.incidents`'. It knows the tables incidents and burst_posts.
"""

from __future__ import annotations

from datetime import datetime

from bot.ids import ulid
from bot.incidents import LATELY, Turn, next_look
from bot.model import Alert, Urgency
from bot.overrides import ANEW
from bot.payload import GROUP, INCIDENT, RINGS
from bot.records import Leased
from bot.store import announcing, effects, incident_numbers, next_steps, rows
from bot.store.card import fetcher
from bot.store.incident_numbers import group
from bot.store.work import Work
from bot.wishes import Effect, EffectKind

NEXT = "SELECT min(look_at) AS at FROM incidents WHERE look_at IS NOT NULL"
COLLECTED = "incident"
"""Why an alert does not go out: it stands on the incident's card."""

_RUNNING = "SELECT id FROM incidents WHERE brand = ? AND route = ? AND channel = ? AND ended_at IS NULL"
_COUNT = (
    "INSERT INTO burst_posts (mention, channel, incident, brand, route, conversation, platform, author_id,"
    " urgency, at) SELECT m.id, :channel, :incident, :brand, :route, m.conversation, p.platform, p.author_id,"
    " :urgency, :at FROM mentions m JOIN posts p ON p.id = m.post WHERE m.id = :mention"
    " ON CONFLICT (mention, channel) DO UPDATE SET urgency = max(urgency, excluded.urgency),"
    " incident = COALESCE(incident, excluded.incident)"
)
_LATELY = "incident IS NULL AND brand = :brand AND route = :route AND channel = :channel"


def count(work: Work, heard: announcing.Heard) -> tuple[Leased, ...]:
    """Note a mention that rings, critical ones too; the card of the incident that begins with it."""
    if heard.verdict.alert in {Alert.DIGEST, Alert.NONE} or not work.incidents.watches(heard.route.name):
        return ()
    running = _running(work, heard)
    work.conn.execute(_COUNT, {**_where(heard), "incident": running, **_what(work, heard)})
    return () if running is not None else _begin(work, heard)


def announce(work: Work, heard: announcing.Heard) -> tuple[Leased, ...] | None:
    """What a running incident collects; None: it rings by itself, being critical or there being none."""
    if heard.verdict.alert in {Alert.DIGEST, Alert.NONE} or heard.verdict.urgency is Urgency.CRITICAL:
        return None
    running = _running(work, heard) if work.incidents.watches(heard.route.name) else None
    if running is None:
        return None
    announcing.collect(work, _newest_card(work, running), heard)
    there = announcing.alerts_there(work, heard)
    return effects.update(work, there, version=heard.version, mention=heard.mention)


def _running(work: Work, heard: announcing.Heard) -> int | None:
    row = rows.one(work.conn.execute(_RUNNING, (heard.brand, heard.route.name, heard.route.to)))
    return row[0] if row else None


def _where(heard: announcing.Heard) -> dict[str, object]:
    return {"brand": heard.brand, "route": heard.route.name, "channel": heard.route.to}


def _what(work: Work, heard: announcing.Heard) -> dict[str, object]:
    return {"mention": heard.mention, "urgency": int(heard.verdict.urgency), "at": work.at}


# --- how one begins -----------------------------------------------------------------------------


def _begin(work: Work, heard: announcing.Heard) -> tuple[Leased, ...]:
    policy = work.incidents
    where = {**_where(heard), "since": rows.micros(work.now - policy.within)}
    work.conn.execute(f"DELETE FROM burst_posts WHERE {_LATELY} AND at < :since", where)
    mentions, authors, since = work.conn.execute(
        f"SELECT count(*), count(DISTINCT platform || ' ' || author_id), min(at) FROM burst_posts"
        f" WHERE {_LATELY}",
        where,
    ).fetchone()
    if not policy.begins(mentions=mentions, authors=authors):
        return ()
    uid = ulid(work.now)
    look_at = next_look(work.now, ended_at=None, waits=True)
    (incident,) = work.conn.execute(
        "INSERT INTO incidents (uid, brand, route, channel, begun_at, look_at, looked_at, shown)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, '') RETURNING id",
        (uid, heard.brand, heard.route.name, heard.route.to, since, rows.micros_or_none(look_at), work.at),
    ).fetchone()
    work.conn.execute(
        f"UPDATE burst_posts SET incident = :incident WHERE {_LATELY}", {**where, "incident": incident}
    )
    card = _first_card(work, heard, incident, uid)
    _note(work, incident)
    return card


def _first_card(work: Work, heard: announcing.Heard, incident: int, uid: str) -> tuple[Leased, ...]:
    effect = Effect(
        key=f"incident:{uid}",
        kind=EffectKind.DIGEST,
        channel=heard.route.to,
        route=heard.route.name,
        brand=heard.brand,
        payload={INCIDENT: incident},
    )
    leased = effects.first_lease(work, effects.New(effect=effect, group=group(incident)))
    if leased is None:
        return ()
    _absorb(work, heard, incident)
    work.conn.execute(
        "INSERT INTO digest_items (effect, mention, brand) SELECT ?, mention, brand FROM burst_posts"
        " WHERE incident = ?",
        (leased.id, incident),
    )
    return (leased,)


_STILL_WAIT = (
    "SELECT id, kind FROM effects WHERE state = 'pending' AND channel = :channel AND route = :route"
    f" AND json_extract(payload, '$.{RINGS}') IS NULL AND json_extract(payload, '$.{ANEW}') IS NULL"
    " AND ((kind = 'alert' AND brand = :brand AND COALESCE(urgency, 0) < :critical)"
    f" OR (kind = 'digest' AND json_extract(payload, '$.{GROUP}')))"
)


def _absorb(work: Work, heard: announcing.Heard, incident: int) -> None:
    """What waits to ring (for its group, for its channel) need not any more."""
    where = {**_where(heard), "critical": int(Urgency.CRITICAL)}
    for effect, kind in work.conn.execute(_STILL_WAIT, where).fetchall():
        table, column = ("effects", "id") if kind == EffectKind.ALERT else ("digest_items", "effect")
        for (mention,) in work.conn.execute(
            f"SELECT mention FROM {table} WHERE {column} = ? AND brand = ?", (effect, heard.brand)
        ).fetchall():
            what = {"mention": mention, "urgency": int(Urgency.NORMAL), "at": work.at}
            work.conn.execute(_COUNT, {**_where(heard), "incident": incident, **what})
        if kind == EffectKind.DIGEST and not _is_emptied(work, effect, heard.brand):
            continue
        drop(work, effect)


def _is_emptied(work: Work, card: int, brand: str) -> bool:
    """Whether nobody else's mentions stay on a card of many."""
    work.conn.execute("DELETE FROM digest_items WHERE effect = ? AND brand = ?", (card, brand))
    row = work.conn.execute("SELECT 1 FROM digest_items WHERE effect = ? LIMIT 1", (card,)).fetchone()
    return row is None


def drop(work: Work, effect: int, reason: str = COLLECTED) -> None:
    effects.supersede(work, effect)
    work.conn.execute(
        "UPDATE effects SET state = 'dropped', reason = ?, leased_until = NULL WHERE id = ?", (reason, effect)
    )


def collects(work: Work, effect: int) -> bool:
    """Whether what an alert is about stands on the card of an incident that runs there."""
    row = work.conn.execute(
        "SELECT 1 FROM effects e JOIN burst_posts b ON b.mention = e.mention AND b.channel = e.channel"
        " JOIN incidents i ON i.id = b.incident WHERE e.id = ? AND i.ended_at IS NULL",
        (effect,),
    ).fetchone()
    return row is not None


def has(work: Work, conversation: int) -> bool:
    """Whether a conversation is part of an incident that runs."""
    row = work.conn.execute(
        "SELECT 1 FROM burst_posts b JOIN incidents i ON i.id = b.incident WHERE b.conversation = ?"
        " AND i.ended_at IS NULL LIMIT 1",
        (conversation,),
    ).fetchone()
    return row is not None


def _newest_card(work: Work, incident: int) -> int:
    card: int = work.conn.execute(
        "SELECT max(id) FROM effects WHERE group_key = ? AND subject IS NULL", (group(incident),)
    ).fetchone()[0]
    return card


# --- how it goes on and ends ----------------------------------------------------------------------


def look_due(work: Work) -> None:
    """Those that are to be looked at: what their cards say is brought up to now, or they end."""
    due = work.conn.execute(
        "SELECT id, ended_at, shown FROM incidents WHERE look_at <= ? ORDER BY look_at, id LIMIT 20",
        (work.at,),
    ).fetchall()
    for incident, ended_at, shown in due:
        _look(work, incident, ended_at, shown)


def _look(work: Work, incident: int, ended_at: int | None, shown: str) -> None:
    policy = work.incidents
    if ended_at is None and policy.is_over(mentions=_since(work, incident, work.now - policy.ends_after)):
        ended_at = work.at
        next_steps.after_incident(work, incident)
        _note(work, incident, is_over=True)
    numbers = incident_numbers.read(fetcher(work.conn), incident, since=work.now - LATELY)
    says = rows.dump([numbers, ended_at])
    look_at = next_look(
        work.now,
        ended_at=rows.moment_or_none(ended_at),
        waits=incident_numbers.waits(numbers),
    )
    work.conn.execute(
        "UPDATE incidents SET ended_at = ?, look_at = ?, looked_at = ?, shown = ? WHERE id = ?",
        (ended_at, rows.micros_or_none(look_at), work.at, says, incident),
    )
    if says != shown:
        show(work, incident)


def _note(work: Work, incident: int, *, is_over: bool = False) -> None:
    """For the log."""
    uid, brand, route, begun_at, posts, authors = work.conn.execute(
        "SELECT i.uid, i.brand, i.route, i.begun_at, count(*),"
        " count(DISTINCT b.platform || ' ' || b.author_id)"
        " FROM incidents i JOIN burst_posts b ON b.incident = i.id WHERE i.id = ? GROUP BY i.id",
        (incident,),
    ).fetchone()
    work.turns.append(
        Turn(
            uid=uid,
            brand=brand,
            route=route,
            posts=posts,
            authors=authors,
            lasted=work.now - rows.moment(begun_at),
            is_over=is_over,
        )
    )


def _since(work: Work, incident: int, since: datetime) -> int:
    number: int = work.conn.execute(
        "SELECT count(*) FROM burst_posts WHERE incident = ? AND at > ?", (incident, rows.micros(since))
    ).fetchone()[0]
    return number


def show(work: Work, incident: int) -> None:
    """Wish that its cards say what is true now; a change that waits already will."""
    found = work.conn.execute(
        "SELECT e.id FROM effects e WHERE e.group_key = ? AND e.subject IS NULL"
        " AND e.state IN ('sent', 'leased') AND e.replaced_by IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM effects u WHERE u.subject = e.id AND u.state = 'pending')",
        (group(incident),),
    ).fetchall()
    for (card,) in found:
        subject = effects.read(work, card).effect
        (number,) = work.conn.execute("SELECT count(*) FROM effects WHERE subject = ?", (card,)).fetchone()
        effect = Effect(
            key=f"update:{card}:n{number}",
            kind=EffectKind.UPDATE,
            channel=subject.channel,
            route=subject.route,
            brand=subject.brand,
            payload=subject.payload,
        )
        effects.insert(work, effects.New(effect=effect, subject=card), leased=False)
