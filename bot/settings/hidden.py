"""The texts in a part of the settings that nobody is to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr


def secrets_of(value: Any) -> Iterator[str]:
    """Secrets, and what a model leaves out of its repr, however deep."""
    if isinstance(value, SecretStr | SecretBytes | Secret):
        text = value.get_secret_value()
        yield text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    elif isinstance(value, BaseModel):
        for name, known in type(value).model_fields.items():
            inside = getattr(value, name)
            yield from secrets_of(SecretStr(inside) if isinstance(inside, str) and not known.repr else inside)
    elif isinstance(value, Mapping):
        for inside in value.values():
            yield from secrets_of(inside)
    elif isinstance(value, list | tuple | set | frozenset):
        for inside in value:
            yield from secrets_of(inside)
