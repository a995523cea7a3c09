"""How what the real servers need is installed: into folders outside the repository's files, each step by a program
that may fail. Knows no network.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".cache" / "peers"
SECONDS = 1800.0
"""Seven hundred packages may take a quarter of an hour."""

Tell = Callable[[str], None]


class Missing(Exception):  # noqa: N818 - what it is, not that it went wrong
    """Why something cannot be had on this machine."""


def run(name: str, command: Sequence[str | Path], env: Mapping[str, str], folder: Path) -> None:
    """Raises: Missing, with the first error that it told."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{name} took longer than {SECONDS:.0f} s") from error
    if done.returncode:
        (folder / "failed.log").write_text(f"{done.stdout}\n{done.stderr}", encoding="utf-8")
        raise Missing(f"{name} failed, {folder / 'failed.log'} tells how: {_first(done.stderr)}")


def _first(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if re.search(r"error|ERR", line)]
    return (lines or ["it said nothing"])[0][:200]
