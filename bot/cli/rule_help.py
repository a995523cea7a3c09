"""`outcare rules help`: what a code of `check` means, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import typer

from bot.yamlfile import closest
from rules import codes

_INDENT = "    "


def show_help(code: str) -> None:
    """One code, or the list of them. Raises: typer.BadParameter for one that there is not."""
    every = codes.every()
    if not code:
        sys.stdout.writelines(f"{one.code}  {one.title}\n" for one in every.values())
        sys.stdout.write(f"\nMore of one: {codes.command('R021')}\n")
        return
    found = every.get(code.strip().upper())
    if found is None:
        near = closest(code, every)
        hint = f"did you mean {near}?" if near else f"{codes.command('').strip()} lists them"
        raise typer.BadParameter(f"there is no code {code!r}; {hint}", param_hint="CODE")
    sys.stdout.write(f"{found.code}  {found.title}\n\n" + "\n".join(_lines(found.text)) + "\n")


def _lines(markdown: str) -> Iterator[str]:
    """As a terminal shows it: examples are indented, the fences left out."""
    is_example = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            is_example = not is_example
        else:
            yield f"{_INDENT}{line}".rstrip() if is_example else line
