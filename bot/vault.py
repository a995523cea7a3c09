"""What a connector keeps for itself across restarts: a session, a back-off. Small, and secret.

The port, a folder beside the database, and one in memory. Knows files; knows neither what is kept nor who
keeps it, and keeps nothing that the program could not do without.
"""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Vault(Protocol):
    """Bytes by name. Reading and writing are quick but touch a disk: call them in a thread.

    Names are of `a-z 0-9 . _ -` and begin with the connector's own. What was written is there whole or not at
    all, after a crash too. Raises: OSError where the disk refuses.
    """

    def read(self, name: str) -> bytes | None:
        """What was last written; None: nothing was."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Put this in place of what is there."""
        ...

    def turn(self, name: str) -> AbstractAsyncContextManager[object]:
        """One task at a time inside: for whoever reads, asks somebody, and writes what came of it."""
        ...


class MemoryVault:
    """Forgets with the program: for tests, and for commands that are run once."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._turns = Turns()

    def read(self, name: str) -> bytes | None:
        return self._kept.get(checked(name))

    def write(self, name: str, content: bytes) -> None:
        self._kept[checked(name)] = content

    def turn(self, name: str) -> AbstractAsyncContextManager[object]:
        return self._turns.of(name)


class FileVault:
    """A folder that only we may enter (0700), with a file for each name (0600); made with the first one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns = Turns()

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / checked(name)).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        target = self._folder / checked(name)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        fresh = self._folder / f".{name}.{os.getpid()}"
        with suppress(FileNotFoundError):
            fresh.unlink()  # what a crash left
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        except OSError:
            with suppress(FileNotFoundError):
                fresh.unlink()
            raise
        self._keep_names()

    def turn(self, name: str) -> AbstractAsyncContextManager[object]:
        return self._turns.of(name)

    def _keep_names(self) -> None:
        """The replacement itself is to survive a power cut."""
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def vault_beside(database: Path) -> Path:
    """Where the connectors of a database's daemon keep what is theirs."""
    return database.with_name(f"{database.name}.vault")


class Turns:
    """A lock for each name."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    def of(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(checked(name), asyncio.Lock())


def checked(name: str) -> str:
    """Raises: ValueError for a name that could lead out of the folder (a mistake of ours)."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name for what is kept: {name!r}")
    return name
