"""What every code of `check` means, read from docs/rule-codes.md, the only place that says it.

In a wheel the page lies beside this file. Knows how the page is laid out, nothing of how a mistake is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHECKOUT = Path(__file__).parents[1] / "docs" / "rule-codes.md"
_INSTALLED = Path(__file__).parent / "rule-codes.md"
_HEADING = re.compile(r"^## (?P<code>[RWI][0-9]{3}) (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Help:
    """One section of the page: `text` is Markdown."""

    code: str
    title: str
    text: str


@cache
def every() -> Mapping[str, Help]:
    """By code, in the order of the page."""
    page = (_CHECKOUT if _CHECKOUT.is_file() else _INSTALLED).read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(page))
    ends = [*(heading.start() for heading in headings[1:]), len(page)]
    return {
        heading["code"]: Help(heading["code"], heading["title"], page[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    }


def titles() -> Mapping[str, str]:
    """Code → what it means, in a few words."""
    return {code: one.title for code, one in every().items()}


def command(code: str) -> str:
    """What shows the section of a code."""
    return f"outcare rules help {code}"
