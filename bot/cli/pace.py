"""How fast asks were answered, in words and as JSON: what `outcare stats` and `outcare status` print.

It knows no database: what it words comes in.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot import duration
from bot.cli import output
from bot.overview import StageTimes, Waiting
from bot.stages import Promise, Stage, Summary
from bot.texts.en import ENGLISH
from connectors.console import visible

_PROMISES = {
    Promise.KEPT: "kept",
    Promise.MISSED: "missed",
    Promise.OPEN: "still to be kept",
    Promise.VOID: "ended without an answer",
}
_TEXT_CHARS = 80


def plain(times: StageTimes) -> dict[str, Any]:
    """For scripts: durations in seconds, null where a median is not known."""
    return {
        "since": output.plain(times.since),
        "observed_to": output.plain(times.observed_to),
        **output.plain(times.whole),
        "by_urgency": {level.label: output.plain(one) for level, one in times.by_urgency.items()},
        "waiting": {level.label: count for level, count in times.waiting.items()},
        "longest": [_plain_wait(one) for one in times.longest],
    }


def _plain_wait(one: Waiting) -> dict[str, Any]:
    row = one.row.listed
    told = {
        "mention_id": row.mention_id,
        "brand": row.brand,
        "platform": row.platform,
        "urgency": row.urgency,
        "author": row.handle or row.author or row.author_id,
        "text": row.text or row.title,
        "url": row.url,
        "claimed_by": row.claimed_by,
        "due_at": row.due_at,
        "since": one.since,
        "waits": one.length,
    }
    return {name: output.plain(value) for name, value in told.items()}


def status_lines(times: StageTimes, *, now: datetime) -> list[str]:
    """One line of what was, and who waits longest."""
    pace, length = times.whole.paces[Stage.ANSWERED], duration.show(now - times.since)
    said = (
        f"{pace.reached} of {times.whole.asks} asks, median {_length(pace.median)}; {_promises(times.whole)}"
    )
    longest = [f"longest wait   {_wait(one)}" for one in times.longest[:1]]
    return [f"answers        last {length}: {said if times.whole.asks else 'nobody asked'}", *longest]


def show(times: StageTimes, *, now: datetime, zone: ZoneInfo) -> None:
    def at(when: datetime) -> str:
        return ENGLISH.time_in_zone(when, now=now, zone=zone)

    whole = times.whole
    sys.stdout.write(
        f"asks           {whole.asks} since {at(times.since)}, as far as observed: {at(times.observed_to)}\n"
        f"promises       {_promises(whole)}\n\n"
    )
    console = Console()
    if whole.asks:
        console.print(_stages(whole))
        console.print(_urgencies(times))
    counts = ", ".join(f"{count} {level.label}" for level, count in times.waiting.items())
    sys.stdout.write(f"waiting now    {counts or 'nobody'}\n")
    for one in times.longest:
        sys.stdout.write(
            f"               {_wait(one)}\n               {visible(one.row.listed.mention_id)}\n"
        )


def _table(*names: str) -> Table:
    table = Table(box=None)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place else "left")
    return table


def _stages(whole: Summary) -> Table:
    table = _table("stage", "reached", "waiting", "median after the question", "after the stage before")
    for stage, pace in whole.paces.items():
        numbers = (str(pace.reached), str(pace.waiting), _length(pace.median), _length(pace.step))
        table.add_row(stage.value, *numbers)
    return table


def _urgencies(times: StageTimes) -> Table:
    table = _table("urgency", "asks", "answered", "waiting", "median", "kept", "missed")
    for level, one in times.by_urgency.items():
        pace = one.paces[Stage.ANSWERED]
        kept, missed = one.promises[Promise.KEPT], one.promises[Promise.MISSED]
        numbers = (str(n) for n in (one.asks, pace.reached, pace.waiting, _length(pace.median), kept, missed))
        table.add_row(level.label, *numbers)
    return table


def _promises(whole: Summary) -> str:
    counted = [f"{whole.promises[one]} {said}" for one, said in _PROMISES.items() if whole.promises.get(one)]
    return ", ".join(counted) or "nothing was promised"


def _length(length: timedelta | None) -> str:
    return "not known" if length is None else duration.show(duration.whole_minutes(length))


def _wait(one: Waiting) -> str:
    row = one.row.listed
    who = row.handle or row.author or row.author_id
    taken = f", claimed by {row.claimed_by}" if row.claimed_by else ""
    text = (row.text or row.title)[:_TEXT_CHARS]
    return visible(f"{_length(one.length)}: {row.urgency.label}{taken}, {who} · {row.platform}: {text}")
