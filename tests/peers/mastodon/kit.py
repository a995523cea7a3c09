"""What a server of the Mastodon API needs on this machine: mastodon-mock in an environment of its own.

It keeps accounts, statuses and notifications in SQLite, and fails on demand (https://mastodon-mock.readthedocs.io).
Installed by pip into a folder outside the repository's files, with all versions pinned in requirements.txt; it is no
part of the product's requirements. Knows nothing of what is run with it.
"""

from __future__ import annotations

import os
import shutil
import sys
import venv
from pathlib import Path

from tests.peers.installing import FOLDER, Missing, Tell, run

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def found(folder: Path = FOLDER) -> Path:
    """The Python that can run it. Raises: Missing."""
    python = _place(folder) / "bin" / "python"
    if not _is_current(folder):
        raise Missing("not installed here yet: `make test-peers` does it")
    return python


def prepare(tell: Tell, folder: Path = FOLDER) -> Path:
    """Install what is not there. Raises: Missing."""
    if not _is_current(folder):
        tell("installing mastodon-mock (100 MB), half a minute …")
        place = _place(folder)
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        venv.create(place, with_pip=True)
        pip = (place / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        run("pip install mastodon-mock", [*pip, "--retries", "2", "-r", REQUIREMENTS], os.environ, place)
        (place / "installed").write_text(_mark(), encoding="utf-8")
    return found(folder)


def _place(folder: Path) -> Path:
    return folder / "mastodon"


def _is_current(folder: Path) -> bool:
    mark = _place(folder) / "installed"
    return mark.exists() and mark.read_text(encoding="utf-8") == _mark()


def _mark() -> str:
    """What was installed, and for which Python."""
    return f"{REQUIREMENTS.read_text(encoding='utf-8')}# {sys.version_info[:2]}\n"
