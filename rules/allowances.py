"""Comments that allow a warning for a while: `# rules: allow W107 until 2027-01-31 — reason`.

At the end of a line for that line, on a line of its own for the next one. A date and a reason are required,
so that what was allowed is looked at again. Knows lines and codes, nothing of what a warning is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bot.errors import Location
from bot.yamlfile import closest
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EXAMPLE = "# rules: allow W107 until 2027-01-31 — reason"
_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*rules:\s*(?P<verb>\w+)\b\s*(?P<rest>.*)$")
_REST = re.compile(
    r"(?P<codes>\w+(?:\s*,\s*\w+)*)(?:\s+until\s+(?P<until>\S+))?\s*(?:(?:—|–|-+|:)\s*(?P<reason>.*))?\Z"
)
_VERB = "allow"
_ERROR = "R"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is allowed in one line of a file."""

    codes: frozenset[str]
    line: int


def apply(texts: Mapping[Path, str], report: Report, today: date | None) -> None:
    """Take out of the report what is allowed, and tell of comments that allow nothing (any more).

    `today` None: nothing is over yet.
    """
    allowed = {
        (path, one.line): one.codes
        for path, text in texts.items()
        for one in _in_file(path, text, report, today)
    }
    if allowed:
        report.problems = [
            problem
            for problem in report.problems
            if problem.location is None
            or problem.code not in allowed.get((problem.location.file, problem.location.line), ())
        ]


def _in_file(path: Path, text: str, report: Report, today: date | None) -> Iterator[Allowance]:
    if "rules:" not in text:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        comment = _COMMENT.search(line) if "#" in line else None
        if comment is None or closest(comment["verb"], [_VERB]) is None:
            continue
        codes = _Told(report, Location(path, number, comment.start() + 1)).codes(comment, today)
        if codes:
            is_alone = not line[: comment.start()].strip()
            yield Allowance(codes, _next(lines, number) if is_alone else number)


def _next(lines: list[str], number: int) -> int:
    """The next line that says something."""
    behind = enumerate(lines[number:], number + 1)
    return next((at for at, line in behind if line.strip() and not line.lstrip().startswith("#")), number)


class _Told:
    """One comment, and what is told of it."""

    def __init__(self, report: Report, where: Location) -> None:
        self._report = report
        self._where = where

    def codes(self, comment: re.Match[str], today: date | None) -> frozenset[str]:
        """What it allows; nothing, if something is wrong with it, which is told."""
        rest = _REST.match(comment["rest"].strip())
        if comment["verb"] != _VERB or rest is None:
            return self._nothing(f"write it like this: {EXAMPLE}")
        codes = frozenset(re.split(r"\s*,\s*", rest["codes"]))
        unfit = sorted(code for code in codes if code not in set(Code) or code.startswith(_ERROR))
        if unfit:
            return self._nothing(f"{unfit[0]} is no warning, and only a warning can be allowed")
        until = _date(rest["until"])
        if until is None or not (rest["reason"] or "").strip():
            return self._nothing(f"say until when, and why: {EXAMPLE}")
        if today is not None and until < today:
            return self._nothing(f"{', '.join(sorted(codes))} was allowed until {until}, which is over")
        return codes

    def _nothing(self, why: str) -> frozenset[str]:
        self._report.warn(Code.ALLOWANCE, f"this comment allows nothing: {why}", self._where)
        return frozenset()


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
