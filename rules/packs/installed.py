"""Which packs are installed, ours and other people's, and their texts.

A pack is a file of a folder: `core/en` is `en.yaml` in the folder that is called `core`. Other distributions
name folders under the entry points `outcare.packs` (docs/packs.md). Knows nothing of what is in a pack.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.resources import files
from typing import TYPE_CHECKING

from bot.errors import ConfigError, Problem
from rules.places import pack_file
from rules.report import Code

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

GROUP = "outcare.packs"
_OURS = {"core": "rules.packs.core"}
_ENDING = ".yaml"


def names() -> list[str]:
    """All of them, in order."""
    found = ((family, _folder(module)) for family, module in _families().items())
    return sorted(
        f"{family}/{file.name.removesuffix(_ENDING)}"
        for family, folder in found
        if folder
        for file in folder.iterdir()
        if file.name.endswith(_ENDING)
    )


def text(name: str) -> str | None:
    """None: there is no such pack. Raises: ConfigError for one that cannot be read."""
    family, _, pack = name.partition("/")
    module = _OURS.get(family) or _families().get(family)
    folder = _folder(module) if module else None
    found = [file for file in folder.iterdir() if file.name == f"{pack}{_ENDING}"] if folder else []
    if not found:
        return None
    try:
        return found[0].read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"pack {name} ({pack_file(name)}) cannot be read: {error}"
        raise ConfigError([Problem(message=message, code=Code.SYNTAX.value)]) from error


def _families() -> Mapping[str, str]:
    """The module of each folder. Nobody else's pack takes the place of ours."""
    theirs = {point.name: point.module for point in entry_points(group=GROUP)}
    return {**theirs, **_OURS}


def _folder(module: str) -> Traversable | None:
    """None for one that is named and not there, or no package: as if nobody had named it."""
    try:
        return files(module)
    except (ImportError, TypeError):
        return None
