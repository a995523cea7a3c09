"""Whether everything works: what `/readyz` answers, the gauges of `/metrics`, the sign of life to a monitor.

Knows the parts of the running program by what they say of themselves; it changes none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot import coverage
from bot.accounts import Accounts
from bot.errors import Reason, Unavailable
from bot.expenses import Bill, Expenses, Purse
from bot.feeds import FeedLoop
from bot.listener import Listener
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.ports import Clock, Http
from bot.settings.load import Settings
from bot.status import SourceStatus
from bot.store.sqlite import SqliteStore
from bot.web.health import Check


@dataclass(kw_only=True)
class Readiness:
    """`rules_trouble` tells why newer rules are not in use, `publishing` why nothing goes out,
    `model_trouble` why no model writes drafts: everything else works all the same.
    """

    settings: Settings
    store: SqliteStore
    outbox: Outbox
    accounts: Accounts
    listeners: Sequence[Listener]
    feed_loops: Sequence[FeedLoop]
    expenses: Expenses
    rules_trouble: Callable[[], str]
    publishing: Callable[[], str]
    model_trouble: Callable[[], str | None]
    clock: Clock
    metrics: Metrics
    http: Http
    _stored: Mapping[str, SourceStatus] = field(default_factory=dict, init=False)

    def checks(self) -> Iterable[Check]:
        """Each source, account, feed and channel, and the database."""
        for one in self.listeners:
            state = one.state()
            detail = coverage.told(
                state, self._stored.get(state.name), now=self.clock.now(), zone=self.settings.timezone
            )
            yield Check(name=f"source:{state.name}", ok=state.is_connected, detail=detail)
        for account in self.accounts.unresolved():
            detail = "there is no such handle" if account in self.accounts.refused else "not resolved yet"
            yield Check(name=f"account:{account.platform}:{account.handle}", ok=False, detail=detail)
        for loop in self.feed_loops:
            yield Check(name=f"feed:{loop.feed.name}", ok=loop.failing is None, detail=loop.failing or "")
        for bill in self.bills():
            ok = bill.purse is not Purse.EMPTY
            yield Check(name=f"budget:{bill.platform}", ok=ok, detail=str(bill))
        yield Check(name="rules", ok=True, detail=self.rules_trouble())
        yield Check(name="publishing", ok=True, detail=self.publishing())
        if self.settings.drafts.model.name:
            yield Check(name="model", ok=True, detail=self.model_trouble() or "")
        trouble = self.store.trouble or self.outbox.store_trouble
        yield Check(name="database", ok=trouble is None, detail=trouble or "")
        failing = self.outbox.failing
        for channel in self.settings.channels:
            reason = failing[channel].reason if channel in failing else ""
            yield Check(name=f"channel:{channel}", ok=not reason, detail=reason)

    def bills(self) -> tuple[Bill, ...]:
        """What is paid for, and how its budget stands."""
        return tuple(self.expenses.bills.values())

    async def gauge(self) -> None:
        """Bring the gauges up to date. Raises: StoreError."""
        status = await self.store.status(now=self.clock.now())
        await self.expenses.refresh()
        self._stored = {source.name: source for source in status.sources}
        self.metrics.show_noise(status.noise)
        self.metrics.asks_open.set(status.open_asks)
        self.metrics.asks_overdue.set(status.overdue_asks)
        self.metrics.incidents_running.set(len(status.incidents))
        self.metrics.effects_pending.set(status.effects.get("pending", 0) + status.effects.get("leased", 0))
        for one in self.listeners:
            state = one.state()
            self.metrics.source_up.labels(state.name).set(state.is_connected)
            if state.last_event_at:
                heard = self.metrics.source_last_event_timestamp_seconds.labels(state.name)
                heard.set(state.last_event_at.timestamp())
            coverage.gauge(self.metrics, state, self._stored.get(state.name), now=self.clock.now())

    async def heartbeat(self) -> None:
        """Tell the outside monitor that all is well; when it is not, the silence is the alarm."""
        url = self.settings.heartbeat_url
        if url and all(check.ok for check in self.checks()):
            async with self.http.request("GET", url) as answer:
                if answer.status >= 400:
                    raise Unavailable(f"the monitor answers {answer.status}", reason=Reason.SERVER)
