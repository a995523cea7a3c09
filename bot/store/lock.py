"""One daemon per database: an advisory lock on a file beside it, with the holder's process id inside.

The lock is the kernel's (flock) and ends with the process, however that ends; the file stays.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from bot.errors import StoreError

_TRIES, _BETWEEN_TRIES = 10, 0.02


class Lock:
    """Held from `take` until `release`; `take` raises StoreError when another process has it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def take(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror}") from error
        if not _locked(file):
            raise StoreError(f"another outcare (pid {_holder(file)}) uses {self._database}")
        try:
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"{os.getpid()}\n".encode())
        except OSError as error:
            file.close()
            raise StoreError(f"cannot write {self._path}: {error.strerror}") from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _locked(file: IO[str]) -> bool:
    """Try for a moment: `holder`, in another process, touches the lock to see whether it is free."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_BETWEEN_TRIES)
        else:
            return True
    return False


def holder(database: Path) -> int | None:
    """The process id of the daemon that uses a database just now, if one does."""
    try:
        file = database.with_name(database.name + ".lock").open("r", encoding="ascii")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = _holder(file)
        return int(text) if text.isdecimal() else None
    file.close()
    return None


def _holder(file: IO[str]) -> str:
    """The process id in a lock file that somebody else holds; closes it."""
    with file:
        file.seek(0)
        return file.read(20).strip() or "unknown"
