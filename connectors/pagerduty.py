"""Cards as incidents in PagerDuty, by its Events API v2; how people are called there is its own affair.

https://developer.pagerduty.com/docs/events-api-v2-overview (what is sent, what a status means). A card
triggers an incident of its own; claimed or snoozed it is acknowledged, answered, dismissed or deleted it is
resolved. Nothing takes an acknowledgement back, and to trigger what is acknowledged calls nobody: what is
given back is an incident of its own. Knows events, not what a card is about. Events are taken asynchronously:
202 says that one arrived. Limits: a summary of 1,024 characters, events of 512 KB, and a throttle that
PagerDuty sets as it sees fit.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

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
    from bot.staff import Card
    from bot.texts.catalogue import Texts

PLACES = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
LONGEST_SUMMARY = 1024
_LONGEST_TEXT = 20_000
_MOST_LINES = 300
_SEVERITIES = {"critical": "critical", "high": "error", "normal": "warning", "low": "info"}
_ACTIONS = {Stand.OPEN: "trigger", Stand.TAKEN: "acknowledge", Stand.OVER: "resolve"}
_SEND_WITHIN = 10.0
_GIVEN_AWAY = "given_away"
"""How an incident stands that is resolved because the card calls somebody else."""
_REF = re.compile(rf"(outcare-[0-9a-f]{{32}})(?: (open|taken|over|{_GIVEN_AWAY}))?\Z")


class AccountSettings(BaseModel):
    """`pagerduty:`. `region`: where the account is. `base_url`: another place altogether."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: Literal["us", "eu"] = "us"
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+$")

    @property
    def place(self) -> str:
        return self.base_url or PLACES[self.region]


class ChannelSettings(BaseModel):
    """`channels: pagerduty:<name>:`, the integration key of a service (or of an event orchestration)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    routing_key: SecretStr

    @field_validator("routing_key")
    @classmethod
    def _is_key(cls, key: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9]{32}", key.get_secret_value().strip()):
            raise ValueError("an integration key of Events API v2 has 32 letters and digits")
        return SecretStr(key.get_secret_value().strip())


@dataclass(kw_only=True)
class PagerDutyNotifier:
    """`bot.ports.Notifier`; a receipt's ref is the incident's dedup_key, and how it stood then."""

    http: Http
    clock: Clock
    account: AccountSettings
    channels: Mapping[str, ChannelSettings]
    texts: Texts
    page: str = ""
    kind: str = "pagerduty"
    limits: tuple[tuple[int, timedelta], ...] = ((120, timedelta(minutes=1)),)

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        dedup = dedup_key(key, card)
        await self._send(channel, card, dedup, "trigger")
        return self._receipt(dedup, stand(card))

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        ref = _REF.fullmatch(receipt.ref)
        if ref is None:
            raise Rejected(f"{receipt.ref!r} is no incident of ours", reason=Reason.NOT_FOUND)
        self._key(channel)
        stands = stand(card)
        if stands is None or stands.value == ref[2] or ref[2] == _GIVEN_AWAY:
            return receipt
        if stands is not Stand.OPEN or ref[2] == Stand.OVER:
            await self._send(channel, card, ref[1], _ACTIONS[stands])
            return self._receipt(ref[1], stands)
        return await self._back(channel, card, ref[1], key=key) if ref[2] == Stand.TAKEN else receipt

    async def _back(self, channel: str, card: Card, before: str, *, key: str) -> Receipt:
        """Nobody has it any more: whom the card calls is called anew, and what was acknowledged is over."""
        is_theirs, anew = card.alert is Alert.PING, dedup_key(key, card)
        if is_theirs:
            await self._send(channel, card, anew, "trigger")
        await self._send(channel, card, before, "resolve")
        return self._receipt(anew, Stand.OPEN) if is_theirs else self._receipt(before, _GIVEN_AWAY)

    def _receipt(self, dedup: str, stands: str | None) -> Receipt:
        return Receipt(ref=f"{dedup} {stands}" if stands else dedup, at=self.clock.now())

    def _key(self, channel: str) -> str:
        if channel not in self.channels:
            raise Rejected(f"there is no channel pagerduty:{channel}", reason=Reason.NOT_FOUND)
        return self.channels[channel].routing_key.get_secret_value()

    async def _send(self, channel: str, card: Card, dedup: str, action: str) -> None:
        given = event(card, texts=self.texts, page=self.page)
        await send(
            self.http,
            self.account.place,
            {**given, "routing_key": self._key(channel), "dedup_key": dedup, "event_action": action},
            self.clock.now(),
        )


async def send(http: Http, place: str, whole: Mapping[str, Any], now: datetime) -> None:
    """Raises: Unavailable, Unauthorized, Rejected."""
    headers = {"content-type": "application/json"}
    url = f"{place}/v2/enqueue"
    async with http.request(
        "POST", url, headers=headers, body=encoded(whole), timeout=_SEND_WITHIN
    ) as answer:
        body = await http.read(answer, limit=100_000)
        check(answer.status, body, answer.headers, host=urlsplit(place).netloc, now=now)


def dedup_key(key: str, card: Card) -> str:
    """The same for the same delivery, however often it is tried: it is one incident then."""
    about = f"{card.data.get('brand', '')} {card.data.get('mention_id', '')}"
    return f"outcare-{hashlib.sha256(f'{key} {about}'.encode()).hexdigest()[:32]}"


# --- what an event says: pure -------------------------------------------------------------------


def event(card: Card, *, texts: Texts, page: str) -> dict[str, Any]:
    """Without what is not of the card: which incident of whom, and what is to become of it."""
    data = card.data
    here = on_page(card, page)
    links = [{"href": here, "text": texts.say("email.open")}] if here else []
    links += [
        {"href": line.href, "text": line.text}
        for line in card.lines
        if line.href and urlsplit(line.href).scheme in {"http", "https"}
    ]
    parts = {"component": data.get("platform"), "group": data.get("route"), "class": data.get("event")}
    payload = {
        "summary": summary(card.headline),
        "severity": severity(card),
        "source": str(data.get("brand") or "outcare"),
        "custom_details": _details(card),
        **{name: str(value) for name, value in parts.items() if value},
        **({"timestamp": data["posted_at"]} if data.get("posted_at") else {}),
    }
    told = {"payload": payload, "client": "Outcare", "links": links[:10]}
    return {**told, "client_url": here} if here else told


def summary(headline: str) -> str:
    flat = " ".join(headline.split()) or "Outcare"
    return flat if len(flat) <= LONGEST_SUMMARY else f"{flat[: LONGEST_SUMMARY - 1]}…"


def severity(card: Card) -> str:
    """As its urgency; what has none is as loud as it calls."""
    known = _SEVERITIES.get(str(card.data.get("urgency")))
    return known or {Alert.PING: "error", Alert.MESSAGE: "warning"}.get(card.alert, "info")


def _details(card: Card) -> dict[str, str]:
    text = "\n".join(line.text[:_LONGEST_TEXT] for line in card.lines[:_MOST_LINES])
    named = {"text": text[:100_000], "calls": ", ".join(card.ping), "due_at": card.data.get("due_at")}
    return {name: str(value) for name, value in named.items() if value}


def encoded(whole: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(whole)
    except UnicodeEncodeError:  # half of a surrogate pair
        return msgspec.json.encode(_sound(whole))


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {key: _sound(one) for key, one in value.items()}
    return [_sound(one) for one in value] if isinstance(value, list) else value


def check(status: int, body: bytes, headers: Mapping[str, str], *, host: str, now: datetime) -> None:
    """What an answer means (its own words stay behind). Raises: Unavailable, Unauthorized, Rejected."""
    told = _told(body)
    if 200 <= status < 300:
        if told.get("status") != "success":
            raise Unavailable(f"{host} answers, but not as PagerDuty does", reason=Reason.PROTOCOL)
        return
    wait = retry_after(headers, now)
    if status == 429:
        raise Unavailable(
            f"{host} takes no more events just now", reason=Reason.RATE_LIMITED, retry_after=wait
        )
    if status >= 500 or status == 408:
        raise Unavailable(f"{host} answers {status}", reason=Reason.SERVER, retry_after=wait)
    if status == 401 or (status == 400 and _is_about_key(told)):
        raise Unauthorized(f"{host} does not know the routing key")
    reasons = {403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND, 410: Reason.NOT_FOUND}
    raise Rejected(f"{host} answers {status}", reason=reasons.get(status, Reason.INVALID))


def _is_about_key(told: Mapping[str, Any]) -> bool:
    """`Invalid routing key`, `Length of 'routing_key' is incorrect …`."""
    errors = told.get("errors")
    said = [told.get("message"), *(errors if isinstance(errors, list) else [])]
    return any("routing key" in str(one).lower().replace("_", " ") for one in said)


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
    return PagerDutyNotifier(
        http=wiring.http,
        clock=wiring.clock,
        account=account or AccountSettings(),
        channels=channels,
        texts=wiring.texts,
        page=wiring.page,
    )


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Resolves an incident that never was: PagerDuty takes that, tells nobody, and tells us if a key is
    wrong.
    """
    account: AccountSettings = exam.account or AccountSettings()
    host = urlsplit(account.place).netloc
    if not exam.channels:
        yield note(
            "pagerduty", "no channel leads to it yet", "name one, docs/connectors/pagerduty.md tells how"
        )
    for name, channel in exam.channels.items():
        nothing = {
            "routing_key": channel.routing_key.get_secret_value(),
            "dedup_key": "outcare-doctor",
            "event_action": "resolve",
        }
        try:
            await send(wiring.http, account.place, nothing, wiring.clock.now())
        except Unauthorized as error:
            do = "copy the integration key anew (Events API v2), and see region under `pagerduty:`"
            yield mend(f"pagerduty:{name}", str(error), do)
        except BotError as error:
            yield mend(f"pagerduty:{name}", str(error), f"see that {host} can be reached from here")
        else:
            yield fine(f"pagerduty:{name}", f"{host} takes events with its key")


CONNECTOR = Connector(
    name="pagerduty",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    examine=_examine,
)
