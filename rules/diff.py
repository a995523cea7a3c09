"""A unified diff that `git apply` and `patch -p1` take: line ends as they are, a missing last one said.

Pure; knows texts and one path. The format: https://www.gnu.org/software/diffutils/manual/html_node/Unified-Format.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MARK = "\ufeff"
_UNENDED = "\n\\ No newline at end of file\n"
_CONTEXT = 3


def normal(text: str) -> str:
    """With plain line ends and without a byte order mark: what a browser's form makes no difference in."""
    return text.removeprefix(_MARK).replace("\r\n", "\n").replace("\r", "\n")


def diff(before: str, after: str, path: str) -> str:
    """Empty if they differ in line ends at most. New lines end as most of the old ones do."""
    if normal(before) == normal(after):
        return ""
    old, new = _lines(before), _lines(_as(before, normal(after)))
    head = f"--- a/{_name(path)}\n+++ b/{_name(path)}\n"
    matcher = difflib.SequenceMatcher(None, old, new)
    return head + "".join(
        part for group in matcher.get_grouped_opcodes(_CONTEXT) for part in _hunk(group, old, new)
    )


def _hunk(group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    for tag, start, end, new_start, new_end in group:
        if tag == "equal":
            yield from (_shown(" ", line) for line in old[start:end])
        else:
            yield from (_shown("-", line) for line in old[start:end])
            yield from (_shown("+", line) for line in new[new_start:new_end])


def _range(start: int, end: int) -> str:
    """`start` counts from 1; of nothing it is the line before."""
    length = end - start
    return f"{start + 1 if length else start},{length}"


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}{_UNENDED}"


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _as(before: str, after: str) -> str:
    """`after` with the mark and the line ends of `before`."""
    mark = _MARK if before.startswith(_MARK) else ""
    is_windows = before.count("\r\n") * 2 > before.count("\n")
    return mark + (after.replace("\n", "\r\n") if is_windows else after)


def _name(path: str) -> str:
    """A name with blanks in it ends in a tab, else both programs would cut it at the first blank."""
    return f"{path}\t" if " " in path else path
