"""Counters in event time: how many mentions met a condition in the last ten minutes, and what is usual.

Pure, and a cache of rows that the store keeps. What is counted lies at the time at which it was posted, so
that the same mentions in the same order give the same numbers, however fast they come. Knows no rule, no
table and no clock.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.measured import HOUR, Counted, Tally, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAY, WEEK = timedelta(days=1), timedelta(days=7)
REMEMBERED = 20_000
"""So many mentions are known by their keys, so that one that is read again counts once."""
_SLACK = timedelta(days=1)
"""What is older than a window by this is let go of: posts come late, but not that late."""
_TIDY_AT = 1_024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One mention that was counted. `key` names the mention, whoever reads it and how often."""

    counter: str
    brand: str
    group: str
    value: str | None
    at: datetime
    key: str


@dataclass(slots=True)
class _Line:
    """The events of one counter, brand and group, in the order of their times."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: list[str | None] = field(default_factory=list)

    def add(self, at: int, value: str | None) -> None:
        place = bisect_right(self.times, at)
        self.times.insert(place, at)
        self.values.insert(place, value)

    def count(self, after: int, until: int) -> int:
        """In (after, until]: each value once, and each without one."""
        start, end = bisect_right(self.times, after), bisect_right(self.times, until)
        values = self.values[start:end]
        nameless = values.count(None)
        return nameless + len(set(values) - {None})

    def forget(self, before: int) -> None:
        if len(self.times) >= _TIDY_AT and self.times[len(self.times) // 2] < before:
            end = bisect_right(self.times, before)
            del self.times[:end], self.values[:end]


class Counts:
    """All counters of a program. `since`: from when on everything is counted, by counter (absent: always)."""

    def __init__(self, since: Mapping[str, datetime] | None = None) -> None:
        self._lines: dict[tuple[str, str, str], _Line] = {}
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.since = dict(since or {})

    def take(
        self, brand: str, key: str, at: datetime, tallies: Sequence[Tally]
    ) -> tuple[Mapping[str, Counted], tuple[Event, ...]]:
        """Count a mention where it counts, once, then read every window; and tell where it counts."""
        events: list[Event] = []
        read: dict[str, Counted] = {}
        for tally in tallies:
            if tally.counts:
                event = Event(
                    counter=tally.counter, brand=brand, group=tally.group, value=tally.value, at=at, key=key
                )
                events.append(event)
                self.add(event)
            line = self._lines.get((tally.counter, brand, tally.group), _Line())
            for window in tally.windows:
                read[window.name] = self._read(line, window, at, self.since.get(tally.counter))
            line.forget(_micros(at - max(window.reaches for window in tally.windows) - _SLACK))
        return read, tuple(events)

    def add(self, event: Event) -> None:
        name = (event.counter, f"{event.brand}\n{event.key}")
        if name in self._seen:
            return
        self._seen[name] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        line = self._lines.setdefault((event.counter, event.brand, event.group), _Line())
        line.add(_micros(event.at), event.value)

    def fill(self, events: Iterable[Event], since: Mapping[str, datetime]) -> None:
        """Take in what the store kept."""
        for event in events:
            self.add(event)
        self.since.update(since)

    def keep(self, counters: Iterable[str]) -> None:
        """Let go of every other counter."""
        kept = set(counters)
        self._lines = {name: line for name, line in self._lines.items() if name[0] in kept}
        self._seen = OrderedDict((name, None) for name in self._seen if name[0] in kept)
        self.since = {counter: at for counter, at in self.since.items() if counter in kept}

    def _read(self, line: _Line, window: Window, at: datetime, since: datetime | None) -> Counted:
        now = line.count(_micros(at - window.length), _micros(at))
        if window.against is None:
            return Counted(now=now)
        if since is not None and at - window.reaches < since:
            return Counted(now=now)
        return Counted(now=now, usual=_usual(line, window.length, window.against, at))


def _usual(line: _Line, length: timedelta, against: timedelta, at: datetime) -> float:
    """How many there were in such a stretch, on average: at this hour of the same weekday in each week, with
    less than a week at this hour of each day; with less than a day in all the time before.
    """
    step = WEEK if against >= WEEK else DAY if against >= DAY else None
    if step is None:
        begin = at - length
        return line.count(_micros(begin - against), _micros(begin)) * (length / against)
    wide = max(length, HOUR)
    times = against // step
    found = sum(
        line.count(_micros(at - step * back - wide / 2), _micros(at - step * back + wide / 2))
        for back in range(1, times + 1)
    )
    return found * (length / wide) / times


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
