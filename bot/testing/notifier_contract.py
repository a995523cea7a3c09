"""The suites that every notifier must pass; a plug-in's test class inherits one and gives its `rig`.

`NotifierContract` is for all, `NetworkNotifierContract` adds what can go wrong on a network,
`KeyedNotifierContract` that the idempotency key arrives. Knows no platform: a rig shows its side. Needs no
pytest; the methods are what pytest collects (with pytest-asyncio in auto mode).
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.model import Alert, Span
from bot.staff import Button, Card, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Notifier

HOSTILE = (
    "<b>not bold</b> <script>alert(1)</script>",
    "AT&T &amp; &#60; &lt;",
    "*bold* _it_ `code` [link](http://x.example) ~no~ ||spoiler||",
    "[bold red]rich[/] {template} %s ${jndi} :smile:",
    "مرحبا بالعالم שלום",
    "👩‍👩‍👧 🇩🇪 😀 a\u0301",
    "\ufeff\u200bzero width",
)
"""Texts that must reach staff as they are."""

LONG = "word " * 2000


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that goes wrong: `plant` arranges it for the next call, which must raise `becomes`."""

    name: str
    plant: Callable[[], None]
    becomes: type[BotError]
    reason: Reason
    retry_after: timedelta | None = None


@dataclass(kw_only=True)
class NotifierRig:
    """A notifier and the platform behind it.

    `shown` is what staff reads under a receipt's ref now; `requests` how often the platform was asked so
    far; `in_flight` how many of our requests are open; `stall` lets the next request go unanswered; `keys`
    the idempotency keys that arrived; none of `secrets` may ever be seen. `is_in_place` False: what was sent
    stays as it is, and what `shown` tells is it and all that came after it.
    """

    notifier: Notifier
    channel: str
    shown: Callable[[str], str]
    requests: Callable[[], int]
    in_flight: Callable[[], int] = lambda: 0
    stall: Callable[[], None] = lambda: None
    keys: Callable[[], list[str]] = list
    troubles: tuple[Trouble, ...] = ()
    secrets: tuple[str, ...] = ()
    channel_unknown: str = "nowhere"
    is_in_place: bool = True


def a_card(
    text: str = "is anybody there?", *, headline: str = "HIGH · answer by 14:35 CET", state: str = "open"
) -> Card:
    """A card with everything that a channel has to carry; `state` is that of its conversation."""
    return Card(
        headline=headline,
        lines=(
            Line(text="Anna (@anna.example)", is_strong=True),
            Line(text=text, marks=(Span(start=0, end=2),), is_quote=True),
            Line(text="Open the post", href="https://example.com/post?a=1&b=2"),
        ),
        buttons=((Button(label="Claim", token="claim:01JD4ZQ8M0ABCDEFGHJKMNPQRS"),),),  # noqa: S106
        alert=Alert.MESSAGE,
        data={"event": "alert", "state": state},
    )


class NotifierContract(ABC):
    """What `bot.ports.Notifier` promises."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[NotifierRig]:
        """A fresh notifier with a fresh platform; closes both."""

    async def test_construction_is_silent(self) -> None:
        """A notifier asks the platform nothing before it is used."""
        async with self.rig() as rig:
            assert rig.requests() == 0, "something was sent before anybody asked for it"

    async def test_a_receipt_finds_the_message_again(self) -> None:
        """An update changes what its receipt stands for."""
        async with self.rig() as rig:
            receipt = await rig.notifier.notify(rig.channel, a_card(), key="a")
            assert "HIGH" in rig.shown(receipt.ref)
            claimed = a_card(headline="Claimed by Anna 14:20", state="claimed")
            again = await rig.notifier.update(rig.channel, receipt, claimed, key="b")
            assert "Claimed by Anna 14:20" in rig.shown(receipt.ref), "the message did not change"
            assert again.ref == receipt.ref or not rig.is_in_place, "a message in place keeps its receipt"
            assert "HIGH" in rig.shown(again.ref) or rig.is_in_place, "the thread is lost"

    async def test_two_cards_are_two_messages(self) -> None:
        """Each has a receipt of its own; updating one leaves the other."""
        async with self.rig() as rig:
            first = await rig.notifier.notify(rig.channel, a_card(headline="first"), key="a")
            second = await rig.notifier.notify(rig.channel, a_card(headline="second"), key="b")
            changed = a_card(headline="changed", state="claimed")
            await rig.notifier.update(rig.channel, first, changed, key="c")
            assert "changed" in rig.shown(first.ref)
            assert "second" in rig.shown(second.ref)
            assert "changed" not in rig.shown(second.ref), "the wrong message was changed"

    async def test_the_same_content_again_is_success(self) -> None:
        """Two people press at once; the second update finds nothing to change."""
        async with self.rig() as rig:
            receipt = await rig.notifier.notify(rig.channel, a_card(), key="a")
            for key in ("b", "c"):
                receipt = await rig.notifier.update(rig.channel, receipt, a_card(), key=key)
            assert "is anybody there?" in rig.shown(receipt.ref)

    async def test_hostile_text_arrives_as_it_is(self) -> None:
        """Markup, escapes, templates, right-to-left and emoji are a person's words, not instructions."""
        async with self.rig() as rig:
            for text in HOSTILE:
                receipt = await rig.notifier.notify(rig.channel, a_card(text), key=text[:4])
                assert text in rig.shown(receipt.ref), f"{text!r} did not arrive"

    async def test_a_text_of_any_length_arrives(self) -> None:
        """A long post is cut if need be; the headline and its beginning are there."""
        async with self.rig() as rig:
            receipt = await rig.notifier.notify(rig.channel, a_card(LONG), key="a")
            shown = rig.shown(receipt.ref)
            assert "HIGH" in shown
            assert LONG[:1000] in shown, "the beginning is missing"
            assert "Open the post" in shown, "what follows the text is missing"

    async def test_receipts_know_their_time(self) -> None:
        """As aware times."""
        async with self.rig() as rig:
            receipt = await rig.notifier.notify(rig.channel, a_card(), key="a")
            assert receipt.at.tzinfo is not None, "a naive time"


class NetworkNotifierContract(NotifierContract):
    """What goes wrong between here and a platform, by the names of `bot.errors`."""

    async def test_each_trouble_has_its_name(self) -> None:
        """Whether to wait, to drop, or to call a person is told by the error's class and reason."""
        async with self.rig() as rig:
            assert rig.troubles, "a rig names at least one trouble"
            for trouble in rig.troubles:
                error = await _failure(rig, trouble)
                assert type(error) is trouble.becomes, f"{trouble.name}: {type(error).__name__}"
                assert error.reason is trouble.reason, f"{trouble.name}: {error.reason}"

    async def test_the_time_to_wait_is_read(self) -> None:
        """A platform that says when to come back is believed."""
        async with self.rig() as rig:
            told = [trouble for trouble in rig.troubles if trouble.retry_after is not None]
            assert told, "a rig names at least one trouble with a time to wait"
            for trouble in told:
                error = await _failure(rig, trouble)
                waits = error.retry_after if isinstance(error, Unavailable) else None
                assert waits == trouble.retry_after, f"{trouble.name}: {waits}"

    async def test_secrets_stay_secret(self) -> None:
        """Neither credentials nor what a platform answered appear in errors, their causes, repr or logs."""
        async with self.rig() as rig, seen_logs() as logs:
            seen = [repr(rig.notifier)]
            for trouble in rig.troubles:
                error = await _failure(rig, trouble)
                seen += [repr(error), *traceback.format_exception(error)]
            receipt = await rig.notifier.notify(rig.channel, a_card(), key="a")
            told = "\n".join([*seen, repr(receipt), *logs])
            assert rig.secrets, "a rig names its secrets"
            for secret in rig.secrets:
                assert secret not in told, f"a secret was shown: …{secret[-4:]}"

    async def test_it_works_again_after_trouble(self) -> None:
        """An error leaves nothing broken behind."""
        async with self.rig() as rig:
            for trouble in rig.troubles:
                await _failure(rig, trouble)
                receipt = await rig.notifier.notify(rig.channel, a_card(), key="again")
                assert "HIGH" in rig.shown(receipt.ref)

    async def test_a_channel_that_nobody_configured_is_rejected(self) -> None:
        """Better no card than one in the wrong chat."""
        async with self.rig() as rig:
            try:
                await rig.notifier.notify(rig.channel_unknown, a_card(), key="a")
            except Rejected:
                return
            raise AssertionError("it was sent somewhere")

    async def test_cancellation_leaves_nothing_open(self) -> None:
        """A send that is called off closes its connection."""
        async with self.rig() as rig:
            rig.stall()
            send = asyncio.create_task(rig.notifier.notify(rig.channel, a_card(), key="a"))
            await until(lambda: rig.requests() > 0)
            await called_off(send)
            assert rig.in_flight() == 0, "the request goes on"


class KeyedNotifierContract(NetworkNotifierContract):
    """For platforms that support idempotency."""

    async def test_the_key_reaches_the_platform(self) -> None:
        """Tried again, a delivery has the same key; another one has another."""
        async with self.rig() as rig:
            receipt = await rig.notifier.notify(rig.channel, a_card(), key="one")
            await rig.notifier.notify(rig.channel, a_card(), key="one")
            await rig.notifier.update(rig.channel, receipt, a_card(state="claimed"), key="two")
            first, again, other = rig.keys()
            assert first == again, "the key changes between two tries"
            assert first != other, "two deliveries share a key"


# --- shared with the suite for feeds --------------------------------------------------------------


async def _failure(rig: NotifierRig, trouble: Trouble) -> BotError:
    trouble.plant()
    try:
        await rig.notifier.notify(rig.channel, a_card(), key="a")
    except BotError as error:
        return error
    raise AssertionError(f"{trouble.name}: nothing was raised")


async def until(is_true: Callable[[], bool], *, within: float = 5.0) -> None:
    """Wait for something that another task brings about."""
    async with asyncio.timeout(within):
        while not is_true():  # noqa: ASYNC110 - the other side is no task of ours
            await asyncio.sleep(0.005)


async def called_off(task: asyncio.Task[object]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled(), "a cancellation was swallowed"


@dataclass
class _Logs(AbstractAsyncContextManager[list[str]]):
    """Every log record, DEBUG included, as text."""

    lines: list[str] = field(default_factory=list)

    async def __aenter__(self) -> list[str]:
        self._root = logging.getLogger()
        self._level = self._root.level
        self._handler = logging.Handler()
        self._handler.emit = self._keep  # type: ignore[method-assign]
        self._root.addHandler(self._handler)
        self._root.setLevel(logging.DEBUG)
        return self.lines

    async def __aexit__(self, *_: object) -> None:
        self._root.removeHandler(self._handler)
        self._root.setLevel(self._level)

    def _keep(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record))


def seen_logs() -> AbstractAsyncContextManager[list[str]]:
    return _Logs()
