"""The benchmark's own arithmetic and readers, without its data."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from benchmarks import corpora, scoring, signals

SCORED = [(0.9, True), (0.7, False), (0.6, True), (0.2, True), (0.1, False), (0.1, False)]


def test_figures_are_those_of_the_textbook() -> None:
    """Two of three hits, two of three found; the other class counts as much."""
    found = scoring.figures(SCORED)
    assert (6, 3) == (found.n, found.true)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx(2 / 3)
    assert found.auc == pytest.approx(7 / 9)


def test_ties_count_half() -> None:
    """A constant value tells nothing: 0.5."""
    assert scoring.auc([(0.4, True), (0.4, False), (0.4, False)]) == 0.5


def test_each_class_counts_as_much_as_the_others() -> None:
    """However rare it is."""
    pairs = [("good", "good"), ("good", "good"), ("good", "bad"), ("bad", "bad")]
    assert scoring.macro_f1(pairs) == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_a_value_that_means_what_it_says_is_reliable() -> None:
    """Of ten valued 0.8, eight are true: no distance; of ten valued 0.8, three: a half."""
    assert scoring.expected_error([(0.8, n < 8) for n in range(10)]) == pytest.approx(0)
    assert scoring.expected_error([(0.8, n < 3) for n in range(10)]) == pytest.approx(0.5)
    assert list(scoring.reliability([(1.0, True), (0.05, False)])) == [(0.0, 1, 0.0), (0.9, 1, 1.0)]


def test_the_interval_of_a_share() -> None:
    """Wilson's: wide for few, never beyond zero and one."""
    assert list(scoring.wilson(8, 10)) == pytest.approx([0.490, 0.943], abs=1e-3)
    assert scoring.wilson(0, 0) == (0.0, 1.0)


def test_the_halves_are_told_by_the_row_itself() -> None:
    """Always the same, and about as many in each."""
    rows = [f"row {n}" for n in range(2000)]
    assert [scoring.half(row) for row in rows] == [scoring.half(row) for row in rows]
    assert 900 < sum(scoring.half(row) == "report" for row in rows) < 1100


def test_the_benchmark_says_that_it_has_no_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without OUTCARE_DATA it explains itself and ends with wrong use."""
    monkeypatch.setattr("sys.argv", ["signals"])
    monkeypatch.delenv("OUTCARE_DATA", raising=False)
    assert signals.main() == 2
    assert "OUTCARE_DATA is not set" in capsys.readouterr().err


def test_the_benchmark_names_each_missing_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An empty directory: every file is named, and the exit code says that something was left out."""
    monkeypatch.setattr("sys.argv", ["signals", "--write"])
    monkeypatch.setenv("OUTCARE_DATA", str(tmp_path))
    assert signals.main() == 1
    assert capsys.readouterr().err.count("left out") == 4


def test_rows_are_read_with_their_labels(tmp_path: Path) -> None:
    """Each as it stands in the file, as it is measured, and its label."""
    (tmp_path / "air").write_text("airline,sentiment,text\nA,negative,we waited\n", encoding="utf-8")
    (tmp_path / "tube").write_bytes(b'spam,"come &amp; see\xa5\xe9\xcb"\nham,nice\n')
    (tmp_path / "posts").write_text("de\two bleibt es\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "chat", "w") as archive:
        archive.writestr(
            "a.xml", '<S><Post class="System">JOIN</Post><Post class="ynQuestion"> is it </Post></S>'
        )
    assert [
        *corpora.airlines(tmp_path / "air"),
        *corpora.comments(tmp_path / "tube"),
        *corpora.posts(tmp_path / "posts"),
        *corpora.chat(tmp_path / "chat"),
    ] == [
        ("we waited", "we waited", "negative"),
        ("come &amp; see\xa5\xe9\xcb", "come & see", "spam"),
        ("nice", "nice", "ham"),
        ("wo bleibt es", "wo bleibt es", "de"),
        ("is it", "is it", "ynQuestion"),
    ]


def test_only_the_block_of_the_page_is_written() -> None:
    """What people wrote around it stays."""
    page = f"before\n{signals.BEGIN}\nold\n{signals.END}\nafter\n"
    assert signals.written(page, ["| a |", ""]) == (
        f"before\n{signals.BEGIN}\n\n| a |\n\n{signals.END}\nafter\n"
    )


def test_the_page_has_a_place_for_the_tables() -> None:
    """Both marks, once."""
    page = signals.PAGE.read_text(encoding="utf-8")
    assert (1, 1) == (page.count(signals.BEGIN), page.count(signals.END))


def test_a_bar_says_whether_it_was_met() -> None:
    """In the words of the page."""
    found = scoring.figures(SCORED)
    assert signals._bar(found, "auc", 0.7) == "AUC ≥ .70: 0.778, met"
    assert signals._bar(found, "f1", 0.88) == "F1 ≥ .88: 0.667, **missed**"
