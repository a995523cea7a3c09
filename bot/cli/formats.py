"""What CI servers read: annotations of a pull request, lists of tests. Knows neither rules nor problems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from bot.errors import Location

Level = Literal["error", "warning", "notice"]


def annotation(level: Level, title: str, message: str, where: Location | None) -> str:
    """https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions (its escapes too)"""
    place = {"file": str(where.file), "line": str(where.line), "col": str(where.column)} if where else {}
    told = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in {**place, "title": title}.items())
    return f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One test of a list. `failure`, `skipped`: why; neither: it passed."""

    group: str
    name: str
    where: Location | None = None
    failure: str | None = None
    skipped: str | None = None


def junit(name: str, tried: Iterable[Tried]) -> str:
    """https://github.com/testmoapp/junitxml"""
    every = list(tried)
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(every)),
        failures=str(sum(one.failure is not None for one in every)),
        skipped=str(sum(one.skipped is not None for one in every)),
    )
    for one in every:
        place = {"file": str(one.where.file), "line": str(one.where.line)} if one.where else {}
        case = ET.SubElement(suite, "testcase", classname=one.group, name=_printable(one.name), attrib=place)
        if one.failure is not None:
            ET.SubElement(case, "failure", message=_printable(one.failure))
        elif one.skipped is not None:
            ET.SubElement(case, "skipped", message=_printable(one.skipped))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def _printable(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(character if character.isprintable() else " " for character in text)
