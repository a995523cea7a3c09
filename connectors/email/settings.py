"""What ops people write about e-mail: the server that takes our mails, and to whom they go."""

from __future__ import annotations

import re
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\]\\,;:\"]{1,64}@([^\s\x00-\x1f\x7f@<>()\[\]\\,;:\"]{1,253})")
_LIBRARY = "aiosmtplib"

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Where servers listen if nothing else is said: https://www.rfc-editor.org/rfc/rfc8314#section-3.3."""


def _address(value: str) -> str:
    """An address without a name, its domain as the network knows it (punycode)."""
    found = _ADDRESS.fullmatch(value.strip())
    if found is None:
        raise ValueError("write an address like lead@acme.example, without a name")
    local, _, domain = found[0].rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise ValueError("after the @ stands no domain") from None


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]


class AccountSettings(BaseModel):
    """`email:`, the server that takes our mails.

    `security`: `starttls` (from plain text to TLS, or not at all), `tls` (from the first byte), `none`. The
    server's certificate is checked. `sender`: whom mails are from; `name` is shown beside it. `user` signs
    in, with the password from OUTCARE_EMAIL__PASSWORD.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str = Field(pattern=r"^[A-Za-z0-9._:-]+$")
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Address
    name: str = Field(default="Outcare", max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    user: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> AccountSettings:
        if find_spec(_LIBRARY) is None:
            raise ValueError(f"needs the package {_LIBRARY} (pip install {_LIBRARY})")
        if (self.user is None) != (self.password is None):
            lacks = "its user" if self.user is None else "OUTCARE_EMAIL__PASSWORD"
            raise ValueError(f"signing in takes a user and a password: {lacks} is missing")
        if self.user is not None and self.security == "none" and not _is_here(self.server):
            raise ValueError("the password would be sent unprotected: security must be starttls or tls")
        return self

    @property
    def at(self) -> int:
        """The port."""
        return self.port or PORTS[self.security]

    @property
    def place(self) -> str:
        """How a message names the server."""
        return f"{self.server}:{self.at}"


class ChannelSettings(BaseModel):
    """`channels: email:<name>:`, whom its mails are for. Each of them sees who else gets it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[tuple[Address, ...], BeforeValidator(_several), Field(min_length=1, max_length=50)]

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.to))


def _is_here(server: str) -> bool:
    """Whether it is this machine."""
    try:
        return ip_address(server).is_loopback
    except ValueError:
        return server == "localhost"
