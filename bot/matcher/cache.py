"""Compiled literals kept in a file from one start to the next, found again by what is in them.

A cache that is damaged, made elsewhere or cannot be written costs a compilation and one line in the log,
never an error. A folder holds one file: the last set of literals that was compiled.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import structlog

from bot.matcher.literals import (
    DamagedDatabase,
    Database,
    compile_apart,
    compile_literals,
    engine,
    from_bytes,
    to_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

log = structlog.get_logger()

_DIGEST_SIZE = hashlib.sha256().digest_size
_ENDING = ".patterns"


def compiled(everywhere: Sequence[bytes], once: Sequence[bytes], folder: Path | None) -> Database:
    """`compile_literals`, or what it made of the same literals the last time. `folder` None: keep nothing.

    With a folder it is a daemon that asks, so it is compiled apart.
    """
    if folder is None:
        return compile_literals(everywhere, once)
    path = folder / f"{_name(everywhere, once)}{_ENDING}"
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except (OSError, DamagedDatabase) as error:
        log.warning("matcher.cache_unread", path=str(path), reason=str(error))
    database = compile_apart(everywhere, once)
    try:
        _write(path, to_bytes(database))
    except OSError as error:
        log.warning("matcher.cache_unwritten", path=str(path), reason=str(error))
    return database


def _name(everywhere: Sequence[bytes], once: Sequence[bytes]) -> str:
    """The same for the same literals, engine and kind of machine only."""
    digest = hashlib.sha256(f"{engine()} {len(everywhere)}".encode())
    for literal in (*everywhere, *once):
        digest.update(len(literal).to_bytes(4, "big") + literal)
    return digest.hexdigest()[:32]


def _read(path: Path) -> Database:
    """Raises: OSError, DamagedDatabase."""
    kept = path.read_bytes()
    digest, data = kept[:_DIGEST_SIZE], kept[_DIGEST_SIZE:]
    if hashlib.sha256(data).digest() != digest:
        raise DamagedDatabase("the file is damaged")
    return from_bytes(data)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; what was compiled before goes. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_bytes(hashlib.sha256(data).digest() + data)
    unfinished.replace(path)
    for other in path.parent.iterdir():
        if other != path and other.suffix in {_ENDING, ".tmp"}:
            other.unlink(missing_ok=True)
