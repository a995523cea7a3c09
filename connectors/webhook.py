"""Cards as signed JSON, POSTed to a URL of yours.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com): `webhook-id` is the delivery's
key and stays the same when it is tried again, so a receiver can drop repeats; `webhook-timestamp` is when it
was tried; `webhook-signature` covers both and the body. Knows the wire, not what a card is about.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.findings import fine, mend, note
from bot.ports import Connector
from bot.refusals import retry_after
from bot.staff import Receipt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.findings import Exam, Finding
    from bot.ports import Clock, Http, Notifier, Wiring
    from bot.staff import Card, Line

TOLERANCE = timedelta(minutes=5)
"""How far a receiver's clock and ours may be apart; also the replay window."""

_SEND_WITHIN = 10.0
_TRANSIENT = frozenset({408, 425})
_PREFIX = "whsec_"


class AccountSettings(BaseModel):
    """`webhook:`. `secret` signs: `whsec_` and base64, or plain text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr | None = None

    @field_validator("secret")
    @classmethod
    def _is_usable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not signing_key(secret.get_secret_value()):
            raise ValueError("the secret is empty")
        return secret


class ChannelSettings(BaseModel):
    """`channels: webhook:<name>:`, where to. The URL may hold a secret, so it is shown nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(repr=False)

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("a URL must begin with https:// (or http://) and name a host")
        return url


@dataclass(kw_only=True)
class WebhookNotifier:
    """`bot.ports.Notifier` by POST; a receipt's ref is the first delivery's `webhook-id`."""

    http: Http
    clock: Clock
    secret: SecretStr | None
    channels: Mapping[str, ChannelSettings]
    kind: str = "webhook"
    limits: tuple[tuple[int, timedelta], ...] = ()

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        webhook_id = id_of(key)
        event = str(card.data.get("event", "notice"))
        await self._post(channel, webhook_id, payload(card, event=event, message=webhook_id))
        return Receipt(ref=webhook_id, at=self.clock.now())

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        webhook_id = id_of(key)
        await self._post(channel, webhook_id, payload(card, event="update", message=receipt.ref))
        return Receipt(ref=receipt.ref, at=self.clock.now())

    async def _post(self, channel: str, webhook_id: str, body: bytes) -> None:
        if channel not in self.channels:
            raise Rejected(f"there is no channel webhook:{channel}", reason=Reason.NOT_FOUND)
        url, now = self.channels[channel].url, self.clock.now()
        secret = self.secret.get_secret_value() if self.secret else None
        headers = {"content-type": "application/json", **signed(webhook_id, body, secret, now)}
        host = urlsplit(url).hostname or ""
        status, answered = await self._sent(url, headers, body, host)
        check(status, answered, host=host, now=now)

    async def _sent(
        self, url: str, headers: Mapping[str, str], body: bytes, host: str
    ) -> tuple[int, Mapping[str, str]]:
        """Status and headers of the answer. Raises: Unavailable, without the path: it may be the secret."""
        try:
            async with self.http.request(
                "POST", url, headers=headers, body=body, timeout=_SEND_WITHIN
            ) as answer:
                return answer.status, answer.headers
        except Unavailable as error:
            reason, cause = error.reason, error.__cause__
        raise Unavailable(
            f"the webhook at {host} can't be reached ({reason.value})", reason=reason
        ) from cause


def id_of(key: str) -> str:
    """A key as `webhook-id`: what a header holds, and without the dot that parts what is signed."""
    return quote(key, safe=":@/-_~+").replace(".", "%2E")


def payload(card: Card, *, event: str, message: str) -> bytes:
    """`message` is the same for a card and all its updates."""
    lines = [_line(line) for line in card.lines]
    told = {"event": event, "message": message, "headline": card.headline, "lines": lines}
    whole = {**told, "alert": card.alert.value, "data": dict(card.data)}
    try:
        return msgspec.json.encode(whole, enc_hook=str)
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(whole, ensure_ascii=False, default=str).encode(errors="replace")


def _line(line: Line) -> dict[str, object]:
    marks = [[mark.start, mark.end] for mark in line.marks]
    return {"text": line.text, "marks": marks, "href": line.href, "is_quote": line.is_quote}


def check(status: int, headers: Mapping[str, str], *, host: str, now: datetime) -> None:
    """What a status means. Raises: Unavailable, Rejected."""
    if 200 <= status < 300:
        return
    said = f"the webhook at {host} answers {status}"
    wait = retry_after(headers, now)
    if status == 429:
        raise Unavailable(said, reason=Reason.RATE_LIMITED, retry_after=wait)
    if status >= 500 or status in _TRANSIENT:
        raise Unavailable(said, reason=Reason.SERVER, retry_after=wait)
    if 300 <= status < 400:
        raise Rejected(f"{said}: redirects are not followed, name the final URL", reason=Reason.INVALID)
    reasons = {401: Reason.UNAUTHORIZED, 403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND, 410: Reason.NOT_FOUND}
    raise Rejected(said, reason=reasons.get(status, Reason.INVALID))


# --- the signature: pure ------------------------------------------------------------------------


@lru_cache(maxsize=16)
def signing_key(secret: str) -> bytes:
    """Raises ValueError for a `whsec_` that is no base64."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("after whsec_ comes base64") from None


def signed(webhook_id: str, body: bytes, secret: str | None, now: datetime) -> dict[str, str]:
    """The headers of a delivery; without a secret there is no signature."""
    timestamp = str(int(now.timestamp()))
    headers = {"webhook-id": webhook_id, "webhook-timestamp": timestamp}
    if secret is not None:
        headers["webhook-signature"] = f"v1,{_signature(webhook_id, timestamp, body, secret)}"
    return headers


def _signature(webhook_id: str, timestamp: str, body: bytes, secret: str) -> str:
    content = b".".join([webhook_id.encode(), timestamp.encode(), body])
    return base64.b64encode(hmac.new(signing_key(secret), content, hashlib.sha256).digest()).decode()


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a delivery is ours, whole, and not a replay of one older than `TOLERANCE`. For receivers."""
    given = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not (timestamp.isdecimal() and timestamp.isascii() and len(timestamp) < 12):
        return False
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        return False
    expected = f"v1,{_signature(webhook_id, timestamp, body, secret)}".encode()
    signatures = given.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, one.encode()) for one in signatures)


def _notifier(
    account: AccountSettings | None, channels: Mapping[str, ChannelSettings], wiring: Wiring
) -> Notifier:
    secret = account.secret if account else None
    return WebhookNotifier(http=wiring.http, clock=wiring.clock, secret=secret, channels=channels)


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Asks each receiver for nothing (HEAD), so that no alert arrives; any answer means that it is there."""
    account: AccountSettings | None = exam.account
    is_signed = account is not None and account.secret is not None
    for name, channel in exam.channels.items():
        about, host = f"webhook:{name}" if name else "webhook", urlsplit(channel.url).hostname or ""
        try:
            async with wiring.http.request("HEAD", channel.url, timeout=_SEND_WITHIN) as answer:
                status = answer.status
        except BotError as error:
            yield mend(
                about, f"{host} can't be reached ({error.reason.value})", "see that it runs, and its URL"
            )
            continue
        if status in {404, 410} or status >= 500:
            yield note(
                about, f"{host} answers {status} when asked for nothing", "try it: outcare doctor --send"
            )
        else:
            signed_how = "are signed" if is_signed else "are not signed (OUTCARE_WEBHOOK__SECRET signs them)"
            yield fine(about, f"{host} answers; cards {signed_how}")


CONNECTOR = Connector(
    name="webhook",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    examine=_examine,
)
