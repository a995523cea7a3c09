"""How many links a post has: those that its platform marked, or those that stand in its text."""

from __future__ import annotations

import re
from collections.abc import Collection

_LINK = re.compile(r"\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE)


def count_links(text: str, marked: Collection[str] = ()) -> int:
    """The larger number: a platform may shorten what it shows, or mark nothing."""
    return max(len(set(marked)), len(set(_LINK.findall(text))))
