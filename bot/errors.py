"""Errors named by what the caller does next.

Translated at the edge (a connector, the store, the loader), the original kept as `__cause__`; a message
never holds a secret or a raw body. `Reason` is also the metric label, so it is a closed list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from bot.model import Gap


class Reason(StrEnum):
    """Why something did not work; a metric label."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    SERVER = "server"
    RATE_LIMITED = "rate_limited"
    PROTOCOL = "protocol"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    CURSOR_LOST = "cursor_lost"
    OUTCOME_UNKNOWN = "outcome_unknown"
    STORAGE = "storage"
    BUG = "bug"


class Location(NamedTuple):
    """A place in a file that a person wrote; line and column count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake (or warning) in what a person wrote: where, what, and what they may have meant."""

    message: str
    location: Location | None = None
    code: str = ""
    suggestion: str | None = None
    is_warning: bool = False
    source_line: str | None = None
    hint: str = ""
    """What else may help, beside the caret: the names that are known here."""

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        code = f"{self.code} " if self.code else ""
        hint = f" — did you mean {self.suggestion!r}?" if self.suggestion else ""
        more = f"; {self.hint}" if self.hint else ""
        return f"{where}{code}{self.message}{hint}{more}"


class BotError(Exception):
    """The root of every error that this program raises on purpose."""

    reason: Reason = Reason.BUG


class ConfigError(BotError):
    """What a person wrote cannot be used: show every problem and stop, or keep the last good one."""

    reason = Reason.INVALID

    def __init__(self, problems: list[Problem] | str, location: Location | None = None) -> None:
        if isinstance(problems, str):
            problems = [Problem(message=problems, location=location)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Unavailable(BotError):  # noqa: N818 - named by what the caller does: wait
    """The other side cannot serve us now: wait (at least `retry_after`, if given) and try again.

    `unsent`: no connection came about, so that surely nothing of the request arrived.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = Reason.CONNECTION,
        retry_after: timedelta | None = None,
        unsent: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after
        self.unsent = unsent


class Refused(BotError):  # noqa: N818
    """The other side understood and said no: the same call will fail again."""

    def __init__(self, message: str, *, reason: Reason = Reason.INVALID) -> None:
        super().__init__(message)
        self.reason = reason


class Unauthorized(Refused):
    """A credential is missing, wrong or revoked: a person must act; told once, by a channel that works."""

    def __init__(self, message: str, *, reason: Reason = Reason.UNAUTHORIZED) -> None:
        super().__init__(message, reason=reason)


class Rejected(Refused):
    """This request is not acceptable (too long, deleted, not found): drop it and say why."""


class CursorLost(BotError):  # noqa: N818
    """The resume position is no longer served: record the gap and go on from now."""

    reason = Reason.CURSOR_LOST

    def __init__(self, message: str, gap: Gap) -> None:
        super().__init__(message)
        self.gap = gap


class Unknown(BotError):  # noqa: N818
    """Sent or not? Nobody knows: look for the result before anything is tried again."""

    reason = Reason.OUTCOME_UNKNOWN


class StoreError(BotError):
    """The database cannot be used as it is (locked by another daemon, newer than this program, damaged)."""

    reason = Reason.STORAGE
