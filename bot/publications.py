"""Which of our posts was which reply, kept across restarts: two replies may say the same to the same post.

For repliers on platforms that know no key of ours; knows none of them. What cannot be kept is not missed: it
only tells alike from same.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bot.vault import Vault

MOST = 500


class Publications:
    """The newest of them, in the vault under `name`."""

    def __init__(self, vault: Vault, name: str) -> None:
        self._vault = vault
        self._name = name

    async def all(self) -> dict[str, str]:
        """The post of each reply, by what the connector calls the reply."""
        return await asyncio.to_thread(self._read)

    async def add(self, reply: str, post_id: str) -> None:
        async with self._vault.turn(self._name):
            await asyncio.to_thread(self._write, reply, post_id)

    def _read(self) -> dict[str, str]:
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(self._vault.read(self._name) or b"{}", type=dict[str, str])
        return {}

    def _write(self, reply: str, post_id: str) -> None:
        kept = self._read()
        kept.pop(reply, None)  # it counts as new again
        kept[reply] = post_id
        with suppress(OSError):
            self._vault.write(self._name, msgspec.json.encode(dict(list(kept.items())[-MOST:])))
