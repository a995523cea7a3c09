"""The bytes of a feed as XML that a parser can take: decoded, mended, and without surprises. Pure.

Encodings: https://www.rfc-editor.org/rfc/rfc7303 (a byte order mark, else what HTTP says, else what the
document says, else UTF-8). Many feeds are not quite XML (`&nbsp;`, a bare `&`, a control character): these
are mended. A document that declares entities is refused, because they can make gigabytes of a few lines; one
that cannot be mended is left to feedparser's patience only when it is short: that takes time in the square.
"""

from __future__ import annotations

import codecs
import html.entities
import re
from xml.parsers import expat

from bot.errors import Reason, Unavailable

LONGEST_BROKEN = 50_000
"""Characters; a worst case of that length takes about a second."""
DEEPEST = 100
MOST_ELEMENTS = 100_000
MOST_ATTRIBUTES = 100
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ROOT = re.compile(r"<[A-Za-z]")
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)(?:(\w{2,31});)?")


def xml_of(body: bytes, *, content_type: str, where: str) -> bytes:
    """UTF-8 without a declaration. Raises: Unavailable (protocol), naming `where`."""
    text = _DECLARATION.sub("", decoded(body, content_type, where), count=1)
    root = _ROOT.search(text)
    if "<!entity" in text[: root.start() if root else len(text)].lower():
        raise Unavailable(f"{where} declares entities, which no feed needs: refused", reason=Reason.PROTOCOL)
    try:
        fault = fault_of(text)
        if fault is not None:
            text = mended(text)
            fault = fault_of(text)
    except TooOdd as error:
        raise Unavailable(f"{where} is no feed: {error}", reason=Reason.PROTOCOL) from error
    if fault is None:
        return text.encode(errors="replace")
    if len(text) > LONGEST_BROKEN:
        raise Unavailable(f"{where} is broken XML ({fault})", reason=Reason.PROTOCOL)
    return text.encode(errors="replace")


def decoded(body: bytes, content_type: str, where: str) -> str:
    """Raises: Unavailable (protocol) for an encoding that nobody knows."""
    named = _CHARSET.search(content_type)
    marked = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    declared = _DECLARED.search(body[:400].replace(b"\0", b""))
    encoding = marked or (named and named[1]) or (declared and declared[1].decode()) or "utf-8"
    try:
        return body.decode(encoding, "replace").removeprefix("\ufeff")
    except (LookupError, UnicodeError) as error:
        raise Unavailable(f"{where} is written in an unknown encoding", reason=Reason.PROTOCOL) from error


def mended(text: str) -> str:
    """Without characters that XML has not; references that it does not know as what HTML means by them."""
    return _REFERENCE.sub(_known, _NO_CHARACTER.sub("", text))


def fault_of(text: str) -> str | None:
    """Where and why it is not well-formed; None: it is."""
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = (shape := Shape()).begin, shape.end
    try:
        parser.Parse(text.encode(errors="replace"), True)
    except expat.ExpatError as error:
        return str(error)
    return None


class TooOdd(ValueError):  # noqa: N818 - what it says of a document
    """No feed is made like this, and no reader takes it in its stride."""


class Shape:
    """Counts, so that nothing goes on to a parser that would take minutes for it."""

    def __init__(self) -> None:
        self._depth = self._elements = 0

    def begin(self, _: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS or len(attributes) > MOST_ATTRIBUTES:
            raise TooOdd("too deep, too many elements or attributes")

    def end(self, _: str) -> None:
        self._depth -= 1


def _known(match: re.Match[str]) -> str:
    meant = html.entities.html5.get(f"{match[1]};") if match[1] else None
    return meant if meant and meant not in "&<>" else match.group().replace("&", "&amp;", 1)
