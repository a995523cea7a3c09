"""The written day: who is in it, what they say and when, as frozen values out of `day.yaml`.

Knows the file's shape and the day's own clock; no platform, no network, and no real time but what it is told.
A minute of the day that lies before `opens` is a real minute of the past; later ones take `pace` seconds, and
the quiet ones after `closes` six times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from bot import duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUIET = 6
"""So much longer a minute takes after the day."""

At = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
After = Annotated[str, msgspec.Meta(pattern=r"^(\d+h)?(\d+m)?$", min_length=2)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=3000)]


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody of the cast. `since`: how old the account is, in days; `is_closed`: nobody may answer them."""

    name: Text
    bio: str = ""
    followers: int = 40
    since: Annotated[int, msgspec.Meta(ge=0)] = 700
    lang: str = "en"
    is_closed: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A post below another one: `to` the last of its thread, or the first; `after` the one before it here.

    `is_thanks`: it asks for nothing any more.
    """

    after: After
    by: Text
    says: Text
    to: Literal["last", "first"] = "last"
    is_thanks: bool = False


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A colleague reaches for the card of a scene; `after` counts from its post."""

    after: After
    by: Text


class Scene(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A post, what is said below it, and who of the staff reaches for its card.

    `title` goes with a story or an article.
    """

    at: At
    by: Text
    says: Text
    platform: Literal["bluesky", "hackernews", "mastodon", "rss", "x"] = "bluesky"
    title: str = ""
    then: tuple[Said, ...] = ()
    claims: tuple[Claim, ...] = ()

    @property
    def is_for_the_visitor(self) -> bool:
        """Nobody answers it in the network's app: what is written there on X is not noticed."""
        return self.platform == "x"


class Day(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that happens. Handles are `<key>.example` (`@<key>` on Mastodon and X); `ours` is the key of
    the brand's account.
    """

    opens: At
    closes: At
    ours: Text
    cast: dict[str, Member]
    scenes: tuple[Scene, ...]

    @property
    def posts(self) -> int:
        return sum(1 + len(scene.then) for scene in self.scenes)

    def speakers(self) -> Iterator[str]:
        """Who says something, once for each post."""
        return chain.from_iterable((scene.by, *(said.by for said in scene.then)) for scene in self.scenes)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClock:
    """When a minute of the day is: `began` is when it opens, `pace` the seconds of one of its minutes."""

    day: Day
    began: datetime
    pace: float

    def at(self, minute: int) -> datetime:
        """When a minute of the day is."""
        opens = minutes(self.day.opens)
        if minute < opens:
            return self.began - timedelta(minutes=opens - minute)
        return self._later(0, minute - opens)

    def after(self, at: datetime, length: int) -> datetime:
        """So many minutes of the day after a time."""
        past = (self.began - at) / timedelta(minutes=1)
        if past > 0:
            return at + timedelta(minutes=length) if length <= past else self._later(0, length - past)
        return self._later(self._elapsed(at), length)

    def _later(self, start: float, length: float) -> datetime:
        """`start` is in minutes of the day since it opened."""
        minute = start + length
        quiet = max(0.0, minute - self._length)
        return self.began + timedelta(seconds=self.pace * (minute - quiet + QUIET * quiet))

    def _elapsed(self, at: datetime) -> float:
        minute = (at - self.began).total_seconds() / self.pace
        quiet = max(0.0, minute - self._length)
        return minute - quiet + quiet / QUIET

    @property
    def _length(self) -> int:
        return minutes(self.day.closes) - minutes(self.day.opens)


def minutes(time: str) -> int:
    """`08:41` as minutes of the day; so is a duration like `6m`."""
    if ":" in time:
        hours, _, rest = time.partition(":")
        return 60 * int(hours) + int(rest)
    return int(duration.parse(time).total_seconds() // 60)


def read_day(path: Path) -> Day:
    """Raises: ValueError for a day that cannot be played; it says what is wrong where."""
    try:
        day = msgspec.yaml.decode(path.read_bytes(), type=Day)
    except msgspec.ValidationError as error:
        raise ValueError(f"{path.name}: {error}") from error
    unknown = sorted({day.ours, *day.speakers()} - day.cast.keys())
    if unknown:
        raise ValueError(f"{path.name}: not in the cast: {', '.join(unknown)}")
    early = [scene.by for scene in day.scenes if scene.is_for_the_visitor and _is_answered(scene, day.ours)]
    if early:
        raise ValueError(f"{path.name}: on X the visitor answers, not {day.ours}: {', '.join(early)}")
    times = [minutes(scene.at) for scene in day.scenes]
    if times != sorted(times):
        raise ValueError(f"{path.name}: the scenes are not in order")
    return day


def _is_answered(scene: Scene, ours: str) -> bool:
    return any(said.by == ours for said in scene.then)
