"""What ops people write about Slack: the app's two tokens, and the channels that alerts go to.

https://docs.slack.dev/authentication/tokens: a bot token (xoxb-) speaks, an app-level token (xapp-) listens.
"""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot import duration

PACKAGE = "slack_sdk"
NEVER = "never"
_PERSON = re.compile(r"[UW][A-Z0-9]{2,}\Z")
_GROUP = re.compile(r"S[A-Z0-9]{2,}\Z")

ChannelId = Annotated[str, Field(pattern=r"^[CGD][A-Z0-9]{2,}$")]


def _bot_token(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip().startswith("xoxb-"):
        raise ValueError("is no bot token: one begins with xoxb- (your app at api.slack.com, Install App)")
    return value


def _app_token(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip().startswith("xapp-"):
        raise ValueError("is no app-level token: one begins with xapp- (your app, Basic Information)")
    return value


def _called(value: str) -> str:
    if not (_PERSON.match(value) or _GROUP.match(value)):
        raise ValueError("write ids: a person's like U012AB3CD, or a group's like S012AB3CD")
    return value


def _again(value: object) -> timedelta | None:
    return None if value in {None, NEVER} else duration.at_least("1m")(duration.given(value))


def mention(called: str) -> str:
    """How Slack is told to name somebody: https://docs.slack.dev/messaging/formatting-message-text#mentioning-users"""
    return f"<!subteam^{called}>" if _GROUP.match(called) else f"<@{called}>"


def is_person(id_: str) -> bool:
    return bool(_PERSON.match(id_))


def is_id(called: str) -> bool:
    return bool(_PERSON.match(called) or _GROUP.match(called))


class AccountSettings(BaseModel):
    """`slack:`, the app. `base_url`: where the Web API is, if it is not Slack's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: Annotated[SecretStr, AfterValidator(_bot_token)]
    app_token: Annotated[SecretStr, AfterValidator(_app_token)]
    base_url: str = Field(default="https://slack.com/api", pattern=r"^https?://[^\s?#]+$")

    @model_validator(mode="before")
    @classmethod
    def _is_installed(cls, given: Any) -> Any:
        """The library is an extra: who does not use Slack need not have it."""
        if find_spec(PACKAGE) is None:
            raise ValueError("needs the package slack-sdk: pip install slack-sdk")
        return given


class ChannelSettings(BaseModel):
    """`channels: slack:<name>:`, a channel by its id, whom a ping names, and how often one that nobody takes
    rings again where its route does not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: ChannelId
    ping: tuple[Annotated[str, AfterValidator(_called)], ...] = ()
    ping_again: Annotated[timedelta | None, BeforeValidator(_again)] = timedelta(minutes=10)
