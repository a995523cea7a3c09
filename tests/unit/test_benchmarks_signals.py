"""The benchmark's own arithmetic, without its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import signals

SCORED = [(0.9, True), (0.7, False), (0.6, True), (0.2, True), (0.1, False), (0.1, False)]


def test_figures_are_those_of_the_textbook() -> None:
    """Two of three hits, two of three found; the other class counts as much."""
    found = signals.figures(SCORED)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx(2 / 3)
    assert found.auc == pytest.approx(7 / 9)


def test_ties_count_half() -> None:
    """A constant value tells nothing: 0.5."""
    assert signals.auc([(0.4, True), (0.4, False), (0.4, False)]) == 0.5


def test_the_benchmark_says_that_it_has_no_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without OUTCARE_DATA it explains itself and ends with wrong use."""
    monkeypatch.delenv("OUTCARE_DATA", raising=False)
    assert signals.main() == 2
    assert "OUTCARE_DATA is not set" in capsys.readouterr().err


def test_the_benchmark_names_each_missing_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An empty directory: every file is named, and the exit code says that something was left out."""
    monkeypatch.setenv("OUTCARE_DATA", str(tmp_path))
    assert signals.main() == 1
    assert capsys.readouterr().err.count("left out") == 3


def test_the_airline_file_is_read_as_negative_or_not(tmp_path: Path) -> None:
    """Rows become (text, is negative)."""
    file = tmp_path / "a.csv"
    file.write_text("airline,sentiment,negative_reason,text\nA,negative,Late,we waited\nA,neutral,,we flew\n")
    assert list(signals.airlines(file)) == [("we waited", True), ("we flew", False)]
