"""Whether a path lies on storage that a restart or a redeploy erases; a guess from what the system says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_LAYERS = frozenset({"overlay", "aufs"})


def is_ephemeral(
    path: Path, *, environ: Mapping[str, str] = os.environ, mounts: Path = _MOUNTS
) -> str | None:
    """Why what is written to `path` may not outlive a restart or a redeploy; None when nothing says so."""
    if "DYNO" in environ:  # https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem
        return "a Heroku dyno's disk is erased at every restart"
    try:
        listed = mounts.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    kind = filesystem(path.absolute(), listed)
    if kind in _IN_MEMORY:
        return f"it lies in memory ({kind})"
    if kind in _LAYERS:
        return f"it lies in a container's own layer ({kind}), which goes with the container; mount a volume"
    return None


def filesystem(path: Path, mounts: str) -> str | None:
    """The type of the file system that holds `path`, of the lines of /proc/self/mountinfo.

    Fields: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html; later lines cover earlier ones.
    """
    best, kind = -1, None
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if len(fields) < 5 or not rest[0]:
            continue
        point = Path(fields[4].replace("\\040", " "))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), rest[0]
    return kind
