"""The files of a set: those of a folder, the files of words that they name, the packs that they use.

The only file of the engine that reads the disk. Knows no key of the language but those that name files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot import yamlfile
from bot.errors import ConfigError, Location, Problem
from bot.problems import in_order, with_source
from rules import listfiles
from rules.packs import installed
from rules.packs.including import named
from rules.places import is_of_pack, pack_file
from rules.report import Code

if TYPE_CHECKING:
    from bot.yamlfile import Node

Read = tuple[list["Node"], dict[Path, str]]
"""The trees of rule files and packs; the texts of all that a set is made of."""


def read(folder: Path, instead: Mapping[Path, str] | None = None) -> Read:
    """A folder's; `instead`: files of it as they would be. Raises: ConfigError."""
    texts = read_texts(folder) | dict(instead or {})
    files = _parse(texts)
    for path in listfiles.named(files):
        if (text := _list_file(path)) is not None:
            texts[path] = text
    files += _packs(files, texts)
    return files, texts


def parsed(texts: dict[Path, str]) -> Read:
    """As if they were a folder's; a pack that is not among them is the installed one. Raises: ConfigError."""
    stored = {path: texts.pop(path) for path in [*texts] if is_of_pack(path)}
    files = _parse(texts)
    files += _packs(files, texts, stored)
    return files, texts


def read_texts(folder: Path) -> dict[Path, str]:
    """The rule files of a folder. Raises: ConfigError for what cannot be read."""
    if not folder.is_dir():
        raise ConfigError([Problem(message=f"there is no folder {folder}", code=Code.SYNTAX.value)])
    return _read(rule_files(folder))


def rule_files(folder: Path) -> list[Path]:
    """The files of a folder that make its set; none where there is no folder."""
    try:
        return sorted(file for file in folder.iterdir() if _is_rule_file(file))
    except OSError:
        return []


def list_files(folder: Path) -> tuple[Path, ...]:
    """The files of words that they name, there or not: of those that can be read at all."""
    lists: dict[Path, None] = {}
    for file in rule_files(folder):
        try:
            texts = _read([file])
            if listfiles.KEY in texts[file]:
                lists |= dict.fromkeys(listfiles.named(_parse(texts)))
        except ConfigError:
            continue  # whoever loads the set is told
    return tuple(lists)


def _is_rule_file(file: Path) -> bool:
    return is_yaml(file.name) and not file.name.startswith(".") and not file.is_dir()


def _read(files: Iterable[Path]) -> dict[Path, str]:
    texts: dict[Path, str] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            texts[file] = file.read_bytes().decode("utf-8-sig")
        except OSError as error:
            problems.append(_unreadable(file, f"cannot be read: {error.strerror}"))
        except UnicodeDecodeError as error:
            problems.append(_unreadable(file, f"this is not UTF-8 text (byte {error.start})"))
    if problems:
        raise ConfigError(problems)
    return texts


def _list_file(path: Path) -> str | None:
    """None: there is none, or it is no text; whoever names it is told with the place of the name."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _packs(
    files: Iterable[Node], texts: dict[Path, str], stored: Mapping[Path, str] | None = None
) -> list[Node]:
    """The trees of the packs that files use; their texts go into `texts`. A missing one is told of later."""
    found: dict[Path, str] = {}
    for name in named(files):
        path = pack_file(name)
        text = (stored or {}).get(path) or installed.text(name)
        if text is not None:
            found[path] = text
    texts |= found
    return _parse(found)


def _unreadable(file: Path, message: str) -> Problem:
    return Problem(message=message, code=Code.SYNTAX.value, location=Location(file, 1, 1))


def _parse(texts: Mapping[Path, str]) -> list[Node]:
    """The trees of all files. While one is not YAML, only that is said: the rest would be guesses."""
    files: list[Node] = []
    problems: list[Problem] = []
    for path in sorted(path for path in texts if is_yaml(path.name)):
        try:
            files.append(yamlfile.load(texts[path], path))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(in_order(with_source(problems, texts)))
    return files


def is_yaml(name: str) -> bool:
    return Path(name).suffix in listfiles.RULES
