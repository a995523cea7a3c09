"""Word lists in files of their own: `brands: {file: words/brands.txt}`, one word or phrase a line.

Knows which files a set names and what their lines are; reads no disk and knows nothing of queries.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bot.errors import Location
from bot.yamlfile import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY = "file"
RULES = frozenset({".yaml", ".yml"})
"""How the names of rule files end; a list cannot be one."""


def named(files: Iterable[Node]) -> Iterator[Path]:
    """The files that the word lists of a set name, those that may be read."""
    for file in files:
        section = file.value.get("words") if isinstance(file.value, dict) else None
        lists = section.value.values() if section and isinstance(section.value, dict) else ()
        for node in lists:
            variants = node.value.values() if isinstance(node.value, dict) else ()
            for one in (node, *variants):
                path = path_of(one)
                if path is not None:
                    yield path


def path_of(node: Node) -> Path | None:
    """Of `{file: NAME}`: the file, named from the folder of the one that names it. None: no such block, or
    a name that leads out of it.

    What lies outside could not be kept with a verdict, and `..` is no business of a rule.
    """
    name = node.value.get(KEY) if isinstance(node.value, dict) else None
    if name is None or not isinstance(name.value, str) or not name.text.strip():
        return None
    inside = PurePosixPath(name.text.strip())
    if inside.is_absolute() or ".." in inside.parts or inside.suffix in RULES:
        return None
    return node.location.file.parent / inside


def lines(text: str, path: Path) -> Iterator[Node]:
    """One entry a line. Nothing on it, or `# ` (a hash and a blank: a hashtag has none): no entry."""
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if entry and entry != "#" and not entry.startswith("# "):
            column = len(line) - len(line.lstrip()) + 1
            yield Node(entry, Location(path, number, column), {}, entry)
