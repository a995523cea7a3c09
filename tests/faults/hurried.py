"""The real daemon with its waits shortened: `python -m tests.faults.hurried run --config …`.

A run of the harness must take a second or two, so back-off, polls and time-outs that are made for days are
made for seconds here. Nothing else is changed. A constant that is no longer there is an error.
"""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

from bot.cli import main
from bot.store.sqlite import SqliteStore

BUSY_SECONDS = 0.4


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


CONSTANTS: dict[str, dict[str, Any]] = {
    "bot.listener": {
        "FIRST_WAIT": _s(0.05), "LONGEST_WAIT": _s(0.4), "LONGEST_STORE_WAIT": _s(0.3), "COMMIT_EVERY": _s(0.2),
    },
    "bot.feeds": {
        "FIRST_WAIT": _s(0.05), "LONGEST_WAIT": _s(0.4), "LONGEST_STORE_WAIT": _s(0.3), "HEALTHY_AFTER": 1.0,
    },
    "bot.outbox": {
        "RECOVERY_POLL": _s(1), "BUSY_POLL": _s(0.2),
        "STORE_AGAIN": _s(0.2), "SEND_WITHIN": _s(1.5), "TURN_WITHIN": _s(3),
    },
    "bot.retrying": {"FIRST_WAIT": _s(0.1), "LONGEST_WAIT": _s(0.6)},
    "connectors.bluesky.jetstream": {"FLUSH_SECONDS": 0.2},
    "connectors.bluesky.reading": {"FLUSH_SECONDS": 0.2},
}  # fmt: skip


def hurry() -> None:
    """Raises: LookupError for what is not there (any more)."""
    for module_name, constants in CONSTANTS.items():
        module = importlib.import_module(module_name)
        for name, value in constants.items():
            if type(getattr(module, name, None)) is not type(value):
                raise LookupError(f"{module_name} has no {name} of that type")
            setattr(module, name, value)
    defaults = SqliteStore.open.__func__.__kwdefaults__  # type: ignore[attr-defined] # a classmethod
    defaults["busy_seconds"] = BUSY_SECONDS


if __name__ == "__main__":
    hurry()
    main.main()
