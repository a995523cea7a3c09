"""Telegram passes the suite for repliers; and what only Telegram does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.errors import Reason, Rejected
from bot.testing.replier_contract import CorrectorContract, a_reply
from bot.testing.telegram_chats import Chat
from bot.testing.telegram_server import BOT, TelegramServer
from tests.contract._http import counting
from tests.contract.telegram_rig import a_replier, question, telegram_replier

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.testing.replier_contract import ReplierRig


class TestTelegram(CorrectorContract):
    """Against the loopback Bot API."""

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return telegram_replier()


async def test_what_is_sent_is_plain_and_has_an_address() -> None:
    """No styles, no preview; the bot's own id is that of the account."""
    async with counting() as http, TelegramServer() as server:
        server.telegram.chats[-100777] = Chat(id=-100777, username="acme_talk")
        replier = a_replier(server, http)
        published = await replier.publish(a_reply(question(server), "see https://acme.example"))
        (sent,) = server.messages
        assert ([], False, False) == (sent.entities, sent.has_preview, sent.is_silent)
        assert f"https://t.me/c/1234567890/{sent.message_id}" == published.url
        assert (str(BOT["id"]), False) == (replier.account_id, replier.is_idempotent)
        server.say("hello?", chat=-100777, user=5)
        number = list(server.telegram.said)[-1][1]
        there = replace(question(server), id=f"-100777/{number}")
        assert f"https://t.me/acme_talk/{sent.message_id + 1}" == (await replier.publish(a_reply(there))).url


@pytest.mark.parametrize("wrong", ["", "7", "at://x/y", "-100/x", "1/2/3"])
async def test_a_post_of_another_platform_is_rejected(wrong: str) -> None:
    """Before anything is asked."""
    async with counting() as http, TelegramServer() as server:
        to = replace(question(server), id=wrong)
        with pytest.raises(Rejected) as caught:
            await a_replier(server, http).publish(a_reply(to))
        assert (Reason.NOT_FOUND, 0) == (caught.value.reason, http.requests)


async def test_blanks_and_half_characters_are_no_message() -> None:
    """Telegram would say no too."""
    async with counting() as http, TelegramServer() as server:
        replier = a_replier(server, http)
        assert not replier.length(" \n\t").fits
        for text in (" \n", "half \ud83d"):
            with pytest.raises(Rejected):
                await replier.publish(a_reply(question(server), text))
        assert [] == server.messages
