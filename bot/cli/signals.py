"""`outcare signals`: texts in, what is measured of each out, as they come."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TextIO

import msgspec
import orjson
import typer

from bot.model import AuthorFacts, Measured, Signal
from rules.signals.measure import measure, prepare


class Shape(StrEnum):
    """FLAT: a JSON object of names and numbers a line; FULL: with the language and the evidence."""

    FLAT = "flat"
    FULL = "full"
    TEXT = "text"


class Line(msgspec.Struct):
    """A line of JSON: what is known beside the text. `author.age` is in seconds."""

    text: str
    lang: str | None = None
    author: AuthorFacts | None = None


def measure_texts(file: Path | None, shape: Shape) -> None:
    """Raises: typer.BadParameter for a line of JSON whose other fields are wrong."""
    if file is None:
        measure_lines(sys.stdin.buffer, sys.stdout, shape)
        return
    with file.open("rb") as source:
        measure_lines(source, sys.stdout, shape)


def measure_lines(source: BinaryIO, sink: TextIO, shape: Shape) -> None:
    """Each line is one text; its answer is written before the next is read."""
    show = _SHOWN[shape]
    prepare()
    gc.freeze()  # the cues stay; nobody need look for what of them could go
    for line in _read(source):
        langs = (line.lang,) if line.lang else ()
        sink.write(show(line.text, measure(line.text, langs, line.author)))
        sink.flush()


def _read(source: BinaryIO) -> Iterator[Line]:
    for number, raw in enumerate(source, 1):
        text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        yield _of_json(text, number) if text.startswith("{") else Line(text)


def _of_json(text: str, number: int) -> Line:
    """A JSON object with a text in it, or a text that only looks like one."""
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Line(text)
    if not isinstance(given.get("text"), str):
        return Line(text)
    try:
        return msgspec.convert(given, Line, strict=False)
    except msgspec.ValidationError as error:
        raise typer.BadParameter(f"line {number}: {error}", param_hint="JSON") from error


def _flat(_text: str, measured: Measured) -> str:
    return orjson.dumps({name: signal.value for name, signal in measured[1].items()}).decode() + "\n"


def _full(_text: str, measured: Measured) -> str:
    lang, signals = measured
    found = {name: {"value": one.value, "evidence": one.evidence} for name, one in signals.items()}
    return orjson.dumps({"lang": lang, "signals": found}).decode() + "\n"


def _readable(text: str, measured: Measured) -> str:
    """The text, then the signals that something moved; what is not known is named at the end."""
    lang, signals = measured
    unknown = [name for name, one in signals.items() if one.value is None]
    lines = [f"{lang or 'language unknown'}: {' '.join(text.split())}"]
    lines += [_told(name, one) for name, one in signals.items() if one.value is not None and one.evidence]
    lines += [f"  unknown: {', '.join(unknown)}"] if unknown else []
    return "\n".join(lines) + "\n"


def _told(name: str, signal: Signal) -> str:
    words = ", ".join(f"{word} {weight:+g}" for word, weight in signal.evidence)
    return f"  {name:<10} {signal.value:5.2f}  {words}"


_SHOWN: dict[Shape, Callable[[str, Measured], str]] = {
    Shape.FLAT: _flat,
    Shape.FULL: _full,
    Shape.TEXT: _readable,
}
