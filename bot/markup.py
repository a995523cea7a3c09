"""What a piece of HTML says, as plain text, and where it leads. Pure; shared by connectors.

Posts are hostile input: nothing of the markup survives, whatever it is, and reading it takes time in
proportion to its length (the standard library's parser takes minutes for a hundred thousand characters of
`<a `). It knows no platform and fetches nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 100_000
"""So many characters of markup are looked at; the rest of a longer piece is left out."""
MOST_LINKS = 50

_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"})
_PARTED = frozenset(
    {"p", "div", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "hr", "section", "article", "header", "footer", "figure"})
_TAG = re.compile(r"""<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})((?:[^<>"']|"[^"]{0,4000}"|'[^']{0,4000}')*+)>""")
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w:-]{0,40})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\xa0]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`links`: http(s) targets, each once. `alts`: what pictures are said to show."""

    text: str
    links: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()


def said(markup: str) -> Said:
    """Text with paragraphs parted by a blank line. Total: there is no markup that it fails on."""
    reader = _Reader(markup[:LONGEST])
    reader.run()
    return Said(text=_tidy("".join(reader.parts)), links=_once(reader.links), alts=_once(reader.alts))


def plain(markup: str) -> str:
    """Only the text of `said`."""
    return said(markup).text


class _Reader:
    """Goes through the markup once, from one `<` to the next."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._lower = markup.lower()
        self.parts: list[str] = []
        self.links: list[str] = []
        self.alts: list[str] = []

    def run(self) -> None:
        at = 0
        while at < len(self._markup):
            begin = self._markup.find("<", at)
            begin = len(self._markup) if begin < 0 else begin
            self._text(self._markup[at:begin])
            at = self._marked(begin) if begin < len(self._markup) else begin

    def _marked(self, at: int) -> int:
        """What begins with `<` there; where it ends. What never ends ends with the markup."""
        if self._markup.startswith("<!--", at):
            return self._behind("-->", at + 4)
        if self._markup.startswith(("<!", "<?"), at):
            return self._behind(">", at)
        match = _TAG.match(self._markup, at)
        if match is None:
            self.parts.append("<")
            return at + 1
        name = match[2].lower()
        if match[1]:
            self._part(name)
        elif name in _SILENT and not match[3].endswith("/"):
            return self._behind(">", self._behind(f"</{name}", match.end()))
        else:
            self._opened(name, match[3])
        return match.end()

    def _behind(self, end: str, at: int) -> int:
        found = self._lower.find(end, at)
        return found + len(end) if found >= 0 else len(self._markup)

    def _opened(self, name: str, attributes: str) -> None:
        if name == "a":
            self.links += filter(is_web, [_given(attributes).get("href", "")])
        elif name == "img":
            self.alts += filter(None, [_tidy(_given(attributes).get("alt", ""))])
        self._part(name)

    def _text(self, text: str) -> None:
        if text:
            self.parts.append(re.sub(r"\s+", " ", unescaped(text)))

    def _part(self, name: str) -> None:
        if name in _PARTED:
            self.parts.append("\n\n")
        elif name in _LINES:
            self.parts.append("\n")


def is_web(link: str) -> bool:
    """Whether a link leads to the web (not to a script, a file or nowhere)."""
    return bool(re.match(r"https?://[^\s/?#]", link, re.IGNORECASE)) and not re.search(r"[\s\x00-\x1f]", link)


def unescaped(text: str) -> str:
    """Character references as what they mean; left as they are where one is a number beyond all numbers."""
    try:
        return html.unescape(text)
    except (ValueError, OverflowError):  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        return text


def _given(attributes: str) -> Mapping[str, str]:
    found = _ATTRIBUTE.finditer(attributes)
    return {match[1].lower(): unescaped(match[2] or match[3] or match[4] or "").strip() for match in found}


def _tidy(text: str) -> str:
    lines = [_BLANKS.sub(" ", line).strip() for line in _ODD.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _once(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST_LINKS]
