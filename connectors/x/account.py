"""What ops people write about the account on X, and about the money that it may spend: `x:`."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot import duration

API = "https://api.twitter.com"
"""Where tweepy asks, and what the signatures of OAuth 1.0a name."""
_A_DAY = timedelta(days=1)
"""By then a post that was deleted must be forgotten."""
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_OWNER = re.compile(r"([0-9]{1,19})-.+")


def _server(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"write it like {API}, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _handle(value: str) -> str:
    handle = value.strip().removeprefix("@")
    if not _HANDLE.fullmatch(handle):
        raise ValueError("write it like acme: letters, digits and _, at most 15")
    return handle.lower()


def _price(value: Decimal) -> Decimal:
    if value < 0 or value != value.quantize(Decimal("0.000001")):
        raise ValueError("write a price like 0.005, with at most six decimals")
    return value


Price = Annotated[Decimal, Field(allow_inf_nan=False, le=1000), AfterValidator(_price)]


class BudgetSettings(BaseModel):
    """`x.budget`: what a calendar month (UTC) may cost, and what X asks for each thing.

    The prices are those of the pay-per-use plan, as https://docs.x.com/x-api/getting-started/pricing had them
    from 20 April to October 2026. All are in `currency`. `names`: what of the month's money may go for the
    names of people; 0: nobody's is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    month: Annotated[Decimal, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = Decimal(50)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    price_per_owned_read: Price = Decimal("0.001")
    price_per_post_read: Price = Decimal("0.005")
    price_per_reply: Price = Decimal("0.010")
    price_per_reply_with_url: Price = Decimal("0.200")
    price_per_delete: Price = Decimal("0.005")
    price_per_user: Price = Decimal("0.010")
    names: Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)] = Decimal(5)
    price_per_message_read: Price = Decimal("0.010")
    price_per_message: Price = Decimal("0.015")


class AccountSettings(BaseModel):
    """`x:`. Without `handle` and its four secrets there is no account.

    `bearer_token`: the app's own, for what X gives to apps only. `every`: how often what was said to it is
    read, `own_every`: what it says itself; `deletions_every`: how often X is asked which of the stored posts
    are gone. `direct_messages`: they are read and answered too. `activity`: X pushes what is said to it.
    `api`: another place that speaks this API.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    handle: Annotated[str, AfterValidator(_handle)] | None = None
    consumer_key: SecretStr | None = Field(default=None, min_length=1)
    consumer_secret: SecretStr | None = Field(default=None, min_length=1)
    access_token: SecretStr | None = Field(default=None, min_length=1)
    access_token_secret: SecretStr | None = Field(default=None, min_length=1)
    bearer_token: SecretStr | None = Field(default=None, min_length=1)
    every: Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("5s"))] = (
        timedelta(seconds=5)
    )
    own_every: Annotated[
        timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("5s"))
    ] = timedelta(seconds=60)
    deletions_every: Annotated[
        timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("1h")), Field(le=_A_DAY)
    ] = timedelta(hours=12)
    direct_messages: bool = False
    activity: bool = False
    budget: BudgetSettings = BudgetSettings()
    api: Annotated[str, AfterValidator(_server)] = API

    @model_validator(mode="after")
    def _is_whole(self) -> AccountSettings:
        secrets = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        given = {"its handle": self.handle}
        given |= {f"OUTCARE_X__{name.upper()}": getattr(self, name) for name in secrets}
        lacks = [name for name, value in given.items() if value is None]
        if lacks and len(lacks) < len(given):
            missing = " and ".join(lacks)
            verb = "is" if len(lacks) == 1 else "are"
            raise ValueError(f"an account is a handle and four secrets: {missing} {verb} missing")
        return self

    @property
    def signs_in(self) -> bool:
        return self.handle is not None

    @property
    def owner_id(self) -> str | None:
        """Whose access token it is: it begins with the account's id; None: it looks otherwise."""
        match = _OWNER.fullmatch(self.access_token.get_secret_value()) if self.access_token else None
        return match[1] if match else None
