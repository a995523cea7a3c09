"""What ops people write about the account that answers: `bluesky:`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot import duration

ENTRYWAY = "https://bsky.social"
"""Where the accounts of Bluesky's own servers sign in (https://docs.bsky.app/docs/advanced-guides/entryway)."""


def _server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"write it like {ENTRYWAY}, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _handle(value: str) -> str:
    handle = value.strip().removeprefix("@")
    if "." not in handle and not handle.startswith("did:"):
        raise ValueError("must be the whole handle, like acme.bsky.social")
    return handle if handle.startswith("did:") else handle.lower()


class AccountSettings(BaseModel):
    """`bluesky:`. Without `handle` and `app_password` nobody signs in: we listen, and answer in the app.

    `service`: where the account signs in. `every`: how often its notifications are read. `chat`: whether its
    direct messages are read and answered; its app password must have the right to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    handle: Annotated[str, AfterValidator(_handle)] | None = None
    app_password: SecretStr | None = Field(default=None, min_length=1)
    service: Annotated[str, AfterValidator(_server)] = ENTRYWAY
    every: Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("5s"))] = (
        timedelta(seconds=30)
    )
    chat: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> AccountSettings:
        if (self.handle is None) != (self.app_password is None):
            lacks = "its handle" if self.handle is None else "OUTCARE_BLUESKY__APP_PASSWORD"
            raise ValueError(f"an account is a handle and an app password: {lacks} is missing")
        return self

    @property
    def signs_in(self) -> bool:
        return self.handle is not None
