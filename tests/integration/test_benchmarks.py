"""`make bench` reads what each benchmark says of itself, a line a finding.

Those that lean on the most of the product, and are quick with little to do, are run to their end here: they
break when it changes, and would not be missed until somebody measures.
"""

from __future__ import annotations

import sys

import pytest

from benchmarks import __main__ as bench
from benchmarks.__main__ import run


def test_the_page_is_measured_and_read() -> None:
    """What it says besides its findings is not taken for one of them."""
    found, is_whole = run("page", "--conversations", "60")
    assert is_whole
    assert "JSON, 60 conversations" == found[-1].what
    assert all(one.target == "page" and one.at_most == 100 for one in found)


def test_the_clocks_are_measured() -> None:
    """A pass that took other steps than those that were due would end it."""
    found, is_whole = run("clocks", "--asks", "6000")
    assert is_whole
    assert [one.what for one in found] == [
        f"a pass, 6,000 open asks, {due}" for due in ("nothing due", "100 due", "100 due together")
    ]


def test_the_connectors_are_measured() -> None:
    """Reading less than was said would end it."""
    found, is_whole = run("connectors", "--repetitions", "1")
    assert is_whole
    assert sum(one.target == "C2" for one in found) == 7
    assert all(one.figure > 0 for one in found)
    assert [one.what.split(":")[0] for one in found if one.target == "C1"] == [
        "X mentions",
        "X search",
        "Mastodon",
    ]


def test_a_benchmark_that_breaks_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table stands, what is missing in it is named, and whoever scripts it sees it."""
    monkeypatch.setattr(bench, "NAMES", ("nothing_of_this_name",))
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert bench.main() == 1
    said = capsys.readouterr()
    assert "0 targets met, 0 short\nnot run to its end: nothing_of_this_name" in said.out
    assert "nothing_of_this_name ended with 1" in said.err
