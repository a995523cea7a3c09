"""What is searched for, as X's search wants it: https://docs.x.com/x-api/posts/search/integrate/build-a-query.
Pure.

The words of all brands, joined by OR, in as few queries as fit: each has 512 characters at most. Reposts are
left out, and what names the account or is its own: its mentions tell that for a fifth of the price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 512
_PLAIN = re.compile(r"\w+|@[a-z0-9_]{1,15}|#(?=\w*[^\W\d])\w+")
"""What needs no quotes: a word, the name of an account, a hashtag. Anything else with a sign in it is an
error there, and in quotes a phrase of the words in it.
"""
_BREAKS_QUOTES = re.compile(r'["\\]')
_OPERATORS = frozenset({"or", "and", "not"})


def queries(words: Iterable[str], handle: str, longest: int = LONGEST) -> tuple[str, ...]:
    """A word that is longer than a query is left out."""
    without = f" -is:retweet -from:{handle} -@{handle}"
    room = longest - len(without) - len("()")
    asked = dict.fromkeys(clause for word in words if (clause := _clause(word)) and len(clause) <= room)
    asked.pop(f"@{handle}", None)
    groups: list[str] = []
    for clause in asked:
        if groups and len(groups[-1]) + len(" OR ") + len(clause) <= room:
            groups[-1] += f" OR {clause}"
        else:
            groups.append(clause)
    return tuple(f"({group}){without}" for group in groups)


def _clause(word: str) -> str:
    """A phrase is quoted; a name is one as it is."""
    bare = " ".join(_BREAKS_QUOTES.sub(" ", word).lower().split())
    if not any(one.isalnum() for one in bare):
        return ""
    return bare if _PLAIN.fullmatch(bare) and bare not in _OPERATORS else f'"{bare}"'
