"""Several files written all or not at all. Knows no contents."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Text:
    """What is to stand in a file; a secret one is for its owner alone."""

    content: str
    is_secret: bool = False


def taken(paths: Iterable[Path]) -> list[Path]:
    """Those that are there already."""
    return [path for path in paths if path.exists() or path.is_symlink()]


def write(texts: Mapping[Path, Text]) -> None:
    """All of them, replacing what is there. When one cannot be written, everything is as before.

    Raises: ConfigError, naming the place.
    """
    before = {path: path.read_bytes() if path.is_file() else None for path in texts}
    beside = {path: path.with_name(f".{path.name}.new") for path in texts}
    made: list[Path] = []
    done: list[Path] = []
    try:
        for path, text in texts.items():
            made += _folders(path.parent, is_secret=text.is_secret)
            _put(beside[path], text)
        for path, new in beside.items():
            new.replace(path)
            done.append(path)
    except OSError as error:
        _undo(done, before)
        raise ConfigError(
            f"cannot write {error.filename or 'the files'}: {error.strerror}; nothing was changed"
        ) from error
    finally:
        for new in beside.values():
            with contextlib.suppress(OSError):
                new.unlink()
        if len(done) < len(texts):
            for folder in reversed(made):
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _folders(folder: Path, *, is_secret: bool) -> list[Path]:
    """Make what is missing of it; what was made, outermost first."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700 if is_secret and one == folder else 0o777)
    return missing[::-1]


def _put(path: Path, text: Text) -> None:
    mode = 0o600 if text.is_secret else 0o666
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text.content)
        file.flush()
        os.fsync(file.fileno())


def _undo(done: Iterable[Path], before: Mapping[Path, bytes | None]) -> None:
    for path in done:
        old = before[path]
        with contextlib.suppress(OSError):
            if old is None:
                path.unlink()
            else:
                path.write_bytes(old)
