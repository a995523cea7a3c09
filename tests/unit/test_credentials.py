"""Credentials that are refused: told once when it begins, once when it ends, over any number of restarts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.credentials import KEPT, Credentials, read
from bot.errors import BotError, Reason, Unauthorized, Unavailable
from bot.vault import MemoryVault
from tests.unit.test_notices import CARE, DESK, Office

NO = Unauthorized("api.example/2/mentions answered 401")


@dataclass
class Gate:
    """An office whose program may be started again; the vault stays."""

    office: Office = field(default_factory=Office)
    vault: MemoryVault = field(default_factory=MemoryVault)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.office.__post_init__()
        self.credentials = Credentials(notices=self.office.notices, vault=self.vault, clock=self.office.clock)

    async def failed(self, error: BotError = NO, platform: str = "x") -> None:
        self.credentials.failed("x-mentions", platform, error)
        await self.settled()

    async def works(self, platform: str = "x") -> None:
        self.credentials.works("x-mentions", platform)
        await self.settled()

    async def settled(self) -> None:
        await asyncio.gather(*self.credentials._asides)
        await self.office.clock.advance(3600 * 5)

    async def told(self) -> list[tuple[str, str]]:
        return await self.office.kept()


async def test_a_refusal_is_told_once_until_it_is_over() -> None:
    """However often it is tried, for hours, and over restarts; then that it works again, and the next one."""
    gate = Gate()
    for _ in range(3):
        await gate.failed()
    gate.restart()
    await gate.failed()
    [(channel, text)] = await gate.told()
    assert channel == CARE
    assert text.startswith("X rechaza nuestras credenciales, así que no se lee x-mentions: api.example")
    assert "`outcare doctor`" in text
    gate.restart()
    for _ in range(3):
        await gate.works()
    assert "X nos deja entrar de nuevo después de 20 h: se lee x-mentions." in (await gate.told())[1]
    await gate.failed()
    assert len(await gate.told()) == 3


async def test_what_passes_by_itself_is_no_refusal() -> None:
    """Trouble of the network, and of the platform."""
    gate = Gate()
    await gate.failed(Unavailable("no connection", reason=Reason.CONNECTION))
    await gate.works()
    assert [] == await gate.told()
    assert gate.vault.read(KEPT) is None


async def test_it_is_not_told_by_the_platform_that_refuses() -> None:
    """Whose token is revoked cannot say so with it."""
    gate = Gate()
    await gate.failed(platform="telegram")
    assert [DESK] == [channel for channel, _ in await gate.told()]


async def test_a_full_disk_keeps_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told all the same."""
    gate = Gate()

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    for name in ("read", "write"):
        monkeypatch.setattr(gate.vault, name, full)
    await gate.failed()
    assert len(await gate.told()) == 1


async def test_what_is_under_way_is_given_up_at_the_end() -> None:
    """The program does not wait for it."""
    gate = Gate()
    gate.credentials.failed("x-mentions", "x", NO)
    await gate.credentials.stop()
    assert [] == await gate.told()


def test_what_nobody_can_read_is_nothing() -> None:
    """Noise, and another shape."""
    for content in (None, b"", b"\xff", b"[1]", b'{"x": "yesterday"}'):
        assert read(content) == {}
