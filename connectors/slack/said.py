"""What somebody wrote in Slack, as plain text. Pure.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. A message comes twice: as blocks, and as
text in which emoji are names (`:smile:`) and addresses stand in angle brackets
(https://docs.slack.dev/messaging/formatting-message-text). What is to be published must hold the emoji, so
the blocks are read where there are any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BRACKETS = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_LONGEST = 20_000
_DEPTH = 4


def said(message: Mapping[str, Any], me: str) -> str:
    """A message's words; the app's own name is left out."""
    blocks = message.get("blocks")
    rich = [one for one in blocks if _is(one, "rich_text")] if isinstance(blocks, list) else []
    text = "\n".join(written(one, me) for one in rich) if rich else _unmarked(message.get("text"), me)
    return text.strip()


def written(block: Any, me: str = "") -> str:
    """What a rich text says, without its styles."""
    lines = "\n".join(_part(part, me, 0) for part in _list(block, "elements"))
    return lines[:_LONGEST].strip()


def names(message: Mapping[str, Any], me: str) -> bool:
    """Whether a message begins with the app's name."""
    text = message.get("text")
    return isinstance(text, str) and text.lstrip().startswith((f"<@{me}>", f"<@{me}|"))


def _part(part: Any, me: str, depth: int) -> str:
    if _is(part, "rich_text_list") and depth < _DEPTH:
        return "\n".join(f"- {_part(one, me, depth + 1)}" for one in _list(part, "elements"))
    return "".join(_piece(one, me) for one in _list(part, "elements")).removesuffix("\n")


def _piece(piece: Any, me: str) -> str:
    if not isinstance(piece, dict) or (piece.get("type") == "user" and piece.get("user_id") == me):
        return ""
    match piece.get("type"):
        case "text":
            return _text(piece, "text")
        case "link":
            return _link(_text(piece, "text"), _text(piece, "url"))
        case "emoji":
            return _emoji(_text(piece, "unicode")) or f":{_text(piece, 'name')}:"
        case "user":
            return f"@{_text(piece, 'user_id')}"
    return f"@{_text(piece, 'range')}" if piece.get("type") == "broadcast" else ""


def _link(text: str, url: str) -> str:
    """Where a link leads to must be seen; mostly its text is the address, as somebody wrote it."""
    if not text:
        return url
    return text if text in url else f"{text} ({url})"


def _emoji(unicode: str) -> str:
    """The characters of `1f44d-1f3fd`; empty: one of the workspace's own, which has none."""
    codes = unicode.split("-")
    if not all(re.fullmatch(r"[0-9a-f]{2,6}", code) and int(code, 16) < 0x110000 for code in codes):
        return ""
    return "".join(chr(int(code, 16)) for code in codes)


def _unmarked(text: Any, me: str) -> str:
    """The text without markup, for messages without blocks (from bridges and old clients)."""
    if not isinstance(text, str):
        return ""
    plain = _BRACKETS.sub(lambda found: _bracket(found[1], found[2] or "", me), text[:_LONGEST])
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _bracket(target: str, label: str, me: str) -> str:
    if target.startswith(("@", "#", "!")):
        return (
            "" if target == f"@{me}" else f"{target[0].replace('!', '@')}{label.lstrip('@#') or target[1:]}"
        )
    return target.removeprefix("mailto:")


def _is(part: Any, kind: str) -> bool:
    return isinstance(part, dict) and part.get("type") == kind


def _list(part: Any, name: str) -> Iterator[Any]:
    found = part.get(name) if isinstance(part, dict) else None
    yield from found if isinstance(found, list) else ()


def _text(piece: Mapping[str, Any], name: str) -> str:
    value = piece.get(name)
    return value if isinstance(value, str) else ""
