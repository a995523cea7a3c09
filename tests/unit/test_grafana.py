"""The dashboard asks for what the daemon exposes: each metric, each label, and each value of ours that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.metrics import Metrics
from bot.model import Urgency
from bot.stages import Stage
from tests.unit.test_metrics import exposed, fields

BOARD = json.loads(
    (Path(__file__).parents[2] / "docs" / "grafana" / "outcare.json").read_text(encoding="utf-8")
)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
SELECTOR = re.compile(r"\b((?:outcare|process)_\w+)(?:\{(.*?)\})?")
MATCHER = re.compile(r'(\w+)\s*(=|!=|=~|!~)\s*"(.*?)"')
GROUPING = re.compile(r"\b(?:by|without)\s*\((.*?)\)")
SHOWN = re.compile(r"\{\{\s*(\w+)\s*\}\}")
OUTCOMES = {"outcare_deliveries_total": {"sent"}, "outcare_promises_total": {"kept", "missed"}}


def series() -> dict[str, set[str]]:
    """Each series that /metrics can show, and its labels."""
    found: dict[str, set[str]] = {"process_resident_memory_bytes": set()}
    for metric in fields(Metrics()).values():
        name, labels = exposed(metric), set(metric._labelnames)
        if metric._type == "histogram":
            found |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
        else:
            found[name] = labels
    return found


def queries() -> Iterator[tuple[str, str, str]]:
    """(title, what is asked, how it is named) of each line of each panel."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


QUERIES = list(queries())
SERIES = series()


def mistakes(expr: str, legend: str) -> list[str]:
    """What the daemon does not expose of this."""
    selected = SELECTOR.findall(expr)
    wrong = [f"no metric {name}" for name, _ in selected if name not in SERIES]
    if not selected or wrong:
        return wrong or ["asks for nothing"]
    for name, matchers in selected:
        wrong += [
            f"{name} has no {one}" for one, _, _ in MATCHER.findall(matchers) if one not in SERIES[name]
        ]
    common = set.intersection(*(SERIES[name] for name, _ in selected))
    grouped = [one.strip() for group in GROUPING.findall(expr) for one in group.split(",")]
    wrong += [f"no label {one} of all" for one in (*grouped, *SHOWN.findall(legend)) if one not in common]
    kept = set(grouped) if grouped else common
    wrong += [f"{one} is summed away" for one in SHOWN.findall(legend) if one not in kept]
    if "histogram_quantile" in expr and "le" not in kept:
        wrong.append("a quantile without le")
    return wrong


@pytest.mark.parametrize(("title", "expr", "legend"), QUERIES, ids=[query[1][:60] for query in QUERIES])
def test_each_query_asks_for_what_there_is(title: str, expr: str, legend: str) -> None:
    """Metrics, the labels they are chosen and grouped by, and those that a legend shows."""
    assert mistakes(expr, legend) == [], title
    assert expr.count("(") == expr.count(")")


@pytest.mark.parametrize(
    ("expr", "legend"),
    [
        ("outcare_no_such_thing", ""),
        ("rate(outcare_events_seen[5m])", ""),
        ("outcare_stage_seconds", ""),
        ('outcare_source_up{platform="x"}', ""),
        ("sum by (platform) (outcare_source_up)", ""),
        ("outcare_source_up", "{{platform}}"),
        ("sum by (platform) (outcare_replies_total)", "{{outcome}}"),
        ("histogram_quantile(0.5, sum by (stage) (outcare_stage_seconds_bucket))", ""),
        ("1 + 1", ""),
    ],
)
def test_a_mistake_would_be_found(expr: str, legend: str) -> None:
    """A metric that is none, a counter without its ending, a label it has not or that was summed away."""
    assert mistakes(expr, legend)


@pytest.mark.parametrize(("title", "expr", "legend"), QUERIES, ids=[query[1][:60] for query in QUERIES])
def test_named_values_are_ours(title: str, expr: str, legend: str) -> None:
    """A stage, an outcome or a span that does not exist would be an empty panel."""
    known: dict[str, set[str]] = {
        "stage": {*Stage},
        "span": {"day", "month"},
        "urgency": {one.label for one in Urgency},
    }
    for name, matchers in SELECTOR.findall(expr):
        for label, _, value in MATCHER.findall(matchers):
            if not value.startswith("$"):
                assert value in known.get(label, OUTCOMES.get(name, set())), f"{title}: {value}"


def test_the_choice_of_urgencies_is_of_a_metric() -> None:
    """The variable's query names a series and its label; the data source is the reader's to choose."""
    source, urgency = BOARD["templating"]["list"]
    name, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", urgency["query"]["query"]).groups()  # type: ignore[union-attr]
    assert label in SERIES[name]
    assert source["type"] == "datasource"
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}


def test_panels_have_places_of_their_own() -> None:
    """No two with one id, none over another, none wider than the board; and each says what it shows."""
    everything: list[dict[str, Any]] = BOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert all(panel["description"] for panel in PANELS)


def test_each_part_has_a_row() -> None:
    """Sources, alerts, stages, promises, the queue, budgets: in this order."""
    rows = [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Sources", "Alerts", "Stages", "Promises", "Queue", "Budgets"]
