"""The files of this checkout, for the tests that look at the code itself."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("bot", "connectors", "rules")
OTHER = ("tests", "benchmarks")
GENERATED = "bot/store/migrations/versions"
_NOT_OURS = {".venv", ".git", ".cache", "__pycache__", "dist", "node_modules"}


@cache
def files() -> tuple[str, ...]:
    """Every file that is, or is about to be, in the repository: names from the root, with slashes."""
    if shutil.which("git") and (ROOT / ".git").exists():
        names = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        return tuple(sorted(name for name in set(names) if name and (ROOT / name).is_file()))
    every = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(path.as_posix() for path in every if not _is_foreign(path)))


def _is_foreign(path: Path) -> bool:
    return any(part in _NOT_OURS or part.endswith("_cache") for part in path.parts)


def _git(*arguments: str) -> str:
    # A checkout that belongs to another user than runs the tests is still ours to read.
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def python(*folders: str) -> tuple[str, ...]:
    """The Python files in these folders that people wrote."""
    return tuple(
        name
        for name in files()
        if name.endswith(".py") and name.partition("/")[0] in folders and not name.startswith(GENERATED)
    )


@cache
def read(name: str) -> str:
    """The text of a file."""
    return (ROOT / name).read_text(encoding="utf-8")
