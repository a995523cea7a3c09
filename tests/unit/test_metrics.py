"""The numbers and the page that explains them stay in step."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from bot.errors import Reason
from bot.expenses import Bill, Purse, Spent
from bot.metrics import Metrics
from bot.model import Urgency
from bot.stages import Reached, Stage

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
ROW = re.compile(r"^\| `(outcare_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def fields(metrics: Metrics) -> dict[str, MetricWrapperBase]:
    """The metrics by the name of the field that others use."""
    return {name: value for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)}


def exposed(metric: MetricWrapperBase) -> str:
    """The name as /metrics shows it."""
    suffix = {"counter": "_total", "info": "_info"}.get(str(metric._type), "")
    return f"{metric._name}{suffix}"


def test_the_page_lists_exactly_what_is_exposed() -> None:
    """docs/operations.md names each metric with its type and labels, and none that is gone."""
    documented = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels, _ in ROW.findall(PAGE.read_text(encoding="utf-8"))
    }
    actual = {exposed(metric): (metric._type, metric._labelnames) for metric in fields(Metrics()).values()}
    actual["outcare_rules_loaded_info"] = ("info", ("version",))
    assert documented == actual


def test_the_page_lists_every_reason() -> None:
    """What the label `reason` may hold is the closed list of bot.errors."""
    paragraph = re.search(r"`reason` is one of (.*?)\.\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert paragraph is not None
    assert re.findall(r"`(\w+)`", paragraph[1]) == [reason.value for reason in Reason]


def test_a_field_is_named_like_its_metric() -> None:
    """`metrics.duplicates` is `outcare_duplicates`: one name per thing."""
    for name, metric in fields(Metrics()).items():
        assert metric._name == f"outcare_{name}"


def test_two_daemons_share_no_numbers() -> None:
    """Each Metrics has its own registry, and the global one stays empty of ours."""
    one, other = Metrics(), Metrics()
    one.duplicates.labels(source="bluesky").inc()
    sample = 'outcare_duplicates_total{source="bluesky"} 1.0'
    assert sample in one.render().decode()
    assert sample not in other.render().decode()
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("outcare")]


def test_new_rules_replace_the_old_ones() -> None:
    """Only the version that judges now is shown."""
    metrics = Metrics()
    metrics.rules_loaded.info({"version": "one"})
    metrics.rules_loaded.info({"version": "two"})
    shown = [
        line for line in metrics.render().decode().splitlines() if line.startswith("outcare_rules_loaded")
    ]
    assert shown == ['outcare_rules_loaded_info{version="two"} 1.0']


def test_no_series_of_creation_times() -> None:
    """A counter is one series, not two."""
    metrics = Metrics()
    metrics.gaps.labels(source="bluesky", reason="cursor_lost").inc()
    metrics.alert_delay_seconds.observe(0.2)
    assert "_created" not in metrics.render().decode()


def test_a_bill_is_shown() -> None:
    """By source, for the day and the month."""
    metrics = Metrics()
    spent = Spent(today=3, month=103, micros_today=30_000, micros_month=1_030_000)
    metrics.show_bill(
        Bill(
            platform="x",
            month="2026-11",
            currency="USD",
            budget=50_000_000,
            purse=Purse.FULL,
            sources={"x-mentions": spent},
        )
    )
    shown = {
        (name, span): metrics.registry.get_sample_value(
            f"outcare_spent_{name}", {"platform": "x", "source": "x-mentions", "span": span}
        )
        for name in ("count", "money")
        for span in ("day", "month")
    }
    assert list(shown.values()) == [3, 103, 0.03, 1.03]
    assert metrics.registry.get_sample_value("outcare_budget_money", {"platform": "x"}) == 50.0


def test_a_stage_is_timed_by_urgency() -> None:
    """In seconds after the question."""
    metrics = Metrics()
    metrics.came_to(Reached(stage=Stage.CLAIMED, urgency=Urgency.HIGH, after=timedelta(minutes=2)))
    shown = metrics.render().decode()
    assert 'outcare_stage_seconds_sum{stage="claimed",urgency="high"} 120.0' in shown
    assert 'outcare_stage_seconds_bucket{le="300.0",stage="claimed",urgency="high"} 1.0' in shown


def test_promises_are_counted_with_their_answers() -> None:
    """What nobody promised is in neither."""
    metrics = Metrics()
    for kept in (True, True, False, None):
        metrics.came_to(
            Reached(stage=Stage.ANSWERED, urgency=Urgency.LOW, after=timedelta(minutes=2), kept=kept)
        )
    shown = metrics.render().decode()
    assert 'outcare_promises_total{outcome="kept",urgency="low"} 2.0' in shown
    assert 'outcare_promises_total{outcome="missed",urgency="low"} 1.0' in shown
