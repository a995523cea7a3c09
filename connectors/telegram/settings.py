"""What ops people write about Telegram: the bot, and the chats that alerts go to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Username = Annotated[str, Field(pattern=r"^@[A-Za-z0-9_]{3,32}$")]


class AccountSettings(BaseModel):
    """`telegram:`, the bot. @BotFather gives the token; `base_url` may name a Bot API server of yours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(min_length=1)
    base_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^\s?#]+$")


class ChannelSettings(BaseModel):
    """`channels: telegram:<name>:`, a chat (id or @name), a topic of a forum, and whom a ping names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chat: int | Annotated[str, Field(pattern=r"^@[A-Za-z0-9_]{3,32}$")]
    thread: int | None = None
    ping: tuple[Username, ...] = ()
