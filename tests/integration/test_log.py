"""Every way out of a process, searched for planted secrets; and what a log line looks like."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from bot import log
from bot.errors import ConfigError

ROOT = Path(__file__).parents[2]


def run(log_format: str) -> tuple[int, str]:
    """The noisy program's exit status and everything it wrote."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.integration.noisy_program", log_format],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


@pytest.fixture(scope="module", params=["json", "console"])
def output(request: pytest.FixtureRequest) -> str:
    """Everything the noisy program wrote, in both formats."""
    return run(request.param)[1]


@pytest.fixture(scope="module")
def lines() -> list[dict[str, object]]:
    """The noisy program's JSON lines."""
    return [json.loads(line) for line in run("json")[1].splitlines()]


def test_no_planted_secret_comes_out(output: str) -> None:
    """Whichever logger, hook or handler it goes through, no secret reaches stdout or stderr."""
    assert [line for line in output.splitlines() if "planted-" in line] == []


def test_every_way_out_was_tried(output: str) -> None:
    """The lines are there, without their secrets: nothing is proved by a silent program."""
    wanted = [
        "mention.stored",
        "delivery.failed",
        "asked",
        "stack.shown",
        "it failed",
        "note: postgres://***@db",
    ]
    wanted += [
        "error.ignored",
        "thread.crashed",
        "process.crashed",
        "program.ended",
        "log.failed",
        "deprecated: ***",
    ]
    wanted += ["Task exception was never retrieved", "Exception in callback", "direct cause"]
    assert [text for text in wanted if text not in output] == []


def test_a_chatty_library_is_heard_from_warnings_up(output: str) -> None:
    """httpx logs each request with its URL at INFO; that line is not written at all."""
    assert "HTTP Request" not in output


def test_a_crash_keeps_its_exit_status() -> None:
    """Logging an uncaught exception does not make the process look well."""
    assert run("json")[0] == 1


def test_json_lines_have_the_same_first_fields(lines: list[dict[str, object]]) -> None:
    """Each line is one JSON object with time, level, event and logger, ours and foreign ones alike."""
    formatted = [line for line in lines if line["event"] != "log.failed"]
    assert {tuple(line)[:3] for line in formatted} == {("timestamp", "level", "event")}
    assert all(str(line["timestamp"]).endswith("Z") and line["logger"] for line in formatted)


def test_context_is_merged_and_cleared(lines: list[dict[str, object]]) -> None:
    """What is bound to the context stands in our lines until it is cleared."""
    stored = next(line for line in lines if line["event"] == "mention.stored")
    ended = next(line for line in lines if line["event"] == "program.ended")
    assert stored["mention"] == "***"
    assert "mention" not in ended


def test_tracebacks_have_no_locals(lines: list[dict[str, object]]) -> None:
    """A traceback names files, lines and errors, and no variable's value."""
    failed = next(line for line in lines if line["event"] == "delivery.failed" and "exception" in line)
    assert "Traceback (most recent call last)" in str(failed["exception"])
    assert "planted-local-variable" not in str(failed)


def test_levels_filter_ours_and_foreign_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """At WARNING neither our INFO nor a library's comes out."""
    log.configure("warning", "json")
    structlog.get_logger().info("mention.stored")
    logging.getLogger("library").info("hello")
    structlog.get_logger().warning("source.failed")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["source.failed"]


def test_auto_means_json_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    """Into a file or a pipe go JSON lines."""
    log.configure("info")
    structlog.get_logger().info("daemon.started")
    assert json.loads(capsys.readouterr().err)["event"] == "daemon.started"


class Terminal(io.StringIO):
    """A stderr that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_auto_means_console_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person gets readable lines, without colours where NO_COLOR asks for that."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    log.configure("info")
    structlog.get_logger("x").info("daemon.started", port=1)
    assert terminal.getvalue().partition(" ")[2] == "[info     ] daemon.started [x] port=1\n"


def test_a_post_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and line breaks out of a handle are shown, not obeyed."""
    log.configure("info", "console")
    structlog.get_logger().info("mention.stored", handle="\x1b[2J\n2026 fake.line")
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written
    assert "x1b[2J" in written


def test_configuring_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A second call replaces the handlers of the first."""
    log.configure("info", "json")
    log.configure("info", "json")
    structlog.get_logger().info("daemon.started")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_closed_stderr_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon whose terminal went away goes on."""
    log.configure("info", "json")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    structlog.get_logger().info("mention.stored")


@pytest.mark.parametrize(("level", "log_format"), [("loud", "json"), ("info", "xml")])
def test_a_wrong_setting_is_named(level: str, log_format: str) -> None:
    """An unknown level or format is refused before anything is changed, with the choices."""
    before = logging.getLogger().handlers[:]
    with pytest.raises(ConfigError, match="is not one of"):
        log.configure(level, log_format)  # type: ignore[arg-type]
    assert before == logging.getLogger().handlers


@contextmanager
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """Log to a pipe that nobody reads yet; its reading end."""
    reads, writes = os.pipe()
    with os.fdopen(writes, "w", encoding="utf-8") as full, os.fdopen(reads, encoding="utf-8") as end:
        monkeypatch.setattr("sys.stderr", full)
        log.configure("info", "json")
        with log.in_background():
            yield end


def test_an_output_that_takes_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines wait for a pipe that nobody reads; then they come in order."""
    with pipe(monkeypatch) as end:
        for number in range(2_000):
            structlog.get_logger().info("line.logged", number=number, padding="x" * 200)
        got = [json.loads(end.readline())["number"] for _ in range(2_000)]
    assert got == list(range(2_000))


def test_lines_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than may wait: what comes then is dropped, and the log says how many."""
    total, logged, dropped = log.LINES_AT_MOST + 3_000, 0, 0
    with pipe(monkeypatch) as end:
        for number in range(total):
            structlog.get_logger().info("line.logged", number=number)
        while logged + dropped < total:
            line = json.loads(end.readline())
            logged += line["event"] == "line.logged"
            dropped += line.get("lines", 0)
    assert dropped > 0


STUCK = """
from bot import log
import structlog
log.configure("info", "json")
with log.in_background():
    for number in range(2_000):
        structlog.get_logger().info("line.logged", number=number, padding="x" * 200)
"""


def test_a_process_ends_though_nobody_reads_what_it_logs() -> None:
    """A full pipe costs the last lines, and two seconds: it neither hangs the exit nor spoils its status."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reads, writes = os.pipe()
    with os.fdopen(reads), os.fdopen(writes, "w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", STUCK], cwd=ROOT, env=buffered, stderr=full, timeout=30, check=False
        )
    assert ended.returncode == 0
