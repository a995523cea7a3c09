"""Signals of somebody else's: found where they are installed, and harmless whatever they do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.model import AuthorFacts, Signal
from bot.ports import Meter
from rules.signals import plugins
from rules.signals.plugins import Plugin, added, started

ODD = Signal(value=0.25, evidence=(("odd", 1.0),))


def plugin(meter: Meter, name: str = "odd", **given: float) -> Plugin:
    return Plugin(name, lambda: meter, **given)  # type: ignore[arg-type]


def odd(text: str, lang: str | None, author: AuthorFacts | None) -> Signal:
    return ODD if "odd" in text else Signal(value=0.0)


def test_a_plug_in_adds_a_signal_or_replaces_one() -> None:
    """By its name; the others stay."""
    ours = {"complaint": Signal(value=0.9), "question": Signal(value=0.1)}
    found = added([plugin(odd), plugin(odd, "question")], ours, "an odd text", "en", None)
    assert found == {"complaint": Signal(value=0.9), "question": ODD, "odd": ODD}


def test_a_plug_in_gets_the_text_the_language_and_the_author() -> None:
    """What it needs to measure."""
    got: list[object] = []

    def meter(text: str, lang: str | None, author: AuthorFacts | None) -> Signal:
        got.extend((text, lang, author))
        return ODD

    author = AuthorFacts(handle="ann")
    assert plugin(meter).measure("a text", "pt-BR", author) == ODD
    assert got == ["a text", "pt-BR", author]


def broken(text: str, lang: str | None, author: AuthorFacts | None) -> Signal:
    raise ValueError("no such word")


NONSENSE = [
    Signal(value=1.5),
    Signal(value=-0.5),
    Signal(value=float("nan")),
    Signal(value="0.5"),  # type: ignore[arg-type]
    Signal(value=0.5, evidence=("odd", 1.0)),  # type: ignore[arg-type]
    Signal(value=0.5, evidence=None),  # type: ignore[arg-type]
    0.5,
    None,
]


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_is_unknown_and_told_once(answer: Signal) -> None:
    """Out of range, of another type, nothing at all."""
    with capture_logs() as logs:
        one = plugin(lambda text, lang, author: answer)
        assert [one.measure("a", None, None) for _ in range(3)] == [Signal(value=None)] * 3
    assert [line["event"] for line in logs] == ["signal.failed"]


def test_the_tone_may_be_below_zero() -> None:
    """A plug-in in the place of `sentiment` has its range."""
    bad = Signal(value=-0.5)
    assert plugin(lambda text, lang, author: bad, "sentiment").measure("a", None, None) == bad


def test_one_that_raises_is_unknown_and_told_once() -> None:
    """The log says which and why."""
    with capture_logs() as logs:
        one = plugin(broken)
        assert [one.measure("a", None, None) for _ in range(3)] == [Signal(value=None)] * 3
    assert [(line["signal"], line["detail"]) for line in logs] == [("odd", "ValueError: no such word")]


def test_one_that_is_slow_is_left_alone_for_a_while() -> None:
    """A mention waits once, the next ones not at all; after its rest it is asked again."""
    answer_now, asked, now = threading.Event(), threading.Semaphore(0), [0.0]

    def slow(text: str, lang: str | None, author: AuthorFacts | None) -> Signal:
        asked.release()
        answer_now.wait(10)
        return ODD

    with capture_logs() as logs:
        one = Plugin("odd", lambda: slow, within=0.01, monotonic=lambda: now[0])
        assert [one.measure("a", None, None) for _ in range(3)] == [Signal(value=None)] * 3
    assert [line["reason"] for line in logs] == ["too slow"]
    assert asked.acquire(timeout=10)
    assert not asked.acquire(blocking=False)
    answer_now.set()
    now[0] = plugins.REST
    one._within = 10
    assert one.measure("a", None, None) == ODD


@pytest.mark.parametrize("loaded", [None, 3])
def test_one_that_is_no_meter_is_told_and_unknown(loaded: object) -> None:
    """An entry point that leads to something else."""
    with capture_logs() as logs:
        one = Plugin("odd", lambda: loaded)  # type: ignore[arg-type,return-value]
        assert one.measure("a", None, None) == Signal(value=None)
    assert [line["reason"] for line in logs] == ["no meter"]


MODULE = """
from bot.model import Signal

def length(text, lang, author):
    return Signal(value=min(len(text) / 100, 1.0), evidence=((lang or "no language", 1.0),))

def broken(text, lang, author):
    raise RuntimeError("out of order")
"""
POINTS = """
[outcare.signals]
length = strange_signals:length
urgent = strange_signals:broken
gone = strange_signals:nowhere
"""


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Path:
    """A folder as pip would leave it: a module and what its package says of itself."""
    (tmp_path / "strange_signals.py").write_text(MODULE, encoding="utf-8")
    told = tmp_path / "strange_signals-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: strange-signals\nVersion: 1.0\n", encoding="utf-8"
    )
    (told / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    return tmp_path


def test_installed_packages_are_found(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their entry points; one that cannot be loaded does not stop the others."""
    monkeypatch.syspath_prepend(str(site))
    with capture_logs() as logs:
        found = started(entry_points(group=plugins.GROUP))
        values = added(found, {}, "x" * 50, "en", None)
    assert {name: signal.value for name, signal in values.items()} == {
        "gone": None,
        "length": 0.5,
        "urgent": None,
    }
    assert [(line["signal"], line["reason"]) for line in logs] == [
        ("gone", "it raised"),
        ("urgent", "it raised"),
    ]


def test_a_name_that_is_offered_twice_counts_once() -> None:
    """The first by package, whatever the order on the disk; the other is told."""
    points = [EntryPoint("odd", f"{name}:meter", plugins.GROUP) for name in ("b_package", "a_package")]
    with capture_logs() as logs:
        assert [one.name for one in started(points)] == ["odd"]
    assert logs[0]["used"] == "a_package:meter"


def test_an_installed_plug_in_is_measured_everywhere(site: Path) -> None:
    """The command shows it beside ours, and says on standard error which one is out of order."""
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli.main", "signals"],
        input=b"where is it?\n",
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
    assert b'"length":0.12' in done.stdout
    assert b'"urgent":null' in done.stdout
    assert b'"question":0.9' in done.stdout
    assert b"out of order" in done.stderr
