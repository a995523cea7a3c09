"""How the verbs print: tables and problems for people, JSON for scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import orjson

from bot.errors import Problem
from bot.problems import render_all


def problems(found: Iterable[Problem]) -> None:
    sys.stderr.write(render_all(found) + "\n")


def error(message: str) -> None:
    sys.stderr.write(f"outcare: {message}\n")


def json(value: Any) -> None:
    """One document, keys in order of writing, times as ISO 8601."""
    sys.stdout.write(orjson.dumps(plain(value), option=orjson.OPT_INDENT_2).decode() + "\n")


def plain(value: Any) -> Any:
    """Values of ours as what JSON knows: an urgency by its name, a duration in seconds."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, int) else value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
