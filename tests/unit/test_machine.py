"""What the doctor says of disk, port and clock."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli import machine
from bot.findings import Health
from bot.settings.shape import Http

NOW = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Mon, 05 Jan 2026 09:00:00 GMT", 0),
        ("Mon, 05 Jan 2026 08:59:59 GMT", 0),
        ("Mon, 05 Jan 2026 09:02:00 GMT", 119),
        ("Mon, 05 Jan 2026 08:58:00 GMT", -119),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_date_header_tells_how_far_apart_clocks_are(date: str | None, seconds: int | None) -> None:
    """Whole seconds, cut off; what may be right counts as right."""
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert expected == machine.apart(date, NOW, NOW + timedelta(seconds=1))


def test_one_wrong_server_does_not_make_our_clock_wrong() -> None:
    """The middle one of three counts; too far is said with its direction."""
    found = {"a": timedelta(), "b": timedelta(hours=1), "c": timedelta(seconds=2)}
    assert Health.FINE is machine.clock(found).health
    behind = machine.clock({"a": timedelta(minutes=3)})
    assert (Health.MEND, True) == (behind.health, "3m behind" in behind.says)
    ahead = machine.clock({"a": timedelta(minutes=-3)})
    assert "3m ahead" in ahead.says
    assert Health.NOTE is machine.clock({}).health


def test_a_port_in_use_must_be_mended() -> None:
    """And one that is free is fine; 0 is always free."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert Health.MEND is machine.web(Http(port=port), Path("none.db")).health
    assert Health.FINE is machine.web(Http(port=port), Path("none.db")).health
    assert Health.FINE is machine.web(Http(port=0), Path("none.db")).health


def test_looking_at_the_database_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a file nor a folder."""
    list(machine.database(tmp_path / "deep" / "outcare.db"))
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With what to do."""
    tmp_path.chmod(0o500)
    (finding,) = machine.database(tmp_path / "outcare.db")
    assert (Health.MEND, True) == (finding.health, str(tmp_path) in finding.do)


def test_a_database_below_a_file_is_said(tmp_path: Path) -> None:
    """No folder can be made there."""
    (tmp_path / "file").write_text("")
    (finding,) = machine.database(tmp_path / "file" / "outcare.db")
    assert Health.MEND is finding.health
