"""Changes of files are noticed when they rest, whichever way an editor writes them."""

from __future__ import annotations

import os
from pathlib import Path

from bot.filewatch import FileWatch


def watching(folder: Path) -> tuple[Path, FileWatch]:
    file = folder / "a.yaml"
    file.write_text("one")
    return file, FileWatch(lambda: [file, folder / "b.yaml"])


def test_what_does_not_change_is_no_news(tmp_path: Path) -> None:
    """However often one looks."""
    _, watch = watching(tmp_path)
    assert [False] * 3 == [watch.look() for _ in range(3)]


def test_a_change_counts_when_it_rests(tmp_path: Path) -> None:
    """While it goes on nothing is said; then once."""
    file, watch = watching(tmp_path)
    for text in ("on", "one two", "one two three"):
        file.write_text(text)
        assert not watch.look()
    assert [True, False] == [watch.look(), watch.look()]


def test_a_file_in_the_place_of_another_is_a_change(tmp_path: Path) -> None:
    """Also of the same size and time: many editors write so."""
    file, watch = watching(tmp_path)
    other = tmp_path / "scratch"
    other.write_text("two")
    before = file.stat().st_mtime_ns
    os.utime(other, ns=(before, before))
    other.replace(file)
    assert [False, True] == [watch.look(), watch.look()]


def test_a_file_that_comes_or_goes_is_a_change(tmp_path: Path) -> None:
    """It was asked for before it was there; gone for a moment, as in a rename, it is as it was."""
    file, watch = watching(tmp_path)
    (tmp_path / "b.yaml").write_text("new")
    assert [False, True] == [watch.look(), watch.look()]
    away = file.rename(tmp_path / "away")
    assert not watch.look()
    away.rename(file)
    assert [False, False] == [watch.look(), watch.look()]
    file.unlink()
    assert [False, True] == [watch.look(), watch.look()]


def test_what_was_taken_is_known(tmp_path: Path) -> None:
    """Whoever reads takes first: only what comes after is news."""
    file, watch = watching(tmp_path)
    file.write_text("another")
    watch.take()
    assert [False, False] == [watch.look(), watch.look()]


def test_the_state_is_that_of_the_contents(tmp_path: Path) -> None:
    """Touching changes nothing; a file that is gone does."""
    file, watch = watching(tmp_path)
    first = watch.state()
    os.utime(file, (0, 0))
    assert first == watch.state()
    file.write_text("two")
    second = watch.state()
    file.unlink()
    assert len({first, second, watch.state()}) == 3
