"""What a month was like, from its rows and from the chat's log: figures first, then a story to be read.

Pure but for reading the database that is left. Figures are plain values (`--json`); `story` makes text of them.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.month.checks import moment
from tests.month.month import Month
from tests.month.people import CREW
from tests.month.room import Message
from tests.month.team import PEOPLE
from tests.month.world import World

WEEK = timedelta(days=7)
URGENCIES = ("low", "normal", "high", "critical")
STAGES = ("seen", "alerted", "claimed", "answered")


def figures(month: Month) -> dict[str, Any]:
    world, plan = month.world, month.world.plan
    return {
        "seed": plan.seed,
        "begins": f"{plan.begins:%Y-%m-%d %H:%M}",
        "days": (plan.ends - plan.begins).days,
        "seconds": round(month.seconds, 1),
        "minutes_audited": int((plan.ends - plan.begins) / timedelta(minutes=1)),
        "looked_closely": month.auditor.minutes,
        "weeks": [_week(month, number) for number in range(_weeks(world))],
        "people": {one.key: _person(world, one.key) for one in CREW},
        "stages": _stages(world),
        "asks": _asks(world),
        "escalations": _escalations(world),
        "held": _held(world),
        "trouble": _trouble(world),
        "did": dict(sorted(month.crew.did.items())),
        "chat": {"messages": len(world.chat.messages), "refused": world.chat.refused},
        "findings": [str(one) for one in month.findings],
    }


def _weeks(world: World) -> int:
    return -((world.plan.begins - world.plan.ends) // WEEK)


def _week(month: Month, number: int) -> dict[str, Any]:
    world = month.world
    since = world.plan.begins + WEEK * number
    until = min(since + WEEK, world.plan.ends)
    micros = [int(at.timestamp() * 1e6) for at in (since, until)]
    written = [one for one in world.plan.written if since <= one.at < until]
    messages = [one for one in world.chat.messages.values() if since <= one.at < until]
    kinds = Counter(str(one.first.data.get("event", "other")) for one in messages)
    answered = world.rows(
        "SELECT due_at IS NULL OR answered_at <= due_at, count(*) FROM asks WHERE outcome = 'answered'"
        " AND answered_at >= ? AND answered_at < ? GROUP BY 1",
        *micros,
    )
    outcomes = {bool(kept): count for kept, count in answered}
    return {
        "since": f"{since:%Y-%m-%d}",
        "written": dict(Counter(one.means.value for one in written)),
        "messages": dict(sorted(kinds.items())),
        "pings": sum(bool(one.rang) for one in messages),
        "kept": outcomes.get(True, 0),
        "missed": outcomes.get(False, 0),
        "happened": _happened(world, since, until),
    }


def _happened(world: World, since: datetime, until: datetime) -> list[str]:
    plan = world.plan
    told = [
        *((one.at, f"{one.how.value}, {_long(one.lasts)}") for one in plan.breaks),
        *((one.starts_at, _outage(one.forgets, one.ends_at - one.starts_at)) for one in plan.outages),
        *((at, "a crowd complains of the checkout") for at in plan.bursts),
        *((at, "everybody presses at once") for at in plan.storms),
    ]
    return [f"{at:%a %H:%M} {what}" for at, what in sorted(told) if since <= at < until]


def _outage(forgets: bool, lasts: timedelta) -> str:
    after = "what was written is lost" if forgets else "what was written comes late"
    return f"the plaza is closed for {_long(lasts)}; {after}"


def rings(world: World) -> Mapping[str, Sequence[Message]]:
    """By person, the messages that rang for them."""
    found: dict[str, list[Message]] = defaultdict(list)
    for message in world.chat.messages.values():
        for who in message.rang:
            found[PEOPLE[who]].append(message)
    return found


def per_shift(world: World, key: str) -> Mapping[str, int]:
    """How often it rang for somebody, by the day of their own calendar."""
    zone = next(one.zone for one in CREW if one.key == key)
    return Counter(f"{one.at.astimezone(zone):%Y-%m-%d}" for one in rings(world).get(key, ()))


def _person(world: World, key: str) -> dict[str, Any]:
    by_shift = per_shift(world, key)
    counts = sorted(by_shift.values())
    decided = world.rows(
        "SELECT COALESCE(verb, 'command'), count(*) FROM decisions WHERE person = ? GROUP BY 1 ORDER BY 1",
        key,
    )
    return {
        "pings": sum(counts),
        "shifts_with_pings": len(counts),
        "most_in_a_shift": max(counts, default=0),
        "median_in_a_shift": statistics.median(counts) if counts else 0,
        "by_shift": dict(sorted(by_shift.items())),
        "decided": dict(decided),
    }


def _stages(world: World) -> dict[str, Any]:
    """By urgency the medians of seconds since the post, and how many came so far."""
    found: dict[str, Any] = {}
    rows = world.rows(
        "SELECT (SELECT max(v.urgency) FROM verdicts v JOIN mentions m ON m.id = v.mention WHERE m.ask = a.id),"
        " started_at, seen_at, alerted_at, claimed_at, answered_at FROM asks a"
    )
    for level, name in enumerate(URGENCIES):
        mine = [row for row in rows if row[0] == level]
        found[name] = {"asks": len(mine)}
        for column, stage in enumerate(STAGES, start=2):
            waits = [(row[column] - row[1]) / 1e6 for row in mine if row[column] is not None]
            found[name][stage] = {
                "n": len(waits), "median_seconds": round(statistics.median(waits), 1) if waits else None,
            }  # fmt: skip
    return found


def _asks(world: World) -> dict[str, int]:
    by_outcome = {
        outcome or "open": count
        for outcome, count in world.rows("SELECT outcome, count(*) FROM asks GROUP BY 1")
    }
    kept = world.rows("SELECT count(*) FROM asks WHERE answered_at <= due_at")[0][0]
    missed = world.rows("SELECT count(*) FROM asks WHERE answered_at > due_at")[0][0]
    return {**by_outcome, "promises_kept": kept, "promises_missed": missed}


def _escalations(world: World) -> dict[str, int]:
    if "escalations" not in world.tables:
        return {}
    return dict(world.rows("SELECT kind, count(*) FROM escalations GROUP BY 1 ORDER BY 1"))


def _held(world: World) -> dict[str, int]:
    """What did not come by itself, by the sort of card that it came on."""
    keys = world.rows("SELECT key FROM effects WHERE kind NOT IN ('alert', 'update') AND state = 'sent'")
    return dict(sorted(Counter(_sort(key) for (key,) in keys).items()))


def _sort(key: str) -> str:
    """What sort of card it is, and why it was held, if it was."""
    first, second, *_ = f"{key}:".split(":")
    return f"{first} for {second}" if first == "held" else first


def _trouble(world: World) -> dict[str, Any]:
    gaps = world.rows("SELECT started_at, ended_at, reason FROM gaps ORDER BY 1")
    lives = pairwise(world.lives)
    return {
        "lives": len(world.lives),
        "down": [f"{ended:%d %b %H:%M}, {_long(again - ended)}" for (_, ended), (again, _) in lives if ended],
        "slept": [f"{at:%d %b %H:%M}, {_long(until - at)}" for at, until in world.slept],
        "gaps": [f"{moment(a):%d %b %H:%M}, {_long(moment(b) - moment(a))}, {why}" for a, b, why in gaps],
        "warnings": dict(Counter(str(one["event"]) for one in world.warnings)),
    }


def _long(length: timedelta) -> str:
    seconds = length.total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


# --- as text --------------------------------------------------------------------------------------


def story(told: Mapping[str, Any]) -> str:
    return "\n".join(_lines(told))


def _lines(told: Mapping[str, Any]) -> Iterable[str]:
    yield f"{told['days']} days from {told['begins']} UTC, seed {told['seed']}, in {told['seconds']} s"
    for number, week in enumerate(told["weeks"], start=1):
        yield ""
        written = ", ".join(f"{count} {name}" for name, count in sorted(week["written"].items()))
        sent = ", ".join(f"{count} {name}" for name, count in week["messages"].items())
        yield f"Week {number}, from {week['since']}: written {written}"
        yield f"  sent {sent}; {week['pings']} rang; promises kept {week['kept']}, missed {week['missed']}"
        yield from (f"  {line}" for line in week["happened"])
    yield ""
    yield f"{'':8}{'pings':>6}{'days':>6}{'median':>8}{'most':>6}  decided"
    for name, one in told["people"].items():
        decided = ", ".join(f"{count} {verb}" for verb, count in one["decided"].items())
        figures_ = f"{one['pings']:>6}{one['shifts_with_pings']:>6}{one['median_in_a_shift']:>8}"
        yield f"{name:8}{figures_}{one['most_in_a_shift']:>6}  {decided}"
    yield ""
    yield f"{'':10}{'asks':>6}" + "".join(f"{stage:>12}" for stage in STAGES) + "   (medians since the post)"
    for name, one in told["stages"].items():
        medians = (one[stage]["median_seconds"] for stage in STAGES)
        shown = "".join(f"{_after(median):>12}" for median in medians)
        yield f"{name:10}{one['asks']:>6}{shown}"
    yield ""
    yield from _rest(told)


def _after(seconds: float | None) -> str:
    return "-" if seconds is None else _long(timedelta(seconds=seconds))


def _rest(told: Mapping[str, Any]) -> Iterable[str]:
    for name in ("asks", "escalations", "held", "did", "chat"):
        if told[name]:
            yield f"{name}: " + ", ".join(f"{count} {what}" for what, count in told[name].items())
    trouble = told["trouble"]
    for name in ("down", "slept", "gaps"):
        yield f"{name}: " + ("; ".join(trouble[name]) or "never")
    minutes, close = told["minutes_audited"], told["looked_closely"]
    yield f"audited at each of {minutes} minutes, closely at {close} in which something had changed"
    yield from (["every promise was kept"] if not told["findings"] else ["", "BROKEN:", *told["findings"]])
