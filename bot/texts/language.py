"""A language as a value: its messages, its names of days and months, and how it counts. Pure.

Knows how a message is put together, not what any message says. Forms of plurals are CLDR's categories
(https://cldr.unicode.org/index/cldr-spec/plural-rules); names are written in the tables, because `strftime`
would follow the machine's locale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.expenses import Money

Forms = Mapping[str, str]
"""A text for each form: `one`, `other` and what else CLDR has for the language; `=0` for just that number."""

Message = str | Forms
"""Text with places for values in it, `{name}`; in forms by its `{count}` or, for ordinals, by its `{nth}`."""

CODE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
"""How a language code looks in what we write."""

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def is_code(tag: str) -> bool:
    """Whether it looks like one in whatever case: others write EN, too."""
    return re.fullmatch(CODE, tag, re.IGNORECASE | re.ASCII) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """`days` begin with Monday. `plural` and `ordinal` tell the form of a number.

    `units` are texts with a `{count}` for the keys d, h, m and s. Whole numbers from `grouped_from` on are
    written in groups of three with `group` between them; `point` stands before decimals.
    """

    code: str
    messages: Mapping[str, Message]
    days: tuple[str, ...]
    months: tuple[str, ...]
    plural: Callable[[int], str]
    ordinal: Callable[[int], str]
    units: Mapping[str, str]
    group: str
    point: str
    grouped_from: int

    def say(self, key: str, values: Mapping[str, object]) -> str:
        """The message with its values in it; whole numbers and durations are written as people write them.

        Raises: KeyError (no such message, or a value is missing: a mistake of ours).
        """
        message = self.messages[key]
        if not isinstance(message, str):
            message = message[self._form(message, values)]
        return message.format_map({name: self._shown(value) for name, value in values.items()})

    def _form(self, forms: Forms, values: Mapping[str, object]) -> str:
        name, rule = ("nth", self.ordinal) if "nth" in values else ("count", self.plural)
        number = values[name]
        if not isinstance(number, int):
            raise KeyError(name)
        exact = f"={number}"
        if exact in forms:
            return exact
        form = rule(number)
        return form if form in forms else "other"

    def _shown(self, value: object) -> str:
        if isinstance(value, timedelta):
            return self.duration(value)
        if isinstance(value, Money):
            return self.money(value)
        return self.number(value) if isinstance(value, int) else str(value)

    def number(self, number: int) -> str:
        """`1,234`; with the language's own sign, and from the number on where it begins to group."""
        return f"{number:,}".replace(",", self.group) if abs(number) >= self.grouped_from else str(number)

    def money(self, amount: Money) -> str:
        """`0.20 USD`, with the language's own sign before the decimals."""
        return f"{amount.digits(self.point)} {amount.currency}"

    def duration(self, length: timedelta, *, parts: int = 2) -> str:
        """The largest units, so many: `2h 5m`, `45s`, `3d 4h`; nothing below zero."""
        seconds = max(0, int(length.total_seconds()))
        told = []
        for unit, size in _UNITS:
            count, seconds = divmod(seconds, size)
            if count:
                told.append(self.units[unit].format(count=self.number(count)))
        return " ".join(told[:parts]) or self.units["s"].format(count=0)
