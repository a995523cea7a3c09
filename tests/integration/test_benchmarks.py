"""`make bench` reads what each benchmark says of itself, a line a finding."""

from __future__ import annotations

from benchmarks.__main__ import run


def test_the_page_is_measured_and_read() -> None:
    """What it says besides its findings is not taken for one of them."""
    found = run("page", "--conversations", "60")
    assert "JSON, 60 conversations" == found[-1].what
    assert all(one.target == "page" and one.at_most == 100 for one in found)
