"""Answers on X: whom, once, and what they cost. What every replier does stands in tests/contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.errors import Reason, Rejected, Unavailable, Unknown
from bot.expenses import Money
from bot.model import Post, PostRef
from bot.replies import Outgoing
from connectors.x.ids import first_id
from connectors.x.replier import NOT_SUMMONED, SOURCE, XReplier
from tests.unit.x_stand import NOW, Stand, stand


@dataclass
class Counter:
    """A replier, somebody who asked, and what is said to them."""

    stood: Stand
    asked: str

    def __post_init__(self) -> None:
        self.replier = XReplier(self.stood.settings, self.stood.wiring)

    def post(self, **more: Any) -> Post:
        given = {"id": self.asked, "text": "@acme is it down?", "mentions": ("1000",), **more}
        return Post(platform="x", author_id="1001", posted_at=NOW, seen_at=NOW, **given)

    def reply(self, text: str = "We are on it!", key: str = "reply:1", **more: Any) -> Outgoing:
        return Outgoing(key=key, brand="acme", text=text, to=self.post(**more), approved_at=NOW)

    @property
    def spent(self) -> float:
        return self.stood.bills[-1].sources[SOURCE].micros_month / 1e6

    @property
    def said(self) -> list[str]:
        return [tweet.text for tweet in self.stood.server.said()]


@asynccontextmanager
async def counter(**more: Any) -> AsyncIterator[Counter]:
    async with stand(**more) as stood:
        stood.server.world.next_id = first_id(NOW)
        yield Counter(stood, stood.server.world.post("ann", "@acme is it down?", at=NOW))


async def test_only_who_named_or_quoted_us() -> None:
    """By id, by name in the text, by what they quote; known before anything was asked."""
    async with counter() as it:
        refusal = it.replier.refusal
        assert refusal(it.post()) == ""
        assert refusal(it.post(mentions=(), text="hey @ACME!")) == ""
        assert refusal(it.post(mentions=(), text="so", quoted=PostRef(id="7", author_id="1000"))) == ""
        for text in ("acme is down", "@acmehq is down", "a@acme.com"):
            assert refusal(it.post(mentions=("7",), text=text)) == NOT_SUMMONED
        assert refusal(it.post(mentions=(), text="so", quoted=PostRef(id="7"))) == NOT_SUMMONED
        with pytest.raises(Rejected, match="named or quoted"):
            await it.replier.publish(replace(it.reply(), to=it.post(mentions=(), text="acme is down")))
        assert it.stood.server.requests == 0


async def test_the_platform_has_the_last_word() -> None:
    """What it forbids is rejected, and not paid for."""
    async with counter() as it:
        it.asked = it.stood.server.world.post("ann", "nobody was named", at=NOW)
        with pytest.raises(Rejected) as caught:
            await it.replier.publish(it.reply())
        assert caught.value.reason is Reason.FORBIDDEN
        assert it.spent == 0


@pytest.mark.parametrize(("text", "price"), [("We are on it!", 0.01), ("See acme.com", 0.2)])
async def test_what_it_costs(text: str, price: float) -> None:
    """More with a link."""
    async with counter() as it:
        published = await it.replier.publish(it.reply(text))
        assert pytest.approx(price) == it.spent
        assert published.url == f"https://x.com/i/web/status/{published.post_id}"


async def test_the_price_is_told_before_it_is_paid() -> None:
    """Also whether the budget has that much; what anything costs is counted in whole millionths."""
    async with counter(budget={"month": "0.205", "currency": "EUR"}) as it:
        dear, cheap = it.replier.price("See acme.com", "1"), it.replier.price("On it", "1")
        assert (Money(200_000, "EUR"), True) == (dear.money, dear.is_within)
        assert (Money(10_000, "EUR"), True) == (cheap.money, cheap.is_within)
        await it.replier.publish(it.reply())
        assert not it.replier.price("See acme.com", "1").is_within
        assert it.replier.price("On it", "1").is_within


async def test_without_money_nothing_is_sent() -> None:
    """What was not sent may be tried again."""
    async with counter(budget={"month": "0.015"}) as it:
        with pytest.raises(Exception, match="money for X is spent"):
            await it.replier.publish(it.reply())
        assert it.said == []


async def test_a_lost_reply_stays_counted() -> None:
    """It may have been published; one that surely was not is given back."""
    async with counter() as it:
        it.stood.server.mishap(503, is_done=False)
        with pytest.raises(Unknown):
            await it.replier.publish(it.reply())
        assert pytest.approx(0.01) == it.spent
        it.stood.server.mishap(429, is_done=False)
        with pytest.raises(Exception, match="429"):
            await it.replier.publish(it.reply())
        assert pytest.approx(0.01) == it.spent


async def test_the_same_words_again_are_found() -> None:
    """X refuses them: because the try before was published, or because they were said elsewhere."""
    async with counter() as it:
        it.stood.server.mishap(502, is_done=True)
        with pytest.raises(Unknown):
            await it.replier.publish(it.reply("See https://acme.com/help & wait"))
        found = await it.replier.publish(it.reply("See https://acme.com/help & wait"))
        assert [found.post_id] == [tweet.id for tweet in it.stood.server.said()]
        it.asked = it.stood.server.world.post("ben", "@acme me too", at=NOW)
        with pytest.raises(Rejected) as caught:
            await it.replier.publish(it.reply("See https://acme.com/help & wait", key="reply:2"))
        assert caught.value.reason is Reason.DUPLICATE
        assert len(it.said) == 1


async def test_an_answer_to_somebody_else_is_not_taken_for_it() -> None:
    """Nor other words to the same post, nor a post of before it was approved."""
    async with counter() as it:
        world = it.stood.server.world
        other = world.post("ben", "@acme me too", at=NOW)
        for text, parent in (("We are on it!", other), ("Other words", it.asked)):
            world.post("acme", text, at=NOW, parent=parent)
        assert await it.replier.find(it.reply()) is None
        ours = world.post("acme", "@ann We are on it!", at=NOW, parent=it.asked)
        found = await it.replier.find(it.reply())
        assert found is not None
        assert found.post_id == ours


async def test_an_edited_question_is_answered_as_it_is_now() -> None:
    """Under the id of its newest edit."""
    async with counter() as it:
        await it.replier.publish(it.reply(id="7", revision=it.asked))
        assert [it.asked] == [tweet.parent for tweet in it.stood.server.said()]
        assert await it.replier.find(it.reply(id="7", revision=it.asked)) is not None


async def test_to_take_back_costs_too() -> None:
    """Once: what was gone already, or surely was not done, costs nothing; what may have been stays counted."""
    async with counter() as it:
        published = await it.replier.publish(it.reply())
        for status, error in ((503, Unknown), (429, Unavailable)):
            it.stood.server.mishap(status, is_done=False)
            with pytest.raises(error):
                await it.replier.delete(published.post_id)
        await it.replier.delete(published.post_id)
        it.stood.server.refuse(404, path=published.post_id)
        await it.replier.delete(published.post_id)
        assert 10_000 == it.stood.bills[-1].sources["x-deletions"].micros_month
        assert it.stood.server.bought["delete"] == 1


async def test_one_cashtag_is_what_x_takes() -> None:
    """More of them are refused to programs: nothing is sent, and nothing paid."""
    async with counter() as it:
        with pytest.raises(Rejected, match=r"\$ACME"):
            await it.replier.publish(it.reply("Is it $ACME or $BRK.A?"))
        await it.replier.publish(it.reply("$ACME costs $20 and US$30, not a$b."))
        assert ["$ACME costs $20 and US$30, not a$b."] == it.said


async def test_only_our_own_is_taken_back() -> None:
    """Somebody else's is refused."""
    async with counter() as it:
        for post_id in (it.asked, "at://x", "../me"):
            with pytest.raises(Rejected):
                await it.replier.delete(post_id)
        assert it.asked in it.stood.server.world.tweets
