"""What is to happen in a month, drawn from a seed: who writes what when, what breaks, who does odd things.

Pure: the same seed, days and count give the same plan. It knows the words that the rules of `world` look for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tests.month.plaza import Outage

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
BEGINS = datetime(2026, 10, 20, 5, tzinfo=UTC)
"""Clocks go back in Berlin on October 25, in New York on November 1."""


class Means(StrEnum):
    """What a post is to the rules; also how it is weighed in the report."""

    CRITICAL = "critical"
    HIGH = "high"
    PRESS = "press"
    NORMAL = "normal"
    LOW = "low"


WORDS = {
    Means.CRITICAL: (
        "there is smoke coming out of my acme lamp",
        "my acme charger started to smoke just now",
    ),
    Means.HIGH: ("my acme order arrived broken", "the acme checkout is broken", "acme login broken again"),
    Means.PRESS: ("acme, I am a journalist and would like a quote", "a journalist asks: what does acme say?"),
    Means.NORMAL: ("how do I reset my acme lamp?", "does acme ship to Spain?", "acme, which bulb fits?"),
    Means.LOW: ("bought an acme lamp today", "acme again on the shelf here", "the acme colours of autumn"),
}
SHARES = {Means.CRITICAL: 1.2, Means.HIGH: 14, Means.PRESS: 1.8, Means.NORMAL: 33, Means.LOW: 50}
BURST = "the acme checkout is broken for everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """`goes_on`: it is about the author's post before, if there is one."""

    at: datetime
    author: str
    text: str
    means: Means
    goes_on: bool = False


class Stop(StrEnum):
    CLEAN = "the daemon is stopped"
    KILL = "the daemon is killed"
    SLEEP = "the machine sleeps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The daemon, or its machine, is away for so long."""

    at: datetime
    how: Stop
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    seed: int
    begins: datetime
    ends: datetime
    written: tuple[Written, ...]
    outages: tuple[Outage, ...]
    breaks: tuple[Break, ...]
    storms: tuple[datetime, ...]
    said: tuple[tuple[datetime, str, str], ...]
    """(when, who, which command)."""
    bursts: tuple[datetime, ...]


AFTERWARDS = timedelta(hours=1)
"""So long before the end it runs again: what was written meanwhile is to be read."""


def draw(seed: int, *, days: int = 31, mentions: int = 4000, begins: datetime = BEGINS) -> Plan:
    rng = random.Random(seed)
    ends = begins + timedelta(days=days)
    bursts = _spread(rng, begins, ends, 2)
    outages = _outages(rng, begins, ends)
    return Plan(
        seed=seed,
        begins=begins,
        ends=ends,
        written=_written(rng, begins, days, mentions, bursts),
        outages=outages,
        breaks=_breaks(rng, begins, ends, outages),
        storms=_spread(rng, begins, ends, max(2, days // 4)),
        said=_said(rng, begins, days),
        bursts=bursts,
    )


def _spread(rng: random.Random, begins: datetime, ends: datetime, count: int) -> tuple[datetime, ...]:
    """So many moments, one in each part of the time, none at its very ends."""
    part = (ends - begins) / count
    return tuple(begins + part * (number + rng.uniform(0.15, 0.85)) for number in range(count))


def _outages(rng: random.Random, begins: datetime, ends: datetime) -> tuple[Outage, ...]:
    """One whose posts come late, and one whose posts never come."""
    first, second = _spread(rng, begins, ends, 2)
    return (
        Outage(starts_at=first, ends_at=first + timedelta(hours=rng.uniform(2, 6)), forgets=False),
        Outage(starts_at=second, ends_at=second + timedelta(hours=rng.uniform(1, 4)), forgets=True),
    )


def _breaks(
    rng: random.Random, begins: datetime, ends: datetime, outages: tuple[Outage, ...]
) -> tuple[Break, ...]:
    """Five restarts, most of them hard, and a night in which the machine sleeps."""
    hard = [
        (Stop.CLEAN, timedelta(seconds=rng.uniform(5, 60))),
        (Stop.KILL, timedelta(seconds=rng.uniform(5, 90))),
        (Stop.KILL, timedelta(minutes=rng.uniform(5, 40))),
        (Stop.KILL, timedelta(hours=rng.uniform(1, 5))),
        (Stop.CLEAN, timedelta(hours=rng.uniform(1, 3))),
        (Stop.SLEEP, timedelta(hours=rng.uniform(2, 6))),
    ]
    rng.shuffle(hard)
    moments = _spread(rng, begins, ends, len(hard))
    clear = [_clear_of(at, outages) for at in moments]
    return tuple(
        Break(at=at, how=how, lasts=min(lasts, ends - at - AFTERWARDS))
        for at, (how, lasts) in zip(sorted(clear), hard, strict=True)
    )


def _clear_of(at: datetime, outages: tuple[Outage, ...]) -> datetime:
    """So that a hole in what was heard has one cause."""
    for one in outages:
        if one.starts_at - timedelta(hours=7) <= at <= one.ends_at + timedelta(hours=1):
            return one.ends_at + timedelta(hours=2)
    return at


def _written(
    rng: random.Random, begins: datetime, days: int, count: int, bursts: tuple[datetime, ...]
) -> tuple[Written, ...]:
    """What people write of us by themselves, and all at once where something broke."""
    in_bursts = min(count // 8, 200)
    times = sorted(_moment(rng, begins, days) for _ in range(count - in_bursts))
    found = [_post(rng, at) for at in times]
    for number in range(in_bursts):
        at = bursts[number % len(bursts)] + timedelta(seconds=rng.triangular(0, 1500, 200))
        found.append(Written(at=at, author=f"crowd{number}", text=f"{BURST} ({number})", means=Means.HIGH))
    return tuple(sorted(found, key=lambda one: one.at))


def _moment(rng: random.Random, begins: datetime, days: int) -> datetime:
    """People write by day, less on weekends; half of them live on each side of the sea."""
    while True:
        at = begins + timedelta(days=rng.uniform(0, days))
        local = at.astimezone(rng.choice((BERLIN, NEW_YORK)))
        weight = 1.0 if 8 <= local.hour < 22 else 0.15
        weight *= 0.55 if local.weekday() >= 5 else 1.0
        if rng.random() < weight:
            return at


def _post(rng: random.Random, at: datetime) -> Written:
    means = rng.choices(list(SHARES), weights=list(SHARES.values()))[0]
    author = f"author{int(rng.paretovariate(0.9)) % 900}"
    text = f"{rng.choice(WORDS[means])} ({rng.randrange(10**6)})"
    return Written(at=at, author=author, text=text, means=means, goes_on=rng.random() < 0.2)


def _said(rng: random.Random, begins: datetime, days: int) -> tuple[tuple[datetime, str, str], ...]:
    """Covers, silences and questions, through the month."""
    words = (
        ("anna", "/cover me 17:00-23:00 care"),
        ("li", "/cover anna tomorrow 09:00-12:00 care"),
        ("li", "/silence rule howto 2h a video explains it"),
        ("ben", "/cover me 06:00-12:00 care"),
        ("li", "/silence rule broken 1h we know of it"),
        ("anna", "/catchup"),
        ("ben", "/stats"),
        ("li", "/oncall"),
        ("anna", "/inbox"),
    )
    moments = _spread(rng, begins, begins + timedelta(days=days), max(len(words), days))
    return tuple((at, *words[number % len(words)]) for number, at in enumerate(moments))
