"""Answers that people have prepared, as values: what was asked, what is said, until when it is true. Pure.

It knows no file and no search: `bot.settings.answers` reads them, `bot.library` finds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.errors import Location


def primary(lang: str) -> str:
    """The language without its region: "pt" of "pt-BR"."""
    return lang.partition("-")[0].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One entry of answers.yaml. `questions`: the ways in which it is asked, in whatever languages.

    `texts` by language, in the order of the file, fields not filled in. `valid_until` is the last day on
    which it is true (None: no end). `platforms`: only there (nothing: everywhere). `places`: of questions.
    """

    name: str
    questions: tuple[str, ...]
    texts: Mapping[str, str]
    valid_until: date | None = None
    link: str | None = None
    tags: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    location: Location
    places: tuple[Location, ...] = field(default=(), repr=False)

    def holds(self, on: date, platform: str | None) -> bool:
        """Whether it may be given on that day, on that platform (None: whichever)."""
        is_current = self.valid_until is None or on <= self.valid_until
        return is_current and (not self.platforms or platform is None or platform in self.platforms)

    def said_in(self, lang: str | None) -> str | None:
        """The language of the text to give: this one, one of another region, or, for None, the first."""
        if lang is None or lang in self.texts:
            return lang or next(iter(self.texts))
        return next((one for one in self.texts if primary(one) == primary(lang)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that were read from `path`; `text` is what stood there."""

    path: Path
    entries: tuple[Answer, ...] = ()
    text: str = field(default="", repr=False)

    def __len__(self) -> int:
        return len(self.entries)

    def __bool__(self) -> bool:
        return True  # a file without entries is a file

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.entries)
