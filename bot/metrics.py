"""What the daemon counts, under the names of docs/glossary.md.

Knows Prometheus and nothing of what happens. A registry of its own, so that two daemons in one process
(tests) do not share numbers. Label values are enums and names out of the configuration, never ids or text.
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from bot.expenses import MILLION, Bill
from bot.noise import ChannelNoise, Why
from bot.stages import Reached

CONTENT_TYPE = CONTENT_TYPE_LATEST

ALERT_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
STAGE_BUCKETS = (10, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)
RECORD_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)


class Metrics:
    """Every number that `/metrics` shows; docs/operations.md says what each means."""

    def __init__(self) -> None:
        # else a "when was it made" series stands beside each counter
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self._count_reading()
        self._count_acting()
        self._gauge()
        self._time()

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"outcare_{name}", meaning, labels, registry=self.registry)

    def _count_reading(self) -> None:
        self.events_seen = self._counter("events_seen", "Events read from a source", "source")
        self.posts_seen = self._counter("posts_seen", "Posts among them, wanted or not", "source")
        self.undecodable = self._counter("undecodable", "Events that could not be decoded", "source")
        self.mentions_stored = self._counter(
            "mentions_stored", "Mentions stored", "brand", "platform", "urgency"
        )
        self.silenced = self._counter("silenced", "Mentions that a silence kept quiet", "scope")
        self.duplicates = self._counter("duplicates", "Mentions that were stored before", "source")
        self.source_failures = self._counter(
            "source_failures", "Connections to a source that failed", "source", "reason"
        )
        self.gaps = self._counter(
            "gaps", "Intervals in which a source was not listened to", "source", "reason"
        )
        self.gap_seconds = self._counter("gap_seconds", "The length of those intervals", "source", "reason")

    def _count_acting(self) -> None:
        self.deliveries = self._counter(
            "deliveries", "Tries to deliver an effect", "channel_kind", "outcome", "reason"
        )
        self.replies = self._counter(
            "replies", "Tries to publish a reply, or to take it back", "platform", "outcome", "reason"
        )
        self.acknowledgements = self._counter(
            "acknowledgements", "The same for automatic ones", "platform", "outcome", "reason"
        )
        self.decisions = self._counter("decisions", "Presses by people", "verb", "outcome")
        self.promises = self._counter(
            "promises", "Answers that were due at some time, by whether they came then", "outcome", "urgency"
        )
        self.escalations = self._counter(
            "escalations", "Steps that were taken because nobody answered an ask", "step"
        )
        self.reloads = self._counter("reloads", "Times the configuration was read again", "outcome")

    def _gauge_sources(self) -> None:
        registry = self.registry
        self.source_up = Gauge(
            "outcare_source_up", "1 while a source delivers, 0 while it fails", ["source"], registry=registry
        )
        self.source_last_event_timestamp_seconds = Gauge(
            "outcare_source_last_event_timestamp_seconds",
            "When the last event of a source was read, as Unix time",
            ["source"],
            registry=registry,
        )
        self.source_behind_seconds = Gauge(
            "outcare_source_behind_seconds",
            "How far what was read of a source lies behind now",
            ["source"],
            registry=registry,
        )
        self.coverage_ratio = Gauge(
            "outcare_coverage_ratio",
            "The part of the last 24 hours in which a source was listened to",
            ["source"],
            registry=registry,
        )

    def _gauge(self) -> None:
        registry = self.registry
        self._gauge_sources()
        self._gauge_money()
        self._gauge_noise()
        self.effects_pending = Gauge(
            "outcare_effects_pending", "Stored effects that are not settled", registry=registry
        )
        self.asks_open = Gauge("outcare_asks_open", "Asks of the brand without an answer", registry=registry)
        self.asks_overdue = Gauge(
            "outcare_asks_overdue", "Those of them whose answer was due before now", registry=registry
        )
        self.incidents_running = Gauge(
            "outcare_incidents_running", "Bursts of alerts that are one incident just now", registry=registry
        )
        self.watch_patterns = Gauge(
            "outcare_watch_patterns", "Words and handles that are watched for", registry=registry
        )
        self.reload_seconds = Gauge(
            "outcare_reload_seconds", "How long the last reload took", registry=registry
        )
        self.rules_reload_ok = Gauge(
            "outcare_rules_reload_ok",
            "1 while what runs is what stands in the files, 0 while a mistake in them keeps it back",
            registry=registry,
        )
        self.rules_loaded = Info("outcare_rules_loaded", "The rules that judge now", registry=registry)

    def _gauge_money(self) -> None:
        self.spent_money = Gauge(
            "outcare_spent_money",
            "What a platform's source cost in this month or today, in the currency of its prices",
            ["platform", "source", "span"],
            registry=self.registry,
        )
        self.spent_count = Gauge(
            "outcare_spent_count",
            "So many things of a platform's source were paid for in this month or today",
            ["platform", "source", "span"],
            registry=self.registry,
        )
        self.budget_money = Gauge(
            "outcare_budget_money",
            "What a platform may cost in a month",
            ["platform"],
            registry=self.registry,
        )

    def _gauge_noise(self) -> None:
        self.alerts_alone = Gauge(
            "outcare_alerts_alone",
            "Alerts of the last 24 hours that came by themselves",
            ["channel"],
            registry=self.registry,
        )
        self.alerts_held = Gauge(
            "outcare_alerts_held",
            "Alerts of the last 24 hours that were held back and came on one card",
            ["channel", "reason"],
            registry=self.registry,
        )
        self.calls_left_out = Gauge(
            "outcare_calls_left_out",
            "Calls of the last 24 hours that cards did not make, because that person's budget was spent",
            ["channel"],
            registry=self.registry,
        )
        self.criticals_held = Gauge(
            "outcare_criticals_held",
            "Those of them that were critical: always 0",
            ["channel"],
            registry=self.registry,
        )

    def show_noise(self, channels: Iterable[ChannelNoise]) -> None:
        """What channels were told in the last 24 hours."""
        for one in channels:
            self.alerts_alone.labels(one.channel).set(one.alone)
            self.calls_left_out.labels(one.channel).set(one.left_out)
            self.criticals_held.labels(one.channel).set(one.criticals)
            for why in Why:
                self.alerts_held.labels(one.channel, why.value).set(one.held.get(why, 0))

    def show_bill(self, bill: Bill) -> None:
        """What something cost by now."""
        self.budget_money.labels(bill.platform).set(bill.budget / MILLION)
        for source, spent in bill.sources.items():
            for span, count, micros in (
                ("day", spent.today, spent.micros_today),
                ("month", spent.month, spent.micros_month),
            ):
                self.spent_count.labels(bill.platform, source, span).set(count)
                self.spent_money.labels(bill.platform, source, span).set(micros / MILLION)

    def came_to(self, reached: Reached) -> None:
        """An ask came to a stage, for the first time."""
        seconds = reached.after.total_seconds()
        self.stage_seconds.labels(reached.stage.value, reached.urgency.label).observe(seconds)
        if reached.kept is not None:
            self.promises.labels("kept" if reached.kept else "missed", reached.urgency.label).inc()

    def _time(self) -> None:
        self.alert_delay_seconds = Histogram(
            "outcare_alert_delay_seconds",
            "From reading a post to its alert being delivered",
            buckets=ALERT_BUCKETS,
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "outcare_stage_seconds",
            "From a question to the stage that its ask came to",
            ["stage", "urgency"],
            buckets=STAGE_BUCKETS,
            registry=self.registry,
        )
        self.record_seconds = Histogram(
            "outcare_record_seconds",
            "From handing a batch to the store to its commit",
            buckets=RECORD_BUCKETS,
            registry=self.registry,
        )

    def render(self) -> bytes:
        """The text of `/metrics`, to be served as `CONTENT_TYPE`."""
        return generate_latest(self.registry)
