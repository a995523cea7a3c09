"""Which of our posts was which reply, kept across restarts: two replies may say the same to the same post."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bot.vault import Vault

NAME = "x.published"
MOST = 500


class Publications:
    """The newest of them. What cannot be kept is not missed: it only tells alike from same."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def all(self) -> dict[str, str]:
        """The post of each reply, by the name of its key."""
        return await asyncio.to_thread(self._read)

    async def add(self, key: str, post_id: str) -> None:
        async with self._vault.turn(NAME):
            await asyncio.to_thread(self._write, key, post_id)

    def _read(self) -> dict[str, str]:
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(self._vault.read(NAME) or b"{}", type=dict[str, str])
        return {}

    def _write(self, key: str, post_id: str) -> None:
        kept = {**self._read(), name_of(key): post_id}
        with suppress(OSError):
            self._vault.write(NAME, msgspec.json.encode(dict(list(kept.items())[-MOST:])))


def name_of(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
