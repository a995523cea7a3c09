"""Where a character of a YAML text stands in its file, so that an error can point into a query; and how a
place is called for people.

Knows how YAML writes text (plain, quoted, folded over lines); knows nothing of what the text means.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import Location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.yamlfile import Node

_OF_PACKS = "pack:"
"""How the names of files of packs begin, so that none is mistaken for one of the user's own."""


def pack_file(name: str) -> Path:
    """The file of a pack (`core/en`), as it stands in places and among the sources of a set."""
    return Path(f"{_OF_PACKS}{name}.yaml")


def is_of_pack(file: Path) -> bool:
    return str(file).startswith(_OF_PACKS)


def shown(where: Location) -> str:
    """File and line, as people are told where a rule stands: `rules.yaml:39`, `core/en.yaml:12`."""
    name = str(where.file).removeprefix(_OF_PACKS) if is_of_pack(where.file) else where.file.name
    return f"{name}:{where.line}"


def within(node: Node, offset: int, texts: Mapping[Path, str]) -> Location:
    """The place of character `offset` of a scalar; the scalar's own place where that cannot be told."""
    start = node.location
    lines = texts.get(start.file, "").splitlines(keepends=True)
    if start.line > len(lines):
        return start
    source = "".join(lines[start.line - 1 :])
    at = _align(source, _content(source, start.column - 1), node.text[: offset + 1])
    if at is None:
        return start
    before = source[:at]
    line_start = before.rfind("\n") + 1
    return Location(start.file, start.line + before.count("\n"), at - line_start + 1)


def _content(source: str, at: int) -> int:
    """Where the text itself begins: behind a quotation mark, or on the line below `|` or `>`."""
    if source[at : at + 1] in {"'", '"'}:
        return at + 1
    if source[at : at + 1] in {"|", ">"}:
        return source.find("\n", at) + 1
    return at


def _align(source: str, at: int, text: str) -> int | None:
    """Walk both texts; what YAML added (blanks, line breaks, escapes) is passed over."""
    here = None
    for character in text:
        if character.isspace():
            continue
        here = source.find(character, at)
        if here < 0:
            return None
        at = here + 1
    return here
