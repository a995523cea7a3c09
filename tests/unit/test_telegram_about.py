"""What the bot learns of itself and of its chats, from the Bot API on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import Reason, Unavailable
from bot.findings import Exam, Finding, Health
from bot.http import HttpClient
from bot.testing.clock import ManualClock
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from connectors.telegram.about import About
from connectors.telegram.examine import examine
from connectors.telegram.pairing import Paired, links, pair
from connectors.telegram.settings import AccountSettings, ChannelSettings

CODE = "a-code_that-nobody-guesses"
A_MINUTE = timedelta(minutes=1)


@asynccontextmanager
async def asked(server: TelegramServer, *, token: str = TOKEN) -> AsyncIterator[About]:
    http = HttpClient(SystemClock())
    try:
        yield About(token=token, base_url=server.url, http=http)
    finally:
        await http.close()


async def found(
    server: TelegramServer, *, token: str = TOKEN, listen: tuple[int, ...] = (), **channels: ChannelSettings
) -> list[Finding]:
    account = AccountSettings(token=SecretStr(token), listen=listen)
    async with asked(server, token=token) as api:
        return [finding async for finding in examine(Exam(channels=channels, account=account), api)]


def healths(findings: list[Finding]) -> dict[str, Health]:
    return {finding.about: finding.health for finding in findings}


async def test_a_sound_chat_is_fine() -> None:
    """The bot is named, and so is the chat that takes cards."""
    async with TelegramServer() as server:
        findings = await found(server, care=ChannelSettings(chat=CHAT))
    assert {Health.FINE} == {finding.health for finding in findings}
    told = " ".join(finding.says for finding in findings)
    assert "@outcare_bot" in told
    assert "“Care”" in told
    assert TOKEN not in told


async def test_a_bot_that_reads_all_says_so() -> None:
    """Privacy mode off: whoever looks should know that the bot sees every message."""
    async with TelegramServer() as server:
        server.reads_all = True
        findings = await found(server, care=ChannelSettings(chat=CHAT))
    assert "every message" in findings[0].says


@pytest.mark.parametrize(
    ("change", "reads_all", "word"),
    [
        ({}, False, "privacy mode is on"),
        ({}, True, "hears everything"),
        ({"is_admin": True}, False, "hears everything"),
        ({"is_kicked": True}, True, "no way into it"),
    ],
)
async def test_whether_a_group_is_heard(change: dict[str, object], reads_all: bool, word: str) -> None:
    """Privacy mode is explained, with what to do about it."""
    async with TelegramServer(chats=(CHAT, -1007)) as server:
        server.reads_all = reads_all
        for name, value in change.items():
            setattr(server.telegram.chats[-1007], name, value)
        finding = (await found(server, listen=(-1007,), care=ChannelSettings(chat=CHAT)))[-1]
    assert word in finding.says
    assert (Health.FINE if "everything" in word else Health.MEND) is finding.health
    assert "/setprivacy" in finding.do or word != "privacy mode is on"


async def test_the_teams_own_chat_is_not_listened_to() -> None:
    """What staff says among itself is no mention."""
    async with TelegramServer() as server:
        finding = (await found(server, listen=(CHAT,), care=ChannelSettings(chat=CHAT)))[-1]
    assert (Health.MEND, True) == (finding.health, "your own people" in finding.says)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"is_kicked": True}, "kicked"), ({"is_muted": True}, "restricted"), ({"migrated_to": -1009}, "-1009")],
)
async def test_a_chat_that_takes_nothing_must_be_mended(change: dict[str, object], word: str) -> None:
    """Removed, muted or moved: each is said, with what to do."""
    async with TelegramServer() as server:
        for name, value in change.items():
            setattr(server.telegram.chats[CHAT], name, value)
        findings = await found(server, care=ChannelSettings(chat=CHAT))
    assert Health.MEND is healths(findings)["telegram:care"]
    assert word in findings[-1].says
    assert findings[-1].do


async def test_a_topic_where_there_are_none_must_be_mended() -> None:
    """A thread of a chat that is no forum; in a forum it is fine."""
    async with TelegramServer() as server:
        channel = ChannelSettings(chat=CHAT, thread=7)
        assert Health.MEND is healths(await found(server, care=channel))["telegram:care"]
        server.telegram.chats[CHAT].is_forum = True
        assert Health.FINE is healths(await found(server, care=channel))["telegram:care"]


async def test_an_unknown_chat_must_be_mended() -> None:
    """Also one of a person who never pressed Start."""
    async with TelegramServer() as server:
        findings = await found(server, care=ChannelSettings(chat=4711))
    assert Health.MEND is healths(findings)["telegram:care"]


@pytest.mark.parametrize("token", ["123456789:AAwrong", "nonsense"])
async def test_a_wrong_token_is_said_without_showing_it(token: str) -> None:
    """One line, and nothing else is tried."""
    async with TelegramServer() as server:
        (finding,) = await found(server, token=token, care=ChannelSettings(chat=CHAT))
    assert Health.MEND is finding.health
    assert "OUTCARE_TELEGRAM__TOKEN" in finding.do
    assert token not in finding.says + finding.do


async def test_a_webhook_in_the_way_is_said() -> None:
    """It takes the presses; its host is named, not its path, which may hold a secret."""
    async with TelegramServer() as server:
        server.webhook = "https://old.example/secret-path"
        findings = await found(server, care=ChannelSettings(chat=CHAT))
    (presses,) = (finding for finding in findings if finding.about == "telegram presses")
    assert Health.MEND is presses.health
    assert "old.example" in presses.says
    assert "secret-path" not in presses.says


async def test_nobody_there_is_no_traceback() -> None:
    """The server is gone: one finding that says what to look at."""
    async with TelegramServer() as server:
        pass
    (finding,) = await found(server)
    assert Health.MEND is finding.health
    assert "reaches" in finding.do


# --- pairing --------------------------------------------------------------------------------------


def test_links_carry_the_code() -> None:
    """One for a private chat, one that adds the bot to a group."""
    assert (
        f"https://t.me/outcare_bot?start={CODE}",
        f"https://t.me/outcare_bot?startgroup={CODE}",
    ) == links("outcare_bot", CODE)


async def paired(server: TelegramServer, *, within: timedelta = A_MINUTE) -> Paired | None:
    async with asked(server) as api:
        return await pair(api, CODE, clock=SystemClock(), within=within, waiting=lambda _: None)


async def test_who_presses_start_is_paired() -> None:
    """In private: the chat's id is the person's own; what came before is passed over, all is confirmed."""
    async with TelegramServer() as server:
        server.say("hello?", chat=5, user=5)
        server.say("/start wrong-code", chat=6, user=6)
        last = server.say(f"/start {CODE}", chat=42, user=42, name="Anna Smith")
        who = await paired(server)
        assert last in server.telegram.confirmed
    assert who is not None
    assert (42, 42, "Anna Smith", False) == (who.chat_id, who.person_id, who.person_name, who.is_group)


async def test_a_group_is_paired_with_who_added_the_bot() -> None:
    """`/start@bot CODE` in a group gives both ids at once."""
    async with TelegramServer() as server:
        server.say(f"/start@outcare_bot {CODE}", chat=CHAT, user=7, name="Ben")
        who = await paired(server)
    assert who is not None
    assert (CHAT, "Care", 7, True) == (who.chat_id, who.chat_title, who.person_id, who.is_group)


async def test_nobody_comes() -> None:
    """After the time that was given, None."""
    async with TelegramServer() as server:
        assert None is await paired(server, within=timedelta(milliseconds=50))


async def test_a_short_trouble_does_not_end_the_waiting() -> None:
    """A server error and a lost connection are waited out; the clock is the test's own."""
    clock = ManualClock()
    async with TelegramServer() as server, asked(server) as api:
        server.fail(502, method="getUpdates", times=2)
        server.say(f"/start {CODE}", chat=42, user=42)
        who = await pair(api, CODE, clock=_Hurried(clock), within=A_MINUTE, waiting=lambda _: None)
    assert who is not None
    assert timedelta(seconds=4) == clock.now() - ManualClock().now()


async def test_another_reader_is_told() -> None:
    """A running daemon, or a webhook: waiting on would help nobody."""
    async with TelegramServer() as server:
        server.webhook = "https://old.example/"
        with pytest.raises(Unavailable) as caught:
            await paired(server)
    assert Reason.CONFLICT is caught.value.reason


class _Hurried:
    """A clock whose sleeps take no time."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.now, self.monotonic = clock.now, clock.monotonic

    async def sleep(self, seconds: float) -> None:
        await self._clock.advance(seconds)
