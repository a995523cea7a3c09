"""The demo as one thing: its platforms, its chat, its phone, and the day that is played on them.

Knows how the parts belong together and which variables point a daemon at them; starts no daemon.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bot.demo.chat import Chat, Colleague
from bot.demo.day import read_day
from bot.demo.director import Director
from bot.demo.phone import phone
from bot.demo.place import DAY, TELEGRAM_TOKEN
from bot.demo.platforms import Platforms

if TYPE_CHECKING:
    from aiohttp import web

    from bot.testing.telegram_chats import Sent

PHONE = "/phone/"
"""Where the phone is mounted on the daemon's own web server."""

VISITOR_KEY = "alex"
VISITOR = Colleague(id=1, name="Alex")
STAFF = {"kim": Colleague(id=2, name="Kim"), "ravi": Colleague(id=3, name="Ravi")}


@dataclass(kw_only=True)
class Demo:
    """`async with`: the platforms are up. `pace`: seconds for one minute of the day."""

    pace: float = 1.0
    day_file: Path = DAY
    chat: Chat = field(default_factory=lambda: Chat(visitor=VISITOR), init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    def __post_init__(self) -> None:
        self.day = read_day(self.day_file)
        self.platforms = Platforms(cast=self.day.cast, ours=self.day.ours)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.platforms)
        await self._stack.enter_async_context(self.chat.server)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def variables(self) -> dict[str, str]:
        """What a daemon's environment must hold to work on these platforms."""
        return (
            self.platforms.variables | TELEGRAM_TOKEN | {"OUTCARE_TELEGRAM__BASE_URL": self.chat.server.url}
        )

    def phone(self) -> web.Application:
        return phone(self.chat)

    def director(self, *, on_card: Callable[[Sent], None] | None = None) -> Director:
        """Who plays the day; `on_card` hears of each card that arrives in the chat."""
        self.chat.on_card = on_card
        return Director(
            day=self.day, chat=self.chat, publish=self.platforms.publish, pace=self.pace, staff=STAFF
        )
