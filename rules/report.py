"""Collects what is wrong with a rule set, so that everything is said at once.

Knows the codes of docs/rules.md; knows nothing of how a mistake is found or shown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.errors import Problem
from bot.yamlfile import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.errors import Location


class Code(StrEnum):
    """Every code of a rule set's problems, with what it stands for."""

    SYNTAX = "R001"  # not YAML, or a file that cannot be read
    DUPLICATE = "R002"
    SECTION = "R003"
    SCATTERED = "R005"  # personas in two files
    KEY = "R010"
    MISSING = "R011"
    ROUTE = "R012"  # an unknown route, or an unknown channel in one
    NAME = "R013"  # an unknown urgency, condition, kind, brand
    TYPE = "R014"
    CYCLE = "R015"
    CONDITION = "R021"  # an unknown condition, author field or word list
    QUERY = "R022"
    PATTERN = "R023"  # a regular expression that RE2 refuses
    TOO_LARGE = "R024"  # … or that would take too much memory
    CONTRADICTION = "R030"
    EVERYTHING = "R031"
    FIELD = "R040"  # a draft with an unknown field
    TARGET = "R041"
    IMPOSSIBLE = "R050"  # a test expects what no verdict of this set can hold
    NOTHING = "R051"  # a test that checks nothing
    FAILED = "R052"  # a test that fails
    UNUSED = "W101"
    SAME = "W102"
    UNREACHABLE = "W103"
    SHADOWED = "W104"
    SUBSUMED = "W105"
    COVERED = "W106"
    COMMON = "W107"  # a word that stands in posts about anything
    OVERLAP = "W108"
    EXPIRED = "W109"  # a rule after its `until`
    NO_FIRES = "W110"
    NO_QUIET = "W111"
    NO_BRAND = "W112"
    MUTED = "W113"  # a rule lifts to critical onto a route that sleeps at night
    EMPTY = "W114"
    ALLOWANCE = "W115"  # a comment that should allow a warning, and does not
    UNHEARD = "W116"  # a draft invites to write privately where nobody of ours reads that
    SUBSTRING = "I401"


LEFT_OUT = frozenset({Code.NO_FIRES.value, Code.NO_QUIET.value, Code.NO_BRAND.value})
"""What is good to have and wrong to lack in no set: told only to those who ask for everything."""


class Report:
    """The problems found so far."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._known: set[Problem] = set()

    @property
    def has_errors(self) -> bool:
        return any(not problem.is_warning for problem in self.problems)

    def error(
        self,
        code: Code,
        message: str,
        location: Location | None,
        *,
        suggestion: str | None = None,
        hint: str = "",
    ) -> None:
        self._add(
            Problem(message=message, code=code.value, location=location, suggestion=suggestion, hint=hint)
        )

    def warn(self, code: Code, message: str, location: Location | None) -> None:
        self._add(Problem(message=message, code=code.value, location=location, is_warning=True))

    def unknown(self, code: Code, what: str, location: Location, *, name: str, known: Iterable[str]) -> None:
        """`what` says what is unknown (`rule "x": unknown key "scor"`); a near name is offered, or all."""
        names = sorted(known)
        suggestion = closest(name, names)
        hint = f"known: {', '.join(names)}" if names and not suggestion else ""
        self.error(code, what, location, suggestion=suggestion, hint=hint)

    def _add(self, problem: Problem) -> None:
        if problem not in self._known:
            self._known.add(problem)
            self.problems.append(problem)
