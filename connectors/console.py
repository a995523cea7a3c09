"""The terminal as a channel: prints a card, and one line for each change of it.

Always there, so it is the last fallback of every route. Knows rich; no network, no settings. Posts are
hostile input: nothing in them is read as markup or reaches the terminal as a control character.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from bot.errors import Unavailable
from bot.model import Alert
from bot.ports import Connector
from bot.staff import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

    from bot.ports import Clock, Notifier, Wiring
    from bot.staff import Card, Line

_BORDERS = {Alert.PING: "bold red", Alert.MESSAGE: "yellow", Alert.DIGEST: "blue", Alert.NONE: "dim"}


class Terminal(Console):
    """rich's own console ends the program when a pipe is closed; this one lets the caller decide."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@dataclass(kw_only=True)
class ConsoleNotifier:
    """`bot.ports.Notifier` on a terminal; receipts are running numbers."""

    console: Terminal
    clock: Clock
    kind: str = "console"
    limits: tuple[tuple[int, timedelta], ...] = ()
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        number = next(self._numbers)
        self._print(panel(card, number))
        return Receipt(ref=str(number), at=self.clock.now())

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        self._print(change(card, receipt.ref))
        return Receipt(ref=receipt.ref, at=self.clock.now())

    def _print(self, what: RenderableType) -> None:
        """Captured first, because rich gives up on an encoding that lacks a letter."""
        encoding = self.console.encoding
        try:
            with self.console.capture() as captured:
                self.console.print(what, markup=False, highlight=False, emoji=False)
            self.console.file.write(captured.get().encode(encoding, "replace").decode(encoding))
            self.console.file.flush()
        except (OSError, ValueError) as error:  # a closed pipe, a closed file
            raise Unavailable("the terminal takes no output") from error


def panel(card: Card, number: int) -> Panel:
    """The whole card in a box."""
    names = " ".join(card.ping)
    title = Text(f"#{number} {visible(names)}".rstrip())
    lines = [Text(visible(card.headline), style="bold"), *(_line(line) for line in card.lines)]
    return Panel(Group(*lines), title=title, title_align="left", border_style=_BORDERS[card.alert])


def change(card: Card, ref: str) -> Text:
    """One line: `#3 acme · 01J… · Claimed by Anna 14:20`."""
    known = (card.data.get(name) for name in ("brand", "mention_id", "status"))
    told = " · ".join(visible(str(value)) for value in known if value)
    return Text(f"#{visible(ref)} {told or visible(card.headline)}", style="dim")


def visible(text: str) -> str:
    """Control characters as signs (␛ for escape), direction overrides as U+FFFD; line breaks stay."""
    return "".join(_sign(char) for char in text)


def _sign(char: str) -> str:
    if char == "\n" or not (_turns(char) or unicodedata.category(char) in {"Cc", "Cs"}):
        return char
    return chr(0x2400 + ord(char)) if char < " " else "\ufffd"


def _turns(char: str) -> bool:
    return "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def _line(line: Line) -> Text:
    style = "bold" if line.is_strong else ""
    text = Text(visible(line.text), style=style)  # one sign for one character, so marks keep their place
    for mark in line.marks:
        text.stylize("bold reverse", mark.start, mark.end)
    if line.href:
        text.append(f" {visible(line.href)}", style="underline")
    return Text.assemble(("│ ", "dim"), text) if line.is_quote else text


def _notifier(_account: None, _channels: Mapping[str, Any], wiring: Wiring) -> Notifier:
    return ConsoleNotifier(console=Terminal(), clock=wiring.clock)


CONNECTOR = Connector(name="console", notifier=_notifier)
