"""How mistakes in what a person wrote are shown: place, code, message, the line itself and a caret.

Knows `bot.errors.Problem` and nothing of settings or rules; prints nothing.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bot.errors import Problem

_INDENT = "    "


def render(problem: Problem) -> str:
    """`file:line:column: R010 message — did you mean "x"?`, the source line, a caret under the place."""
    place = f"{problem.location}: " if problem.location else ""
    code = f"{problem.code} " if problem.code else ""
    meant = f' — did you mean "{problem.suggestion}"?' if problem.suggestion else ""
    excerpt = _excerpt(problem)
    hint = f"; {problem.hint}" if problem.hint and not excerpt else ""
    return "\n".join([f"{place}{code}{problem.message}{meant}{hint}", *excerpt])


def in_a_line(problem: Problem, *, below: Iterable[Path] = ()) -> str:
    """`rules.yaml:12:8 R012 message — did you mean "x"?`: for a chat, where nobody needs to know our folders.

    `below`: the folders that are left out of the place, the first that fits.
    """
    place = problem.location
    where = f"{_short(place.file, below)}:{place.line}:{place.column} " if place else ""
    code = f"{problem.code} " if problem.code else ""
    hint = f' — did you mean "{problem.suggestion}"?' if problem.suggestion else ""
    return f"{where}{code}{problem.message}{hint}"


def _short(file: Path, below: Iterable[Path]) -> Path:
    return next((file.relative_to(folder) for folder in below if file.is_relative_to(folder)), file)


def render_all(problems: Iterable[Problem]) -> str:
    """All of them, in the order of their places, and a count: `7 errors, 2 warnings`."""
    ordered = in_order(problems)
    return "\n".join([*map(render, ordered), count(ordered)])


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file, line and column; those without a place first."""
    return sorted(problems, key=_rank)


def count(problems: Iterable[Problem]) -> str:
    """`1 error, 2 warnings`."""
    kinds = [problem.is_warning for problem in problems]
    parts = [_counted(kinds.count(False), "error"), _counted(kinds.count(True), "warning")]
    return ", ".join(part for part in parts if part) or "no problems"


def with_source(problems: Iterable[Problem], texts: Mapping[Path, str]) -> list[Problem]:
    """The same problems, each with the line it points at, where the file's text is given."""
    lines = {path: text.splitlines() for path, text in texts.items()}
    return [_with_line(problem, lines) for problem in problems]


def _with_line(problem: Problem, lines: Mapping[Path, list[str]]) -> Problem:
    if problem.source_line is not None or problem.location is None:
        return problem
    source = lines.get(problem.location.file, [])
    at = problem.location.line - 1
    return dataclasses.replace(problem, source_line=source[at] if at < len(source) else None)


def _rank(problem: Problem) -> tuple[str, int, int, str, str]:
    place = problem.location
    if place is None:
        return "", 0, 0, problem.code, problem.message
    return str(place.file), place.line, place.column, problem.code, problem.message


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""


def _excerpt(problem: Problem) -> list[str]:
    if problem.location is None or not problem.source_line or not problem.source_line.strip():
        return []
    before = problem.source_line[: problem.location.column - 1]
    caret = f"{_INDENT}{''.join(map(_blank_of, before))}^ {problem.hint}".rstrip()
    return [_INDENT + problem.source_line, caret]


def _blank_of(character: str) -> str:
    """A blank as wide on a terminal as the character."""
    if character == "\t":
        return "\t"
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return ""
    return "  " if unicodedata.east_asian_width(character) in {"W", "F"} else " "
