"""Which words find other people's posts as well, and what to do about it. Pure.

A word list of ours knows everyday words; how often a word was seen in a short listen knows the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

SHORT = 3
"""So many letters or fewer are an abbreviation of many things."""
OFTEN = 1 / 5_000
"""A word in more of all posts than this is hardly one brand's: about 1,000 a day of what Bluesky writes."""


@cache
def common() -> frozenset[str]:
    """Everyday words, folded."""
    lines = files("bot.starting").joinpath("common.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def doubt(word: str) -> str | None:
    """Why a word by itself is not enough; None: nothing speaks against it."""
    if word.startswith(("#", "@")) or len(word.split()) > 1:
        return None
    bare = word.casefold()
    if bare in common() or (bare.endswith("s") and bare[:-1] in common()):
        return "is an everyday word"
    if bare.isdecimal():
        return "is a number"
    if len(bare) <= SHORT and bare.isascii():
        return f"has {'one letter' if len(bare) == 1 else f'only {len(bare)} letters'}"
    return None


def too_often(seen: Mapping[str, int], posts: int) -> tuple[str, ...]:
    """The words that a listen found in so many posts that they cannot all be about one brand.

    Three finds at least: less is chance.
    """
    return tuple(word for word, count in seen.items() if count >= 3 and count > posts * OFTEN)


def advice(doubtful: Collection[str], brand: str) -> str:
    """How to keep other people's posts out."""
    word = next(iter(doubtful))
    return (
        f"Write phrases ({word} support, {word} app), your hashtag and your @handle instead; or keep the "
        f"word and name context words: a post with {word} alone is then stored, but alerts nobody unless "
        f"one of these stands in it too (for {brand}: what you sell, your products, your site)."
    )
