"""Whether a path lies on storage that a restart or a redeploy erases; a guess from what the system says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_LAYERS = frozenset({"overlay", "aufs"})
_THROWN_AWAY = {
    "FLY_APP_NAME": "a Fly machine's own disk is made anew at every deploy",
    "RENDER": "a Render service's own disk is made anew at every deploy",
    "RAILWAY_ENVIRONMENT_ID": "a Railway service's own disk is made anew at every deploy",
    "K_SERVICE": "Cloud Run keeps files in memory and throws them away with the instance",
}
"""Platforms by a variable that each sets; what is mounted there (not the root itself) stays.

https://fly.io/docs/machines/runtime-environment/, https://render.com/docs/environment-variables,
https://docs.railway.com/reference/variables, https://cloud.google.com/run/docs/container-contract
"""


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
    point, kind = mount(path.absolute(), listed)
    platform = next((why for name, why in _THROWN_AWAY.items() if name in environ), None)
    if platform and point == Path("/"):
        return f"{platform}; mount a volume"
    if kind in _IN_MEMORY:
        return f"it lies in memory ({kind})"
    if kind in _LAYERS:
        return f"it lies in a container's own layer ({kind}), which goes with the container; mount a volume"
    return None


def filesystem(path: Path, mounts: str) -> str | None:
    """The type of the file system that holds `path`, of the lines of /proc/self/mountinfo."""
    return mount(path, mounts)[1]


def mount(path: Path, mounts: str) -> tuple[Path | None, str | None]:
    """Where the file system that holds `path` is mounted, and its type.

    Fields: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html; later lines cover earlier ones.
    """
    best, kind, where = -1, None, None
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if len(fields) < 5 or not rest[0]:
            continue
        point = Path(fields[4].replace("\\040", " "))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind, where = len(point.parts), rest[0], point
    return where, kind
