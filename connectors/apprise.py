"""Cards by whatever Apprise knows: some 170 services, most of which nobody here has tried.

https://github.com/caronc/apprise/wiki says which there are, and how their URLs are written. Its plug-ins are
synchronous, so each message is sent by one of a few threads; one that is called off goes on there until its
own time-outs. Apprise gives back yes or no and no reference: nothing is changed in place, and one message
more tells that nobody has to act any more, or somebody again. Its URLs hold credentials: they come from the
environment, and what the library logs is read here and goes nowhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.findings import note
from bot.model import Alert
from bot.ports import Connector
from bot.staff import Receipt, Stand, on_page, stand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import timedelta

    from apprise import Apprise, NotifyType

    from bot.findings import Exam, Finding
    from bot.ports import Clock, Notifier, Wiring
    from bot.staff import Card, Line
    from bot.texts.catalogue import Texts

AT_ONCE = 4
"""Threads: so many messages are on their way together."""
_LIBRARY = "apprise"
_LONGEST = 30_000
_SHORTEST = 100
_ROOM = 50
"""For what a service puts around a text, a title among it where it knows none."""
_REF = re.compile(r"([0-9a-f]{32})(?: (settled))?\Z")
_STATUS = re.compile(r"error=(\d{3})\b")


class ChannelSettings(BaseModel):
    """`channels: apprise:<name>:`, one Apprise URL."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr

    @field_validator("url")
    @classmethod
    def _is_understood(cls, url: SecretStr) -> SecretStr:
        if find_spec(_LIBRARY) is None:
            raise ValueError(f"needs the package {_LIBRARY} (pip install {_LIBRARY})")
        if opened(url) is None:
            raise ValueError("Apprise does not understand this URL")
        return url


def opened(url: SecretStr) -> Apprise | None:
    """What speaks to the service of a URL; no I/O. None: there is no such service, or it lacks something."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - an extra, and slow to import

    _hush()
    asset = AppriseAsset(
        app_id="Outcare", app_desc="Outcare", async_mode=False, secure_logging=True, interpret_emojis=False
    )
    service = Apprise(asset=asset)
    with warnings.catch_warnings():  # its plug-ins are imported when the first one is asked for
        warnings.simplefilter("ignore", DeprecationWarning)
        return service if service.add(url.get_secret_value()) else None


_statuses: ContextVar[list[int] | None] = ContextVar("statuses", default=None)
"""Of the message that is just being sent; the library hands the context on to threads of its own."""


class _Said(logging.Handler):
    """Keeps the status that a failure names; the words around it may hold a URL, and stay here."""

    def emit(self, record: logging.LogRecord) -> None:
        found, statuses = _STATUS.search(record.getMessage()), _statuses.get()
        if found and statuses is not None:
            statuses.append(int(found[1]))


_said = _Said(logging.WARNING)


def _hush() -> None:
    """What the library and its HTTP client say reaches nobody else from now on."""
    logger = logging.getLogger(_LIBRARY)
    if _said not in logger.handlers:
        logger.addHandler(_said)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)


@dataclass(kw_only=True)
class AppriseNotifier:
    """`bot.ports.Notifier`; a receipt's ref is our own: services give none back."""

    clock: Clock
    channels: Mapping[str, ChannelSettings]
    texts: Texts
    page: str = ""
    kind: str = "apprise"
    limits: tuple[tuple[int, timedelta], ...] = ()
    _services: dict[str, Apprise] = field(default_factory=dict, init=False, repr=False)
    _threads: ThreadPoolExecutor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apprise")

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        about = f"{key} {card.data.get('mention_id', '')}"
        ref = hashlib.sha256(about.encode()).hexdigest()[:32]
        await self._send(channel, card, ref)
        return self._receipt(ref, stand(card))

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        ref = _REF.fullmatch(receipt.ref)
        if ref is None:
            raise Rejected(f"{receipt.ref!r} is no message of ours", reason=Reason.NOT_FOUND)
        if channel not in self.channels:
            raise _unknown(channel)
        stands = stand(card)
        if stands is None or (stands is not Stand.OPEN) == (ref[2] is not None):
            return receipt
        await self._send(channel, card, ref[1])
        return self._receipt(ref[1], stands)

    def _receipt(self, ref: str, stands: Stand | None) -> Receipt:
        is_settled = stands in {Stand.TAKEN, Stand.OVER}
        return Receipt(ref=f"{ref} settled" if is_settled else ref, at=self.clock.now())

    async def _send(self, channel: str, card: Card, ref: str) -> None:
        """`ref`: which message it is, or follows."""
        service = self._service(channel)
        send = partial(_sent, service, card, texts=self.texts, page=self.page)
        error = await asyncio.get_running_loop().run_in_executor(self._threads, send)
        if error is not None:
            raise error

    def _service(self, channel: str) -> Apprise:
        if channel not in self.channels:
            raise _unknown(channel)
        if channel not in self._services:
            service = opened(self.channels[channel].url)
            if service is None:
                said = f"Apprise does not understand the URL of apprise:{channel}"
                raise Rejected(said, reason=Reason.INVALID)
            self._services[channel] = service
        return self._services[channel]


def _unknown(channel: str) -> Rejected:
    return Rejected(f"there is no channel apprise:{channel}", reason=Reason.NOT_FOUND)


def _sent(service: Apprise, card: Card, *, texts: Texts, page: str) -> BotError | None:
    """In a thread of its own. What went wrong is given back: an exception would carry the library's own."""
    from apprise import NotifyFormat  # noqa: PLC0415

    plugin: Any = service[0]
    title = " ".join(card.headline.split())[:200]
    longest = min(plugin.body_maxlen, _LONGEST) - len(title) - _ROOM
    statuses: list[int] = []
    _statuses.set(statuses)
    is_sent = service.notify(
        title=title,
        body=text(card, texts=texts, page=page, longest=max(longest, _SHORTEST)) or title,
        notify_type=_kind(card),
        body_format=NotifyFormat.TEXT,
    )
    _statuses.set(None)
    return None if is_sent else _failure(str(plugin.service_name), statuses[-1] if statuses else None)


def _kind(card: Card) -> NotifyType:
    from apprise import NotifyType  # noqa: PLC0415

    if card.alert is Alert.PING:
        return NotifyType.WARNING
    return NotifyType.SUCCESS if stand(card) is Stand.OVER else NotifyType.INFO


def _failure(service: str, status: int | None) -> BotError:
    """By the HTTP status, where the plug-in has said one; else nobody knows why, and it may pass."""
    if status is None:
        return Unavailable(f"{service} did not take it; Apprise does not say why", reason=Reason.CONNECTION)
    said = f"{service} answers {status}"
    if status == 401:
        return Unauthorized(f"{said}: see the credentials in the URL")
    if status == 429:
        return Unavailable(said, reason=Reason.RATE_LIMITED)
    if status >= 500 or status == 408:
        return Unavailable(said, reason=Reason.SERVER)
    reasons = {403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND, 410: Reason.NOT_FOUND}
    return Rejected(said, reason=reasons.get(status, Reason.INVALID))


# --- what a message says: pure ------------------------------------------------------------------


def text(card: Card, *, texts: Texts, page: str, longest: int) -> str:
    """Plain text; the longest line is cut first, so that what follows it stays."""
    lines = [_line(line) for line in card.lines if line.text]
    if card.ping:
        lines.append(" ".join(card.ping))
    if here := on_page(card, page):
        lines.append(f"{texts.say('email.open')}: {here}")
    while lines and (over := len("\n".join(lines)) - longest) > 0:
        place = max(range(len(lines)), key=lambda place: len(lines[place]))
        kept = len(lines[place]) - over - 1
        if kept < 20:
            del lines[place]
        else:
            lines[place] = f"{lines[place][:kept]}…"
    return "\n".join(lines)


def _line(line: Line) -> str:
    return f"{line.text}: {line.href}" if line.href else line.text


# --- the plug-in --------------------------------------------------------------------------------


def _notifier(_account: None, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> Notifier:
    return AppriseNotifier(clock=wiring.clock, channels=channels, texts=wiring.texts, page=wiring.page)


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Services can be asked nothing without a message."""
    del wiring
    for name, channel in exam.channels.items():
        service = opened(channel.url)
        plugin: Any = service[0] if service else None
        kind = plugin.service_name if plugin else "an unknown service"
        said = f"leads to {kind}; Apprise cannot try it without a message"
        yield note(f"apprise:{name}", said, "try it: outcare doctor --send")


CONNECTOR = Connector(name="apprise", channel_settings=ChannelSettings, notifier=_notifier, examine=_examine)
