"""Connectors as plug-in authors would write them, for the tests of settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bot.errors import ConfigError
from bot.ports import Connector
from bot.settings.load import Settings, load


class Own(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BlueskySource(Own):
    host: str = "wss://jetstream.example"
    retries: int = 3
    hosts: tuple[str, ...] = ()


class FeedSource(Own):
    urls: list[str] = Field(min_length=1)


class TelegramAccount(Own):
    token: SecretStr = Field(min_length=1)
    base_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://")

    @field_validator("token")
    @classmethod
    def _looks_right(cls, value: SecretStr) -> SecretStr:
        if ":" not in value.get_secret_value():
            raise ValueError(f"{value.get_secret_value()} is no token")
        return value


class TelegramChannel(Own):
    chat: int | str = Field(union_mode="left_to_right")
    thread: int | None = None


class WebhookChannel(Own):
    url: str
    secret: SecretStr | None = None


def unused(*_: Any) -> Any:
    raise AssertionError("settings build nothing")


CONNECTORS: Mapping[str, Connector] = {
    "bluesky": Connector(name="bluesky", source_settings=BlueskySource, source=unused, lookup=unused),
    "feeds": Connector(name="feeds", source_settings=FeedSource, source=unused),
    "console": Connector(name="console", notifier=unused),
    "telegram": Connector(
        name="telegram",
        account_settings=TelegramAccount,
        channel_settings=TelegramChannel,
        notifier=unused,
        feed=unused,
        replier=unused,
    ),
    "webhook": Connector(name="webhook", channel_settings=WebhookChannel, notifier=unused),
}

MINIMAL = "brand: {name: acme, words: [acme]}\n"
TELEGRAM = MINIMAL + "channels:\n  telegram:care: {chat: -100123}\n"
TOKEN = "123456:PLANTED-secret-Token"
SET_TOKEN = {"OUTCARE_TELEGRAM__TOKEN": TOKEN}


def load_text(
    text: str, folder: Path, *, env: Mapping[str, str] | None = None, secrets_dir: Path | None = None
) -> Settings:
    """Settings from a file `outcare.yaml` with this text."""
    file = folder / "outcare.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, CONNECTORS, env=env or {}, secrets_dir=secrets_dir)


def problems(error: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    """What a person is told."""
    return [str(problem) for problem in error.value.problems]
