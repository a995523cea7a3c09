"""Servers as child processes on loopback. Each has a group of its own, and ends with its standard input, so that
none outlives us, however we end. Knows no network.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.peers.installing import Missing

SECONDS, ENDS_WITHIN = 120.0, 20.0
WITH_STDIN = 'exec 3<&0; "$@" 3<&- & it=$!; (cat <&3 >/dev/null; kill -INT $it) & wait $it'
"""Runs a program until the standard input ends: `sh -c WITH_STDIN sh program …`."""


@contextmanager
def process(
    command: list[str], log: Path, *, cwd: Path, env: Mapping[str, str], **who: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """With a group of its own, and nothing of ours but a pipe that ends with us."""
    with log.open("ab") as sink:
        running = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            **who,
        )
    try:
        yield running
    finally:
        _end_group(running)


def _end_group(running: subprocess.Popen[bytes]) -> None:
    assert running.stdin is not None
    running.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        running.wait(ENDS_WITHIN)
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def wait(running: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    """Raises: Missing."""
    deadline = time.monotonic() + SECONDS
    while not is_ready():
        if running.poll() is not None:
            raise Missing(f"it ended at once: {end(log)}")
        if time.monotonic() > deadline:
            raise Missing(f"nothing is ready after {SECONDS:.0f} s: {end(log)}")
        time.sleep(0.05)


def end(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:])[:500]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
