"""Questions on a terminal: a default, a retry when the answer cannot be read, nothing echoed of a secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import typer

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """With `is_silent` nobody is asked: what was not given takes its default."""

    is_silent: bool

    def ask(self, text: str, given: str | None, default: str, read: Callable[[str], T], *, flag: str) -> T:
        """What was given as a flag, or answered. Raises: typer.BadParameter (a flag that cannot be read)."""
        if given is not None or self.is_silent:
            try:
                return read(default if given is None else given)
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint=flag) from error
        while True:
            answer = typer.prompt(text, default=default, show_default=bool(default))
            try:
                return read(answer)
            except ValueError as error:
                typer.echo(f"  {error}")

    def choose(self, text: str, default: str, choices: tuple[str, ...]) -> str:
        """One of them, by its beginning."""

        def read(answer: str) -> str:
            fitting = [one for one in choices if answer and one.startswith(answer.strip().lower())]
            if not fitting:
                raise ValueError(f"answer one of: {', '.join(choices)}")
            return fitting[0]

        return self.ask(text, None, default, read, flag="")

    def secret(self, text: str) -> str:
        """Not shown while it is typed or pasted."""
        answer: str = typer.prompt(text, hide_input=True, default="", show_default=False)
        return answer.strip()


def required(text: str) -> str:
    """For `ask`: something must be there."""
    if not text.strip():
        raise ValueError("this cannot be left out")
    return " ".join(text.split())
