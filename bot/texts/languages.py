"""The languages there are. A new one is a table beside these and a line here (docs/texts.md)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH

if TYPE_CHECKING:
    from bot.texts.catalogue import Texts

LANGUAGES: Mapping[str, Texts] = MappingProxyType({one.language.code: one for one in (ENGLISH, SPANISH)})


def texts_in(code: str) -> Texts:
    """Raises: KeyError; the settings let only those through that are here."""
    return LANGUAGES[code]
