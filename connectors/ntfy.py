"""Cards as notifications on a phone, by ntfy: https://ntfy.sh, or a server of your own.

https://docs.ntfy.sh/publish/ (publish as JSON; updating by sequence id since ntfy 2.16). A notification that
rings is one message; one more of the same sequence follows when somebody has what it is about, when that is
over, or open again: apps show it in place of the first, and it makes no sound. Whoever knows a topic reads
it, so that a topic is never shown. Limits: 4096 bytes of text, 60 messages at once and then one every five
seconds; ntfy.sh takes 250 a day of who has no plan.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.findings import fine, mend, note
from bot.model import Alert
from bot.ports import Connector
from bot.refusals import retry_after
from bot.staff import Receipt, Stand, on_page, stand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.findings import Exam, Finding
    from bot.ports import Clock, Http, Notifier, Wiring
    from bot.staff import Card, Line
    from bot.texts.catalogue import Texts

LONGEST_TEXT = 4096
"""Bytes; what is longer is turned into an attachment. https://docs.ntfy.sh/publish/#limitations"""
_LONGEST_JSON = 2 * LONGEST_TEXT - 2000
"""Servers take twice as much as JSON; room for title and links is left."""
_LONGEST_TITLE = 200
_LONGEST_LINK = 500
_MOST_ACTIONS = 3
_PRIORITIES = {Alert.PING: 5, Alert.MESSAGE: 3, Alert.DIGEST: 2, Alert.NONE: 1}
"""5 is urgent: it rings for long, and may be let through Do Not Disturb. 2 makes no sound."""
_QUIETLY = 2
_TAGS = {Stand.TAKEN: "raised_hand", Stand.OVER: "heavy_check_mark"}
_SEND_WITHIN = 10.0
_TOO_MANY_TODAY = 42908
_SHORT_TOPIC = 12
_REF = re.compile(r"([0-9a-f]{32})(?: (open|taken|over))?\Z")


class AccountSettings(BaseModel):
    """`ntfy:`. An access token, or a user and their password; without either, what everybody may do."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    server: str = Field(default="https://ntfy.sh", repr=False)
    token: SecretStr | None = Field(default=None, min_length=1)
    user: str | None = Field(default=None, min_length=1, pattern=r"^[^:\x00-\x1f]+$")
    password: SecretStr | None = Field(default=None, min_length=1)

    @field_validator("server")
    @classmethod
    def _is_http(cls, server: str) -> str:
        parts = urlsplit(server)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
            raise ValueError("a server is written like https://ntfy.acme.example")
        return server.rstrip("/")

    @model_validator(mode="after")
    def _is_one_way_in(self) -> AccountSettings:
        if (self.user is None) != (self.password is None):
            lacks = "its user" if self.user is None else "OUTCARE_NTFY__PASSWORD"
            raise ValueError(f"signing in takes a user and a password: {lacks} is missing")
        if self.token is not None and self.user is not None:
            raise ValueError("a token and a user are two ways to sign in: name one")
        return self

    @property
    def host(self) -> str:
        """How a message names the server."""
        return urlsplit(self.server).netloc

    def headers(self) -> dict[str, str]:
        if self.token is not None:
            return {"authorization": f"Bearer {self.token.get_secret_value()}"}
        if self.user is not None and self.password is not None:
            both = f"{self.user}:{self.password.get_secret_value()}".encode()
            return {"authorization": f"Basic {base64.b64encode(both).decode()}"}
        return {}


class ChannelSettings(BaseModel):
    """`channels: ntfy:<name>:`. Whoever knows the topic reads along, so it is shown nowhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    topic: str = Field(repr=False)

    @field_validator("topic")
    @classmethod
    def _is_topic(cls, topic: str) -> str:
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", topic):
            raise ValueError("a topic has up to 64 letters, digits, - and _")
        return topic


@dataclass(kw_only=True)
class NtfyNotifier:
    """`bot.ports.Notifier`; a receipt's ref is the sequence's id, and how what it says stood then."""

    http: Http
    clock: Clock
    account: AccountSettings
    channels: Mapping[str, ChannelSettings]
    texts: Texts
    page: str = ""
    kind: str = "ntfy"
    limits: tuple[tuple[int, timedelta], ...] = ((60, timedelta(minutes=5)),)

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        sequence = sequence_of(key, card)
        await self._publish(channel, card, sequence, _PRIORITIES[card.alert])
        return self._receipt(sequence, stand(card))

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        ref = _REF.fullmatch(receipt.ref)
        if ref is None:
            raise Rejected(f"{receipt.ref!r} is no message of ours", reason=Reason.NOT_FOUND)
        self._topic(channel)
        stands = stand(card)
        if stands is None or stands.value == ref[2]:  # the phone need not buzz for it
            return receipt
        is_open = stands is Stand.OPEN  # again: nobody has it any more, and it calls whom it called
        await self._publish(channel, card, ref[1], _PRIORITIES[card.alert] if is_open else _QUIETLY)
        return self._receipt(ref[1], stands)

    def _receipt(self, sequence: str, stands: Stand | None) -> Receipt:
        return Receipt(ref=f"{sequence} {stands}" if stands else sequence, at=self.clock.now())

    def _topic(self, channel: str) -> str:
        if channel not in self.channels:
            raise Rejected(f"there is no channel ntfy:{channel}", reason=Reason.NOT_FOUND)
        return self.channels[channel].topic

    async def _publish(self, channel: str, card: Card, sequence: str, priority: int) -> None:
        whole = message(card, texts=self.texts, page=self.page)
        whole |= {"topic": self._topic(channel), "sequence_id": sequence, "priority": priority}
        headers = {"content-type": "application/json", **self.account.headers()}
        async with self.http.request(
            "POST", f"{self.account.server}/", headers=headers, body=encoded(whole), timeout=_SEND_WITHIN
        ) as answer:
            body = await self.http.read(answer, limit=100_000)
            check(answer.status, body, answer.headers, host=self.account.host, now=self.clock.now())


def sequence_of(key: str, card: Card) -> str:
    """The same for the same delivery, however often it is tried: apps then show it once."""
    about = f"{card.data.get('brand', '')} {card.data.get('mention_id', '')}"
    return hashlib.sha256(f"{key} {about}".encode()).hexdigest()[:32]


# --- what a notification says: pure -------------------------------------------------------------


def message(card: Card, *, texts: Texts, page: str) -> dict[str, Any]:
    """Without what is not of the card: topic, priority and sequence."""
    lines = [_line(line) for line in card.lines if line.text]
    if card.ping:
        lines.append(" ".join(card.ping))
    title = " ".join(card.headline.split())
    whole: dict[str, Any] = {
        "title": title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…",
        "message": fitted(lines) or title[:_LONGEST_TITLE],
    }
    here = on_page(card, page)
    links = [(texts.say("email.open"), here)] if here else []
    links += [(line.text, line.href) for line in card.lines if line.href]
    views = [
        {"action": "view", "label": label[:60], "url": url}
        for label, url in links
        if url and len(url) <= _LONGEST_LINK and urlsplit(url).scheme in {"http", "https"}
    ][:_MOST_ACTIONS]
    if views:
        whole |= {"click": views[0]["url"], "actions": views}
    tag = "rotating_light" if card.alert is Alert.PING else _TAGS.get(stand(card) or Stand.OPEN)
    return {**whole, "tags": [tag]} if tag else whole


def _line(line: Line) -> str:
    return f"{line.text}: {line.href}" if line.href and len(line.href) <= _LONGEST_LINK else line.text


def fitted(lines: list[str]) -> str:
    """As much as a message holds: the longest line is cut first, so that what follows it stays."""
    lines = list(lines)
    while lines and (over := _excess("\n".join(lines))) > 0:
        longest = max(range(len(lines)), key=lambda place: len(lines[place]))
        kept = len(lines[longest]) - max(over // 6, 1) - 1
        if kept < 20:
            del lines[longest]
        else:
            lines[longest] = f"{lines[longest][:kept].rstrip('…')}…"
    return "\n".join(lines)


def _excess(text: str) -> int:
    whole = text.encode(errors="replace")
    return max(len(whole) - LONGEST_TEXT, len(encoded(text)) - _LONGEST_JSON)


def encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair
        return msgspec.json.encode(_whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value


def check(status: int, body: bytes, headers: Mapping[str, str], *, host: str, now: datetime) -> None:
    """What an answer means (https://docs.ntfy.sh/publish/#limitations). Raises: Unavailable, Unauthorized,
    Rejected.
    """
    told = _told(body)
    if 200 <= status < 300:
        if not isinstance(told.get("id"), str):
            raise Unavailable(f"{host} answers, but not as ntfy does", reason=Reason.PROTOCOL)
        return
    if status == 401:
        raise Unauthorized(f"{host} does not take the token or password of `ntfy:`")
    wait = retry_after(headers, now)
    if status == 429:
        which = "so many messages today" if told.get("code") == _TOO_MANY_TODAY else "so many messages"
        raise Unavailable(f"{host} does not take {which}", reason=Reason.RATE_LIMITED, retry_after=wait)
    if status >= 500 or status == 408:
        raise Unavailable(f"{host} answers {status}", reason=Reason.SERVER, retry_after=wait)
    raise _refused(status, host)


def _refused(status: int, host: str) -> Rejected:
    if status == 403:
        return Rejected(f"{host} does not let us publish to this topic", reason=Reason.FORBIDDEN)
    if status in {404, 410}:
        return Rejected(f"there is no ntfy at {host} ({status})", reason=Reason.NOT_FOUND)
    if 300 <= status < 400:
        said = f"{host} answers {status}: redirects are not followed, name the final address"
        return Rejected(said, reason=Reason.INVALID)
    return Rejected(f"{host} answers {status}", reason=Reason.INVALID)


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return told if isinstance(told, dict) else {}


# --- the plug-in --------------------------------------------------------------------------------


def _notifier(
    account: AccountSettings | None, channels: Mapping[str, ChannelSettings], wiring: Wiring
) -> Notifier:
    return NtfyNotifier(
        http=wiring.http,
        clock=wiring.clock,
        account=account or AccountSettings(),
        channels=channels,
        texts=wiring.texts,
        page=wiring.page,
    )


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Is it there, and who are we: https://docs.ntfy.sh/config/#health-checks; publishes nothing."""
    if not exam.channels:
        return
    account: AccountSettings = exam.account or AccountSettings()
    status = {}
    for path in ("/v1/health", "/v1/account"):
        try:
            async with wiring.http.request(
                "GET", f"{account.server}{path}", headers=account.headers(), timeout=_SEND_WITHIN
            ) as answer:
                status[path] = answer.status
        except BotError as error:
            said = f"{account.host} can't be reached ({error.reason.value})"
            yield mend("ntfy", said, "see that it runs, and server under `ntfy:`")
            return
    yield _who(account, status["/v1/health"], status["/v1/account"])
    if not wiring.page:
        yield note("ntfy", "notifications lead to the post only: the page has no address", "set web.url")
    for name, channel in exam.channels.items():
        if not account.headers() and len(channel.topic) < _SHORT_TOPIC:
            said = "its topic is short, and whoever guesses it reads along"
            yield note(f"ntfy:{name}", said, "use a long random topic, or one that only a token may read")


def _who(account: AccountSettings, health: int, who: int) -> Finding:
    if health != 200:
        return mend("ntfy", f"there is no ntfy at {account.host} ({health})", "see server under `ntfy:`")
    if who == 401:
        return mend("ntfy", "the token or password is not taken", "make a new one; OUTCARE_NTFY__TOKEN")
    signed = "we are signed in" if account.headers() else "as nobody in particular"
    return fine(
        "ntfy", f"{account.host} is well, {signed}; whether it takes a message: outcare doctor --send"
    )


CONNECTOR = Connector(
    name="ntfy",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    examine=_examine,
)
