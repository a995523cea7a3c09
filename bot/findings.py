"""What `outcare doctor` finds, in words of its own: is it fine, is it worth knowing, must it be mended?

Connectors examine their own credentials and places and say so in these values. It knows no platform, and a
finding never holds a secret: whoever makes one names hosts and accounts, not tokens, queries or bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.model import Account


class Health(StrEnum):
    """`mend`: it does not work as configured, and a person can do something about it."""

    FINE = "fine"
    NOTE = "note"
    MEND = "mend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor. `about`: what was looked at; `says`: how it is; `do`: what would help."""

    about: str
    health: Health
    says: str
    do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """What a connector is asked to try: its settings as they are configured, and whose accounts are there.

    `channels` by the part after the colon, `source` and `account` None where nothing is configured;
    `accounts` are those of the brand and its rivals on this platform, `rivals` the names of the latter.
    """

    account: Any = None
    source: Any = None
    channels: Mapping[str, Any] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    rivals: frozenset[str] = frozenset()


def fine(about: str, says: str) -> Finding:
    return Finding(about=about, health=Health.FINE, says=says)


def note(about: str, says: str, do: str = "") -> Finding:
    return Finding(about=about, health=Health.NOTE, says=says, do=do)


def mend(about: str, says: str, do: str) -> Finding:
    return Finding(about=about, health=Health.MEND, says=says, do=do)
