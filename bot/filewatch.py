"""Notices that files have changed, by looking at them again and again.

Editors write in steps or put another file in the place of the old one: a change counts when it has been there
for one look. Knows times, sizes and contents; nothing of what the files are for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Stamp = tuple[int, int, int]


@dataclass
class FileWatch:
    """`files` says each time which they are; one that is not there is watched for."""

    files: Callable[[], Iterable[Path]]
    _taken: Mapping[Path, Stamp] = field(default_factory=dict, init=False)
    _last: Mapping[Path, Stamp] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.take()

    def take(self) -> None:
        """What is there now is known; to be called before it is read, so that no change falls in between."""
        self._taken = self._last = self._stamps()

    def look(self) -> bool:
        """Whether they changed since they were taken, and rest since the last look: then they are taken."""
        now = self._stamps()
        rests, self._last = now == self._last, now
        if not rests or now == self._taken:
            return False
        self._taken = now
        return True

    def state(self) -> str:
        """A hash of what stands in them: touching a file changes nothing."""
        found = hashlib.sha256()
        for path in sorted(self.files()):
            found.update(f"{path}\0".encode())
            try:
                found.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError as error:
                found.update(f"{error.errno}".encode())
        return found.hexdigest()

    def _stamps(self) -> Mapping[Path, Stamp]:
        return {path: stamp for path in self.files() if (stamp := _stamp(path)) is not None}


def _stamp(path: Path) -> Stamp | None:
    """None: it cannot be had (it is gone, or was at this moment)."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
