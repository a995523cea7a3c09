"""What ops people write about the accounts that read and answer: `mastodon:`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot import duration

_HANDLE = re.compile(r"[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?(?:@[a-z0-9.-]+(?::[0-9]+)?)?")


def _server(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("write it like https://mastodon.example, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _handle(value: str) -> str:
    handle = value.strip().removeprefix("@").lower()
    if not _HANDLE.fullmatch(handle):
        raise ValueError("write it like acme@mastodon.example")
    return handle


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", value):
        raise ValueError("call it by small letters, digits and -, like help-desk")
    return value


ServerAddress = Annotated[str, AfterValidator(_server)]
Handle = Annotated[str, AfterValidator(_handle)]


class OneAccount(BaseModel):
    """An account on a server. Without `server`, `handle` and `token` there is none.

    `every`: how often its notifications are read. `stream`: whether its server is asked to tell at once.
    `search`: whether its server is also searched for what is watched, `search_every`: how often.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: ServerAddress | None = None
    handle: Handle | None = None
    token: SecretStr | None = Field(default=None, min_length=1)
    every: Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("5s"))] = (
        timedelta(seconds=15)
    )
    stream: bool = True
    search: bool = False
    search_every: Annotated[
        timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("1m"))
    ] = timedelta(minutes=5)

    @model_validator(mode="after")
    def _is_whole(self) -> OneAccount:
        given = {"its server": self.server, "its handle": self.handle, "OUTCARE_MASTODON__TOKEN": self.token}
        lacks = [name for name, value in given.items() if value is None]
        if lacks and len(lacks) < len(given):
            missing = " and ".join(lacks)
            verb = "is" if len(lacks) == 1 else "are"
            raise ValueError(f"an account is a server, a handle and a token: {missing} {verb} missing")
        return self

    @property
    def signs_in(self) -> bool:
        return self.token is not None


class OtherAccount(OneAccount):
    """`mastodon.accounts.<name>`."""

    server: ServerAddress
    handle: Handle
    token: SecretStr = Field(min_length=1)


class AccountSettings(OneAccount):
    """`mastodon:`, one account; and `accounts`, others beside it, by names that we call them by."""

    accounts: dict[Annotated[str, AfterValidator(_name)], OtherAccount] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _are_different(self) -> AccountSettings:
        known = [(one.server, one.handle) for one in self.each.values()]
        if len(set(known)) < len(known):
            raise ValueError("an account stands there twice")
        return self

    @property
    def each(self) -> dict[str, OneAccount]:
        """Every account there is by its name, the first one by none."""
        first: dict[str, OneAccount] = {"": self} if self.signs_in else {}
        return {**first, **self.accounts}
