"""What a piece of HTML says, as plain text, and where it leads. Pure; shared by connectors.

Posts are hostile input: nothing of the markup survives, whatever it is. It knows no platform and fetches
nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

LONGEST = 100_000
"""So many characters of markup are looked at; the rest of a longer piece is left out."""
MOST_LINKS = 50

_SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"})
_PARTED = frozenset(
    {"p", "div", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "hr", "section", "article", "header", "footer", "figure"})
_VOID = frozenset(
    {"br", "hr", "img", "meta", "link", "input", "source", "wbr", "col", "area", "base", "embed"}
)
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_OPEN_END = re.compile(r"<[^>]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`links`: http(s) targets, each once. `alts`: what pictures are said to show."""

    text: str
    links: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()


def said(markup: str) -> Said:
    """Text with paragraphs parted by a blank line. Total: there is no markup that it fails on."""
    reader = _Reader()
    if len(markup) > LONGEST:
        markup = _OPEN_END.sub("", markup[:LONGEST])
    reader.feed(markup)
    reader.close()
    return Said(text=_tidy("".join(reader.parts)), links=_once(reader.links), alts=_once(reader.alts))


def plain(markup: str) -> str:
    """Only the text of `said`."""
    return said(markup).text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self.alts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent or (tag in _SILENT and tag not in _VOID):
            if tag in _SILENT:
                self._silent.append(tag)
            return
        given = dict(attrs)
        if tag == "a":
            self.links += filter(is_web, [(given.get("href") or "").strip()])
        elif tag == "img":
            self.alts += filter(None, [_tidy(given.get("alt") or "")])
        self._part(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif not self._silent:
            self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data) if data.strip() else " ")

    def unknown_decl(self, data: str) -> None:
        """A CDATA section that got into HTML is left out, like a comment."""

    def _part(self, tag: str) -> None:
        if tag in _PARTED:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")


def is_web(link: str) -> bool:
    """Whether a link leads to the web (not to a script, a file or nowhere)."""
    return bool(re.match(r"https?://[^\s/?#]", link, re.IGNORECASE)) and not re.search(r"[\s\x00-\x1f]", link)


def _tidy(text: str) -> str:
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in _ODD.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _once(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST_LINKS]
