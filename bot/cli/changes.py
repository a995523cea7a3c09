"""Whether files of a folder have changed, for the verbs that look at rules while they are edited."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path


def stamps(folder: Path) -> Mapping[Path, int]:
    """When each file in it was written last; one that is being replaced just now is not there."""
    found: dict[Path, int] = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                found[path] = path.stat().st_mtime_ns
    return found
