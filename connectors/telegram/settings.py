"""What ops people write about Telegram: the bot, and the chats that alerts go to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot import duration

Username = Annotated[str, Field(pattern=r"^@[A-Za-z0-9_]{3,32}$")]


Level = Literal["critical", "high", "normal", "low"]
NEVER = "never"


def _again(value: object) -> timedelta | None:
    """A Telegram group takes 20 messages a minute: once a minute is often enough."""
    return None if value in {None, NEVER} else duration.at_least("1m")(duration.given(value))


class AccountSettings(BaseModel):
    """`telegram:`, the bot. @BotFather gives the token; `base_url` may name a Bot API server of yours.
    `listen`: the groups and channels in which it hears what people say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(min_length=1)
    listen: tuple[int | Username, ...] = ()
    base_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^\s?#]+$")


class ChannelSettings(BaseModel):
    """`channels: telegram:<name>:`, a chat (id or @name), a topic of a forum (others for some urgencies),
    whom a ping names, and how often one that nobody takes rings again where its route does not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    chat: int | Username
    thread: int | None = None
    topics: Mapping[Level, int] = Field(default_factory=dict)
    ping: tuple[Username, ...] = ()
    ping_again: Annotated[timedelta | None, BeforeValidator(_again)] = timedelta(minutes=10)

    @property
    def threads(self) -> frozenset[int | None]:
        """All the topics that its cards go to; None: what is not in any."""
        return frozenset({self.thread, *self.topics.values()})
