"""Slack's feed and notifier together with the loopback Slack: connections, acknowledgements, commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.errors import BotError, Reason, Unauthorized, Unavailable
from bot.model import Alert
from bot.staff import Press, Presses, Receipt
from bot.testing.notifier_contract import a_card, until
from bot.testing.slack_server import CHANNEL, SlackServer
from bot.testing.slack_workspace import Channel, Sent
from connectors.slack.feed import SlackFeed
from connectors.slack.notifier import SlackNotifier
from tests.contract.slack_rig import SlackHttp, a_feed, channels, press_id, slack_http

ELSEWHERE = "C0OTHER"


@dataclass(kw_only=True)
class Office:
    """A card in the channel, and a feed that is read. `slow`: seconds that a commit takes."""

    server: SlackServer
    http: SlackHttp
    feed: SlackFeed
    card: Sent
    receipt: Receipt
    notifier: SlackNotifier
    presses: list[Press] = field(default_factory=list)
    slow: float = 0.0
    error: BotError | None = None

    async def read(self) -> None:
        """As a desk does: commit, answer, come for the next."""
        try:
            async for item in self.feed.read(None):
                await asyncio.sleep(self.slow)
                for press in item.presses:
                    self.presses.append(press)
                    await self.feed.answer(press, f"heard {len(self.presses)}", is_loud=False)
        except BotError as error:
            self.error = error

    async def heard(self, number: int) -> list[Press]:
        await until(lambda: len(self.presses) >= number or self.error is not None)
        assert self.error is None
        return self.presses


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    async with slack_http() as http, SlackServer() as server:
        server.workspace.channels[ELSEWHERE] = Channel(id=ELSEWHERE, name="talk")
        server.workspace.channels["D0ANNA"] = Channel(id="D0ANNA", name="anna")
        feed = a_feed(server, http)
        notifier = SlackNotifier(api=feed.api, channels=channels(), clock=feed.clock)
        receipt = await notifier.notify("care", a_card(), key="a")
        one = Office(
            server=server, http=http, feed=feed, card=server.messages[0], receipt=receipt, notifier=notifier
        )
        reading = asyncio.create_task(one.read())
        await until(lambda: bool(server.sockets.links))
        yield one
        reading.cancel()
        await asyncio.wait([reading])


async def _next(feed: SlackFeed) -> Presses:
    return await anext(aiter(feed.read(None)))


async def test_a_connection_is_replaced_before_it_is_closed() -> None:
    """Slack does so every few hours: presses before, during and after come once each, and none fails."""
    async with office() as one:
        server, expected = one.server, []
        for reason in ("warning", "refresh_requested"):
            expected.append(press_id(server.press(one.card, "Claim")))
            server.sockets.disconnect(reason)
            for _ in range(20):
                expected.append(press_id(server.press(one.card, "Claim")))
                await asyncio.sleep(0.03)
        assert sorted(expected) == sorted(press.id for press in await one.heard(len(expected)))
        await until(lambda: not server.sockets.pending)
        assert ([], []) == (server.sockets.failed, server.sockets.strays)
        assert 1 == len(server.sockets.links)


async def test_what_is_said_takes_no_time_of_the_acknowledgement() -> None:
    """The answer hangs for longer than Slack waits; the press was acknowledged before."""
    async with office() as one:
        one.server.sockets.patience = 0.5
        one.server.fail(method="chat.postEphemeral", status=0)
        one.server.press(one.card, "Claim")
        await until(lambda: len(one.server.sockets.acknowledged) == 1)
        await asyncio.sleep(0.7)
        assert [] == one.server.sockets.failed


async def test_an_event_that_comes_again_is_the_same_press() -> None:
    """A commit that takes longer than Slack waits: the event is sent again, under the id that the store knows."""
    async with office() as one:
        one.server.sockets.patience, one.slow = 0.2, 0.5
        ts = one.server.say("Which order?", thread=one.card)
        await one.heard(2)
        await until(lambda: not one.server.sockets.pending)
        assert {f"m:{CHANNEL}:U0ANNA:{one.card.ts}:{ts}"} == {press.id for press in one.presses}


async def test_a_press_that_nobody_could_commit_fails_where_it_was_pressed() -> None:
    """It is not acknowledged, so that whoever pressed sees it; it is not lost in silence."""
    async with slack_http() as http, SlackServer() as server:
        server.sockets.patience = 0.2
        feed = a_feed(server, http)
        notifier = SlackNotifier(api=feed.api, channels=channels(), clock=feed.clock)
        await notifier.notify("care", a_card(), key="a")
        server.press(server.messages[0], "Claim")
        async for _ in feed.read(None):
            break  # as when the database is locked
        await until(lambda: len(server.sockets.failed) == 1)
        assert [] == server.sockets.acknowledged


async def test_a_connection_that_broke_is_not_somebody_else() -> None:
    """Slack counts it for a while; the feed reads on meanwhile."""
    async with office() as one:
        url = one.server.sockets.ticket(one.server.host)["url"]
        async with one.http.websocket(url):
            await until(lambda: len(one.server.sockets.links) == 2)
            for link in one.server.sockets.links[:1]:
                await link.socket.close()  # ours: the feed ends, and begins again
            await until(lambda: one.error is not None)
            one.error = None
            again = asyncio.create_task(one.read())
            await until(lambda: len(one.server.sockets.links) == 2)
        for _ in range(3):
            one.server.press(one.card, "Claim")
        await one.heard(3)
        await asyncio.sleep(0.4)
        assert one.error is None
        again.cancel()
        await asyncio.wait([again])


async def test_somebody_else_is_told_once_it_is_sure() -> None:
    """And at once, when it was so the last time."""
    async with slack_http() as http, SlackServer() as server:
        feeds = [a_feed(server, http) for _ in range(2)]
        first = asyncio.create_task(_next(feeds[0]))
        await until(lambda: len(server.sockets.links) == 1)
        for _ in range(2):
            with pytest.raises(Unavailable, match="another program reads this app's presses") as raised:
                await _next(feeds[1])
            assert Reason.CONFLICT is raised.value.reason
        first.cancel()
        await asyncio.wait([first])


async def test_a_switched_off_socket_mode_needs_a_person() -> None:
    """It is no trouble of the network."""
    async with office() as one:
        one.server.sockets.disconnect("link_disabled")
        await until(lambda: one.error is not None)
        assert isinstance(one.error, Unauthorized)
        assert "Socket Mode is switched off" in str(one.error)


async def test_a_command_is_answered_where_it_was_said() -> None:
    """Only its author sees the answer; with or without a slash; in a thread of a card it belongs to the card."""
    async with office() as one:
        one.server.command("inbox")
        one.server.command(" /why 12 ", channel=ELSEWHERE)
        one.server.command("")
        one.server.say("<@U0BOT> why", thread=one.card)
        one.server.say("<@U0BOT> inbox please")
        one.server.say("mine", channel="D0ANNA")
        found = await one.heard(6)
        assert [
            ("slack:care", "/inbox", ""),
            ("slack:?", "/why 12", ""),
            ("slack:care", "/help", ""),
            ("slack:care", "/why", one.receipt.ref),
            ("slack:care", "/inbox please", ""),
            ("slack:?", "/mine", ""),
        ] == [(press.channel, press.token, press.receipt) for press in found]
        await until(lambda: len(one.server.messages) == 2)
        whispers = one.server.workspace.whispers
        await until(lambda: len(whispers) == 5)
        assert [CHANNEL, ELSEWHERE, CHANNEL, CHANNEL, CHANNEL] == [one.channel for one in whispers]
        assert {"U0ANNA"} == {one.to for one in whispers}
        assert [None, None, None, one.card.ts, None] == [one.thread_ts for one in whispers]
        assert "D0ANNA" == one.server.messages[-1].channel


async def test_a_command_from_where_the_app_is_not_is_answered_in_private() -> None:
    """A slash command works everywhere; a channel without the app takes no message of it."""
    async with office() as one:
        one.server.workspace.channels["C0ALIEN"] = Channel(id="C0ALIEN", is_member=False)
        one.server.workspace.channels["U0ANNA"] = Channel(id="U0ANNA")
        one.server.command("inbox", channel="C0ALIEN")
        await one.heard(1)
        await until(lambda: len(one.server.messages) == 2)
        assert ("D0ANNA", "heard 1") == (one.server.messages[-1].channel, one.server.messages[-1].shown)


async def test_ids_are_told_to_whoever_asks() -> None:
    """What belongs into the configuration; it is no press."""
    async with office() as one:
        one.server.command("id", channel=ELSEWHERE)
        await until(lambda: bool(one.server.workspace.whispers))
        assert f"channel: {ELSEWHERE}\nyour id: U0ANNA" == one.server.workspace.whispers[0].shown
        assert [] == one.presses


async def test_words_in_the_thread_of_a_card_are_a_reply_to_it() -> None:
    """As they were written: emoji are emoji, addresses addresses."""
    async with office() as one:
        one.server.say("Sorry 😀 see https://acme.example/help & write <b>", thread=one.card)
        (press,) = await one.heard(1)
        assert "Sorry 😀 see https://acme.example/help & write <b>" == press.text
        assert ("", one.receipt.ref, True) == (press.token, press.receipt, press.is_reply)
        await until(lambda: bool(one.server.workspace.whispers))
        assert one.card.ts == one.server.workspace.whispers[0].thread_ts


async def test_a_form_that_does_not_open_stops_nobody() -> None:
    """Slack hangs, or the press is too old: others' presses are acknowledged meanwhile."""
    async with office() as one:
        one.server.sockets.patience = 0.5
        card = type(a_card())(headline="HIGH", buttons=a_card().buttons, form="Which order?")
        await one.notifier.update("care", one.receipt, card, key="b")
        one.server.fail(method="views.open", status=0)
        one.server.fail("expired_trigger_id", method="views.open")
        one.server.press(one.card, "Edit")
        one.server.press(one.card, "Edit")
        one.server.press(one.card, "Claim")
        await one.heard(1)
        await until(lambda: len(one.server.sockets.acknowledged) == 3)
        assert ([], {}) == (one.server.sockets.failed, one.server.workspace.views)


async def test_a_form_brings_what_was_written() -> None:
    """As a reply to the card; sent twice by Slack it is one press; an empty one is none."""
    async with office() as one:
        card = type(a_card())(headline="HIGH", lines=a_card().lines, form="")
        await one.notifier.update("care", one.receipt, card, key="b")
        one.server.press(one.card, "Your answer")
        await until(lambda: bool(one.server.workspace.views))
        name = next(iter(one.server.workspace.views))
        for words in ("😀 see https://acme.example", "😀 see https://acme.example", " "):
            one.server.submit(name, words)
        found = await one.heard(2)
        await until(lambda: not one.server.sockets.pending)
        assert {f"v:{CHANNEL}:U0ANNA:0:{name}"} == {press.id for press in found}
        assert ("😀 see https://acme.example", one.receipt.ref) == (found[0].text, found[0].receipt)
        assert found[0].is_reply


async def test_what_is_not_for_us_is_acknowledged_and_forgotten() -> None:
    """Talk, other threads, other bots, edits, channels that are none of ours, and payloads that make no sense."""
    async with office() as one:
        other = Sent(channel=CHANNEL, ts="1600000000.000001", text="lunch?")
        one.server.say("I can't stand this customer")
        one.server.say("me neither", thread=other, parent_user_id="U0BEN")
        one.server.say("beep", thread=one.card, bot_id="B0OTHER", subtype="bot_message")
        one.server.say("changed", thread=one.card, subtype="message_changed")
        one.server.say("<@U0BOT> inbox", channel=ELSEWHERE)
        for payload in (
            {},
            {"type": "block_actions"},
            {"type": "block_actions", "actions": [3]},
            {"type": 1},
        ):
            one.server.sockets.give("interactive", payload)
            one.server.sockets.give("events_api", {"event": payload})
            one.server.sockets.give("slash_commands", payload)
        one.server.sockets.give("from the future", {})
        await until(lambda: not one.server.sockets.pending)
        assert ([], None) == (one.presses, one.error)
        assert [] == one.server.workspace.whispers


async def test_a_ping_names_the_channels_people() -> None:
    """Their phones ring; a change of the card rings nobody, and the same content again is no error."""
    async with slack_http() as http, SlackServer() as server:
        feed = a_feed(server, http)
        notifier = SlackNotifier(api=feed.api, channels=channels(ping=["U0ANNA"]), clock=feed.clock)
        receipt = await notifier.notify("care", a_card(), key="a")
        assert [] == server.messages[0].pinged
        loud = a_card(headline="CRITICAL")
        loud = type(loud)(headline=loud.headline, lines=loud.lines, alert=Alert.PING)
        await notifier.notify("care", loud, key="b")
        assert ["@U0ANNA"] == server.messages[1].pinged
        await notifier.update("care", receipt, a_card(), key="c")
        await notifier.update("care", receipt, a_card(), key="d")
        assert (2, 2) == (server.messages[0].edits, len(server.messages))
