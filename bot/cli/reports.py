"""`outcare status`, `inbox` and `db upgrade`: what the database tells."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import duration, withheld
from bot.cli import live, output, pace, setup
from bot.clock import SystemClock
from bot.expenses import Bill, Purse
from bot.http import HttpClient
from bot.model import Urgency
from bot.overview import REPORTED, StageTimes
from bot.ports import Wiring
from bot.records import InboxRow
from bot.reports import Reports
from bot.settings.load import Settings
from bot.sides import bill_side
from bot.status import SourceStatus, Status
from bot.store import schema
from bot.store.lock import holder
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from bot.vault import FileVault, vault_beside
from connectors.console import visible

T = TypeVar("T")

_COLOURS = {Urgency.CRITICAL: "bold red", Urgency.HIGH: "yellow", Urgency.NORMAL: "", Urgency.LOW: "dim"}


_PURSES = {
    Purse.FULL: "",
    Purse.SLOW: "; reading gets an equal share of the rest each day",
    Purse.EMPTY: "; nothing is read before the next month",
}
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxQuery:
    brand: str | None = None
    rule: str | None = None
    include_closed: bool = False
    since: timedelta | None = None
    limit: int = 50

    @property
    def since_at(self) -> datetime | None:
        if self.since is None:
            return None
        return long_ago(self.since, now=datetime.now(UTC))


def long_ago(length: timedelta, *, now: datetime) -> datetime:
    """Also where the calendar does not go back so far."""
    return now - min(length, now - _LONG_AGO)


def read(path: Path, ask: Callable[[Reports], Awaitable[T]]) -> T:
    """Open a database for reading, also beside a running daemon. Raises: StoreError."""

    async def opened() -> T:
        store = await SqliteStore.open(path, read_only=True)
        try:
            return await ask(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def show_status(config: Path | None, database: Path | None, *, as_json: bool) -> int:
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    path = database or settings.database
    now = datetime.now(UTC)
    status, times = read(path, lambda store: _status(store, now))
    bills = asyncio.run(kept_bills(settings, path))
    pid = holder(path)
    checks = live.checks(settings.http) if pid else ()
    if as_json:
        told = {"database": str(path), "daemon_pid": pid, "checks": checks, **output.plain(status)}
        told["budgets"] = [_budget(bill) for bill in bills]
        told["answers"] = pace.plain(times)
        output.json(told)
    else:
        for line in _status_lines(status, path, pid, now=now, zone=settings.timezone):
            sys.stdout.write(line + "\n")
        sys.stdout.writelines(line + "\n" for line in pace.status_lines(times, now=now))
        for bill in bills:
            sys.stdout.writelines(line + "\n" for line in _budget_lines(bill))
        shown = {f"budget:{bill.platform}" for bill in bills}
        for check in checks:
            sys.stdout.write("" if check.name in shown else _check_line(check))
    return 0


async def _status(store: Reports, now: datetime) -> tuple[Status, StageTimes]:
    return await store.status(now=now), await store.stage_times(now - REPORTED, now=now)


def _status_lines(status: Status, path: Path, pid: int | None, *, now: datetime, zone: ZoneInfo) -> list[str]:
    def at(when: datetime | None) -> str:
        return ENGLISH.time_in_zone(when, now=now, zone=zone) if when else "never"

    lines = [
        f"daemon         {f'running (pid {pid})' if pid else 'not running'}",
        f"database       {path} (schema {status.schema_version})",
        *_rules_lines(status, at),
        f"posts          {status.posts}",
        f"mentions       {status.mentions}, last {at(status.last_mention_at)}",
        "conversations  " + (", ".join(f"{n} {s}" for s, n in status.conversations.items()) or "none"),
        *_publishing_lines(status, at),
        f"open asks      {status.open_asks}, of which {status.overdue_asks} overdue",
        f"escalated      {status.steps.asks} open asks, {status.steps.of_day} steps in 24 hours",
        *_incident_lines(status, at),
        "effects        " + (", ".join(f"{n} {s}" for s, n in status.effects.items()) or "none"),
    ]
    lines += [f"alerts         {line}" for line in withheld.lines(status.noise, ENGLISH)]
    lines += [
        f"source         {source.name}: {_observed(source, at)}{'' if pid else ', not listening since'}"
        for source in status.sources
    ]
    if status.more_gaps:
        lines.append(f"gap            {status.more_gaps} more within the last 7 days")
    lines += [
        f"gap            {gap.source}: not listening {at(gap.started_at)} – {at(gap.ended_at)} ({gap.reason})"
        for gap in status.gaps
    ]
    return lines


async def kept_bills(settings: Settings, database: Path) -> tuple[Bill, ...]:
    """What is paid for, as the daemon of this database keeps it. Nobody is asked."""
    clock = SystemClock()
    http = HttpClient(clock)
    try:
        wiring = Wiring(http=http, clock=clock, vault=FileVault(vault_beside(database)))
        return await bill_side(settings, setup.connectors(), wiring)
    finally:
        await http.close()


def _budget(bill: Bill) -> dict[str, object]:
    """Money in millionths, as it is counted."""
    return {**output.plain(bill), "spent": bill.spent, "spent_today": bill.spent_today}


def _budget_lines(bill: Bill) -> list[str]:
    lines = [f"budget         {bill.platform}: {bill}{_PURSES[bill.purse]}"]
    for name, one in sorted(bill.sources.items()):
        today, month = bill.money(one.micros_today), bill.money(one.micros_month)
        lines.append(
            f"               {name}: {one.month} for {month}, of which {one.today} for {today} today"
        )
    return lines


def _publishing_lines(status: Status, at: Callable[[datetime | None], str]) -> list[str]:
    paused = status.paused
    if paused is None:
        return []
    why = f": {visible(paused.reason)}" if paused.reason else ""
    return [f"publishing     PAUSED by {visible(paused.person)} since {at(paused.since)}{why}"]


def _incident_lines(status: Status, at: Callable[[datetime | None], str]) -> list[str]:
    return [
        f"incident       {visible(one.route)}: {one.posts} posts by {one.authors} authors since"
        f" {at(one.begun_at)}, {one.open} conversations open"
        for one in status.incidents
    ]


def _rules_lines(status: Status, at: Callable[[datetime | None], str]) -> list[str]:
    """What judges since when; and why that is not what stands in the files, if it is not."""
    state = status.rules
    if state is None:
        return [f"rules          {status.rules_version or 'none loaded yet'}"]
    lines = [f"rules          {state.version} from {at(state.since)}"]
    if state.problems:
        lines.append(f"rules          NOT those of the files, which were read {at(state.read_at)}:")
        lines += [f"               {visible(problem)}" for problem in state.problems]
    return lines


def _observed(source: SourceStatus, at: Callable[[datetime | None], str]) -> str:
    """`observed Mon 09:00 CET – 12:31 CET (28m missed in the last 24 hours)`."""
    if source.observed_to is None:
        return f"position stored {at(source.updated_at)}"
    missed = f" ({duration.show(source.missed)} missed in the last 24 hours)" if source.missed else ""
    return f"observed {at(source.observed_from)} – {at(source.observed_to)}{missed}"


def _check_line(check: live.LiveCheck) -> str:
    """What does not work, and what works but has something to say: a source that catches up.

    What it says of the rules stands above, from the database.
    """
    if check.name == "rules" and check.ok:
        return ""
    if not check.ok:
        return f"not working    {check.name}: {check.detail}\n"
    return f"{'working':<15}{check.name}: {check.detail}\n" if check.detail else ""


def show_inbox(config: Path | None, database: Path | None, query: InboxQuery, *, as_json: bool) -> int:
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    rows = read(
        database or settings.database,
        lambda store: store.inbox(
            limit=query.limit,
            brand=query.brand,
            include_closed=query.include_closed,
            rule=query.rule,
            since=query.since_at,
        ),
    )
    if as_json:
        output.json(rows)
    else:
        _table(rows, settings.timezone, _asked_for(query))
    return 0


def _asked_for(query: InboxQuery) -> str:
    """` for brand "acme"`: so that a misspelt name is not taken for a quiet day."""
    asked = {"brand": query.brand, "rule": query.rule}
    named = " and ".join(f'{name} "{value}"' for name, value in asked.items() if value is not None)
    return f" for {named}" if named else ""


def show_rules(config: Path | None, database: Path | None, query: InboxQuery, *, as_json: bool) -> int:
    """What became of all the mentions that each rule fired for; `limit` is for the rules shown."""
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    now = datetime.now(UTC)
    counts = read(
        database or settings.database,
        lambda store: store.rule_counts(now=now, brand=query.brand, rule=query.rule, since=query.since_at),
    )[: query.limit]
    if as_json:
        output.json([{**output.plain(one), "right": one.right} for one in counts])
        return 0
    table = Table(box=None)
    for name in ("rule", "mentions", "alerts", "claims", "not about us", "right", "silenced until"):
        table.add_column(name, justify="left" if name in {"rule", "silenced until"} else "right")
    for one in counts:
        until = (
            ENGLISH.time_in_zone(one.silenced_until, now=now, zone=settings.timezone)
            if one.silenced_until
            else ""
        )
        numbers = (one.mentions, one.alerts, one.claims, one.feedback.get("not_about_us", 0))
        right = "" if one.right is None else f"{one.right:.0%} of {one.judged}"
        table.add_row(Text(visible(one.rule or "(no rule)")), *map(str, numbers), right, until)
    Console().print(table)
    return 0


def _table(rows: tuple[InboxRow, ...], zone: ZoneInfo, asked_for: str) -> None:
    if not rows:
        sys.stdout.write(f"Nothing waits{visible(asked_for)}.\n")
        return
    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 1))
    for name in ("urgency", "state", "answer by", "mention"):
        table.add_column(name, overflow="fold", no_wrap=name in {"urgency", "answer by"})
    for row in rows:
        due = ENGLISH.time_of_day(row.due_at, now=now, zone=zone) if row.due_at else ""
        state = f"{row.state.value} {row.claimed_by or ''}".strip()
        cells = (row.urgency.label, visible(state), due, _mention(row))
        table.add_row(*(Text(cell, style=_COLOURS[row.urgency]) for cell in cells))
    Console().print(table)


def _mention(row: InboxRow) -> str:
    """Who, what, why; and the id on a line of its own, so that it can be copied from a narrow terminal."""
    said = f"{row.author} · {row.platform}: {row.text[:120]}"
    return "\n".join(visible(line) for line in (said, ", ".join(row.rules), row.mention_id) if line)


def upgrade_database(config: Path | None, database: Path | None) -> None:
    path = database or setup.settings(config, needs_secrets=False).database
    before, after = schema.upgrade(path)
    said = f"already at schema {after}" if before == after else f"schema {before or 'none'} → {after}"
    sys.stdout.write(f"{path}: {said}\n")
