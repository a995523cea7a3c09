"""Each rule of the suite for repliers has a broken twin that fails it."""

from __future__ import annotations

import asyncio
import html
import inspect
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.errors import BotError, Reason, Rejected, Unavailable, Unknown
from bot.replies import Length, Outgoing, Published
from bot.testing.replier_contract import ReplierContract, ReplierRig
from tests.contract.bluesky_rig import BODY_SECRET, PASSWORD, a_question, bluesky_replier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bot.model import Post
    from bot.replies import Replier

ELSEWHERE = "at://did:plc:ann/app.bsky.feed.post/3n2qnlq2bhk3s"
CLOSED = "at://did:plc:ann/app.bsky.feed.post/3n2qnlq2bhk4s"
"""A post that twins say cannot be answered: on Bluesky there is none."""


class Twin:
    """Like the real one, but for what a subclass breaks."""

    platform = "bluesky"
    is_idempotent = True

    def __init__(self, inner: Replier) -> None:
        self.inner = inner

    @property
    def account_id(self) -> str | None:
        return self.inner.account_id

    def length(self, text: str) -> Length:
        return self.inner.length(text)

    def refusal(self, to: Post) -> str:
        return "not_summoned" if to.id == CLOSED else self.inner.refusal(to)

    async def publish(self, reply: Outgoing) -> Published:
        return await self.inner.publish(reply)

    async def find(self, reply: Outgoing) -> Published | None:
        return await self.inner.find(reply)

    async def delete(self, post_id: str) -> None:
        await self.inner.delete(post_id)


class Eager(Twin):
    eager = True


class AnswersAnother(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        return await self.inner.publish(replace(reply, to=a_question(ELSEWHERE)))


class NaiveTimes(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        published = await self.inner.publish(reply)
        return replace(published, at=published.at.replace(tzinfo=None))


class PublishesTwice(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        await self.inner.publish(replace(reply, key=f"{reply.key} again"))
        return await self.inner.publish(reply)


class Nobody(Twin):
    @property
    def account_id(self) -> str | None:
        return None


class Escapes(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        return await self.inner.publish(replace(reply, text=html.escape(reply.text)))


class Strips(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        return await self.inner.publish(replace(reply, text=reply.text.strip("\ufeff\u200b* ")))


class Cuts(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        return await self.inner.publish(replace(reply, text=reply.text[:300]))


class CountsLetters(Twin):
    def length(self, text: str) -> Length:
        return Length(used=len(text), limit=300, unit="graphemes")


class CutsWhatIsTooLong(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        while not self.inner.length(reply.text).fits and reply.text:
            reply = replace(reply, text=reply.text[:-1])
        return await self.inner.publish(reply)


class SaysThatAllFits(Twin):
    def length(self, text: str) -> Length:
        return replace(self.inner.length(text), used=1)


class RefusesEverything(Twin):
    def refusal(self, to: Post) -> str:
        return "not_summoned"


class RefusesInItsOwnWords(Twin):
    def refusal(self, to: Post) -> str:
        return "sorry, no" if to.id == CLOSED else ""


class NewKeyEachTime(Twin):
    number = 0

    async def publish(self, reply: Outgoing) -> Published:
        self.number += 1
        return await self.inner.publish(replace(reply, key=f"{reply.key} {self.number}"))


class RefusesTheSame(Twin):
    last: Outgoing | None = None

    async def publish(self, reply: Outgoing) -> Published:
        if reply == self.last:
            raise Rejected("that was said before")
        self.last = reply
        return await self.inner.publish(reply)


class NewKeyForEachTask(Twin):
    """Counts how many are at it: alone it is right."""

    busy = 0

    async def publish(self, reply: Outgoing) -> Published:
        self.busy += 1
        try:
            key = reply.key if self.busy == 1 else f"{reply.key} {self.busy}"
            return await self.inner.publish(replace(reply, key=key))
        finally:
            self.busy -= 1


class OneKeyForAll(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        return await self.inner.publish(replace(reply, key="k"))

    async def find(self, reply: Outgoing) -> Published | None:
        return await self.inner.find(replace(reply, key="k"))


class FindsNothing(Twin):
    async def find(self, reply: Outgoing) -> Published | None:
        return None


class FindsWhatItSaid(Twin):
    """By its memory, which a restart takes away."""

    last: Published | None = None

    async def publish(self, reply: Outgoing) -> Published:
        self.last = await self.inner.publish(reply)
        return self.last

    async def find(self, reply: Outgoing) -> Published | None:
        return self.last


class CallsItUnavailable(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except Unknown as error:
            raise Unavailable(str(error)) from error


class TriesAgainItself(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except Unknown:
            return await self.inner.publish(reply)


class KnowsNothing(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except Unavailable as error:
            raise Unknown(str(error)) from error


class OneErrorForAll(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except Unknown:
            raise
        except BotError as error:
            raise Unavailable("something") from error


class ForgetsToWait(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except Unavailable as error:
            raise Unavailable(str(error), reason=error.reason) from None


class StaysBroken(Twin):
    failed: BotError | None = None

    async def publish(self, reply: Outgoing) -> Published:
        if self.failed:
            raise self.failed
        try:
            return await self.inner.publish(reply)
        except BotError as error:
            self.failed = error
            raise


class LeaksInErrors(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except BotError as error:
            raise Unavailable(f"{error} ({BODY_SECRET})", reason=Reason.SERVER) from error


class LeaksInLogs(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        logging.getLogger("twin").debug("createSession %s", PASSWORD)
        return await self.inner.publish(reply)


class LeaksInRepr(Twin):
    def __repr__(self) -> str:
        return f"Twin(app_password={PASSWORD})"


class GoesOnBehindYourBack(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        self.behind = asyncio.create_task(self.inner.publish(reply))
        return await asyncio.shield(self.behind)


class SwallowsCancellation(Twin):
    async def publish(self, reply: Outgoing) -> Published:
        try:
            return await self.inner.publish(reply)
        except asyncio.CancelledError:
            return Published(post_id="?", at=reply.approved_at)


class KeepsWhatItTookBack(Twin):
    async def delete(self, post_id: str) -> None:
        return


class RefusesToTakeBackTwice(Twin):
    gone = False

    async def delete(self, post_id: str) -> None:
        if self.gone:
            raise Rejected("there is no such post", reason=Reason.NOT_FOUND)
        self.gone = True
        await self.inner.delete(post_id)


TWINS: list[tuple[str, type[Twin]]] = [
    ("test_construction_is_silent", Eager),
    ("test_a_reply_answers_its_post", AnswersAnother),
    ("test_a_reply_answers_its_post", NaiveTimes),
    ("test_a_reply_answers_its_post", PublishesTwice),
    ("test_the_account_is_known", Nobody),
    ("test_text_is_text", Escapes),
    ("test_text_is_text", Strips),
    ("test_what_fits_is_published_whole", Cuts),
    ("test_what_fits_is_published_whole", CountsLetters),
    ("test_what_does_not_fit_is_rejected", CutsWhatIsTooLong),
    ("test_what_does_not_fit_is_rejected", SaysThatAllFits),
    ("test_what_cannot_be_answered_is_said_before", RefusesEverything),
    ("test_what_cannot_be_answered_is_said_before", RefusesInItsOwnWords),
    ("test_the_same_again_makes_no_second", NewKeyEachTime),
    ("test_the_same_again_makes_no_second", RefusesTheSame),
    ("test_two_at_once_make_one", NewKeyForEachTask),
    ("test_two_replies_are_two_posts", OneKeyForAll),
    ("test_a_published_reply_is_found", FindsNothing),
    ("test_a_published_reply_is_found", FindsWhatItSaid),
    ("test_what_was_never_published_is_not_found", OneKeyForAll),
    ("test_a_lost_try_is_unknown", CallsItUnavailable),
    ("test_a_lost_try_is_unknown", TriesAgainItself),
    ("test_a_lost_try_is_unknown", FindsNothing),
    ("test_without_a_connection_nothing_is_published", KnowsNothing),
    ("test_each_trouble_has_its_name", OneErrorForAll),
    ("test_each_trouble_has_its_name", KnowsNothing),
    ("test_the_time_to_wait_is_read", ForgetsToWait),
    ("test_it_works_again_after_trouble", StaysBroken),
    ("test_secrets_stay_secret", LeaksInErrors),
    ("test_secrets_stay_secret", LeaksInLogs),
    ("test_secrets_stay_secret", LeaksInRepr),
    ("test_cancellation_leaves_nothing_open", GoesOnBehindYourBack),
    ("test_cancellation_leaves_nothing_open", SwallowsCancellation),
    ("test_a_reply_can_be_taken_back", KeepsWhatItTookBack),
    ("test_a_reply_can_be_taken_back", RefusesToTakeBackTwice),
]


class Suite(ReplierContract):
    """The suite with a twin in the rig."""

    def __init__(self, twin: type[Twin]) -> None:
        self.twin = twin

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return self._rig()

    @asynccontextmanager
    async def _rig(self) -> AsyncIterator[ReplierRig]:
        async with bluesky_replier(ELSEWHERE) as rig:
            replier = self.twin(rig.replier)
            if getattr(replier, "eager", False):
                await replier.delete("at://did:plc:acme/app.bsky.feed.post/3n2qnlq2bhk3s")
            reborn = rig.reborn
            try:
                yield replace(
                    rig,
                    replier=replier,
                    reborn=lambda: self.twin(reborn()),
                    closed=(a_question(CLOSED),),
                )
            finally:
                if isinstance(replier, GoesOnBehindYourBack):
                    replier.behind.cancel()
                    await asyncio.wait([replier.behind])


@pytest.mark.parametrize(("rule", "twin"), TWINS)
async def test_a_broken_twin_fails_its_rule(rule: str, twin: type[Twin]) -> None:
    """A rule that a broken replier passes would be no rule."""
    with pytest.raises((AssertionError, BotError)):
        await getattr(Suite(twin), rule)()


@pytest.mark.parametrize("rule", sorted({rule for rule, _ in TWINS}))
async def test_an_unbroken_twin_passes(rule: str) -> None:
    """It is the break that fails, not the wrapping."""
    await getattr(Suite(Twin), rule)()


def test_each_rule_has_a_twin() -> None:
    """A new rule comes with a replier that breaks it."""
    rules = {name for name, _ in inspect.getmembers(ReplierContract) if name.startswith("test_")}
    assert rules == {rule for rule, _ in TWINS}
