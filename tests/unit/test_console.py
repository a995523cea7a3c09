"""The console: what a terminal gets to see."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from bot.errors import Unavailable
from bot.model import Alert, Span
from bot.ports import Wiring
from bot.staff import Card, Line, Receipt
from connectors.console import CONNECTOR, ConsoleNotifier, Terminal, visible
from tests.contract._http import CountingHttp
from tests.contract._rigs import FixedClock

RECEIPT = Receipt(ref="3", at=datetime(2026, 11, 20, tzinfo=UTC))


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def a_console(**more: object) -> tuple[ConsoleNotifier, io.StringIO]:
    out = io.StringIO()
    console = Terminal(file=out, width=80, **more)  # type: ignore[arg-type]
    return ConsoleNotifier(console=console, clock=FixedClock()), out


async def test_a_card_is_a_numbered_box() -> None:
    """Headline and lines; the number is the receipt."""
    notifier, out = a_console()
    lines = (Line(text="where is it?", is_quote=True), Line(text="Open", href="https://a.example/1"))
    receipt = await notifier.notify("", Card(headline="HIGH", lines=lines, ping=("@anna",)), key="a")
    shown = out.getvalue()
    assert "1" == receipt.ref
    for expected in ("#1 @anna", "HIGH", "│ where is it?", "Open https://a.example/1"):
        assert expected in shown


async def test_a_change_is_one_line() -> None:
    """Which card, and what became of it."""
    notifier, out = a_console()
    data = {"brand": "acme", "mention_id": "01JD", "status": "Claimed by Anna 14:20"}
    await notifier.update("", RECEIPT, Card(headline="Claimed", data=data), key="b")
    assert "#3 acme · 01JD · Claimed by Anna 14:20\n" == out.getvalue()


async def test_the_marked_words_stand_out() -> None:
    """In reverse, on a terminal that can."""
    notifier, out = a_console(force_terminal=True, color_system="standard")
    line = Line(text="my Acme box", marks=(Span(start=3, end=7),), is_quote=True)
    await notifier.notify("", Card(headline="HIGH", lines=(line,), alert=Alert.PING), key="a")
    assert "\x1b[1;7mAcme\x1b[0m" in out.getvalue()


async def test_a_post_cannot_steer_the_terminal() -> None:
    """Escapes, bells, C1 codes and direction overrides become signs; markup stays text."""
    notifier, out = a_console()
    text = "\x1b]0;owned\x07 \x9b2J \u202e [bold]x[/bold] \r\b\x00\x7f"
    await notifier.notify("\x1b", Card(headline=text, lines=(Line(text=text),)), key="a")
    await notifier.update("", RECEIPT, Card(headline=text), key="a")
    shown = out.getvalue()
    assert not set(shown) & set("\x1b\x07\x9b\u202e\r\b\x00\x7f")
    assert "␛]0;owned␇" in shown
    assert "[bold]x[/bold]" in shown


def test_signs_take_the_place_of_one_character() -> None:
    """So marks stay where they are; line breaks are kept."""
    text = "a\x1b\x7f\u2066\ud83d\n😀"
    assert "a␛\ufffd\ufffd\ufffd\n😀" == visible(text)


async def test_a_terminal_without_the_letters_still_shows_the_card() -> None:
    """An ASCII terminal gets question marks, not a dead channel."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    notifier = ConsoleNotifier(console=Terminal(file=out, width=80), clock=FixedClock())
    await notifier.notify("", Card(headline="HIGH “grüße 😀”"), key="a")
    out.flush()
    assert b"HIGH ?gr" in raw.getvalue()


async def test_a_closed_terminal_is_unavailable() -> None:
    """A pipe that nobody reads is no reason to die."""
    notifier = ConsoleNotifier(console=Terminal(file=Closed()), clock=FixedClock())
    with pytest.raises(Unavailable):
        await notifier.notify("", Card(headline="HIGH"), key="a")


async def test_the_connector_makes_one_without_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """It is there without a line of configuration."""
    assert CONNECTOR.notifier is not None
    notifier = CONNECTOR.notifier(None, {}, Wiring(http=CountingHttp(), clock=FixedClock()))
    await notifier.notify("", Card(headline="HIGH"), key="a")
    assert "HIGH" in capsys.readouterr().out
