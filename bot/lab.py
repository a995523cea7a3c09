"""The rule lab as the page sees it: a text is judged, rules are edited in a scratch copy and tried on it.

Frozen values and one port; no rule, no HTTP, no wording. Nothing of it writes a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Facts, Kind, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mention that somebody makes up. None is unknown."""

    text: str
    kind: Kind = Kind.MENTION
    platform: str = "bluesky"
    lang: str | None = None
    handle: str | None = None
    bio: str | None = None
    followers: int | None = None
    following: int | None = None
    age: timedelta | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What lies on the table: the facts to judge, the files that were edited (name → text).

    `silenced`: the rules that count for nothing now.
    """

    facts: Facts
    edited: Mapping[str, str] = field(default_factory=dict)
    silenced: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A condition that is false: where it stands, what it `asks` for, and what `was` so."""

    path: str
    place: str
    asks: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A rule that did not fire. `is_near`: one condition more, and it would have."""

    rule: str
    points: int
    place: str
    because: tuple[Because, ...]
    is_near: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The edited set. `problems` as `outcare rules check` shows them; `failed` tests, one line each.

    `is_loadable`: without errors. `untried`: its tests are too many to be run here.
    """

    problems: str
    is_loadable: bool
    passed: int = 0
    failed: tuple[str, ...] = ()
    untried: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """`now` by the rules in use, `after` by the edited ones (None: nothing was edited, or it cannot load).

    `quiet`: rules that did not fire, of the edited set if there is one; nearest first, `more` are left out.
    """

    facts: Facts
    now: Verdict
    after: Verdict | None
    quiet: tuple[Quiet, ...]
    more: int
    checked: Checked | None
    patch: str


class Lab(Protocol):
    """Works on copies. Each method takes a while: call it in a thread, one at a time."""

    def files(self) -> Mapping[str, str]:
        """The files as they lie on the disk, by name; as they were loaded where they cannot be read."""
        ...

    def facts(self, sample: Sample, now: datetime) -> Facts:
        """The sample as if somebody had said it to the brand just now."""
        ...

    def look(self, bench: Bench) -> Looked:
        """Judge it, before and after. Raises: ConfigError where the files are too large for this."""
        ...

    def patch(self, edited: Mapping[str, str]) -> str:
        """A unified diff from the files on the disk, for `patch -p1` in the folder above the rules'."""
        ...
