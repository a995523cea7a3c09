"""The suites that every replier must pass; a plug-in's test class inherits them and gives its `rig`.

What was said once in public cannot be unsaid: so each rule looks at what the public sees, not at what the
replier says of itself. Knows no platform: a rig shows its side. Needs no pytest; the methods are what pytest
collects (with pytest-asyncio in auto mode).
"""

from __future__ import annotations

import asyncio
import traceback
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.errors import BotError, Rejected, Unavailable, Unknown
from bot.replies import Corrector, Outgoing, length_of
from bot.testing.notifier_contract import HOSTILE, Trouble, called_off, seen_logs, until
from bot.texts.en import ENGLISH

if TYPE_CHECKING:
    from bot.model import Post
    from bot.replies import Published, Replier

A_DAY = 86_400.0
APPROVED_AT = datetime(2026, 11, 20, 13, 4, 59, 123456, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A try of which nobody hears how it went. `plant` arranges it for the next publication.

    `is_published`: the platform took it before the line went dead.
    """

    name: str
    plant: Callable[[], None]
    is_published: bool


@dataclass(kw_only=True)
class ReplierRig:
    """A replier and the platform behind it.

    `reborn` is another one with the same account, as after a restart of the program. `said` is what the
    public reads of our account now, oldest first, and `answered` the ids of the posts that this answers.
    `to` may be answered; `closed` may not, as `refusal` says. `longest` is a text that just fits. `troubles`
    (how a publication fails and surely is not published), `losses` (nobody knows), `lost_corrections` (a
    corrector's). `can_find` False: this
    platform cannot tell. `cut_off` lets nobody listen for a while. `requests` and `in_flight`: how often the
    platform was asked, and how many of our requests are open; `stall` lets the next one go unanswered. `rest`
    lets seconds pass on the replier's clock. None of `secrets` may ever be seen.
    """

    replier: Replier
    reborn: Callable[[], Replier]
    to: Post
    said: Callable[[], list[str]]
    answered: Callable[[], list[str]]
    longest: str
    troubles: tuple[Trouble, ...]
    losses: tuple[Loss, ...]
    cut_off: Callable[[], AbstractAsyncContextManager[None]]
    stall: Callable[[], None]
    requests: Callable[[], int]
    in_flight: Callable[[], int]
    secrets: tuple[str, ...]
    rest: Callable[[float], Awaitable[None]]
    closed: tuple[Post, ...] = ()
    can_find: bool = True
    lost_corrections: tuple[Loss, ...] = ()


def a_reply(to: Post, text: str = "We are on it, sorry!", *, key: str = "reply:17:1") -> Outgoing:
    """An approved reply."""
    return Outgoing(key=key, brand="acme", text=text, to=to, approved_at=APPROVED_AT, lang="en")


class ReplierContract(ABC):
    """What `bot.replies.Replier` promises."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        """A fresh replier with a fresh platform; closes both."""

    # --- what is said ---

    async def test_construction_is_silent(self) -> None:
        """A replier asks the platform nothing before it is used; nor does it for a length or a refusal."""
        async with self.rig() as rig:
            rig.replier.length("hello")
            rig.replier.refusal(rig.to)
            assert rig.requests() == 0, "something was sent before anybody asked for it"

    async def test_a_reply_answers_its_post(self) -> None:
        """It is published once, under the post that it answers; what comes back names it."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to))
            assert rig.said() == ["We are on it, sorry!"], f"the public reads {rig.said()}"
            assert rig.answered() == [rig.to.id], "it answers another post"
            assert published.post_id, "it has no id"
            assert published.at.tzinfo is not None, "a naive time"

    async def test_the_account_is_known(self) -> None:
        """As soon as something was published, whose posts these are is told."""
        async with self.rig() as rig:
            await rig.replier.publish(a_reply(rig.to))
            assert rig.replier.account_id, "nobody's post"

    async def test_text_is_text(self) -> None:
        """Markup, escapes, templates, right-to-left and emoji are published letter by letter.

        A byte order mark before the first is none.
        """
        async with self.rig() as rig:
            for number, text in enumerate(HOSTILE):
                await rig.replier.publish(a_reply(rig.to, text, key=f"reply:{number}"))
                said = rig.said()[-1]
                assert said.lstrip("\ufeff") == text.lstrip("\ufeff"), f"{text!r} became {said!r}"

    async def test_what_fits_is_published_whole(self) -> None:
        """The longest text fits and arrives as it is."""
        async with self.rig() as rig:
            length = length_of(rig.replier, rig.to.id, rig.longest)
            assert length.fits, f"{length} should fit"
            assert length.unit, "a number without a unit"
            await rig.replier.publish(a_reply(rig.to, rig.longest))
            assert rig.said() == [rig.longest], "it was cut, or changed"

    async def test_what_does_not_fit_is_rejected(self) -> None:
        """One letter more is too long, and nothing is too short; neither is published, not even a part."""
        async with self.rig() as rig:
            for text in (rig.longest + "x", ""):
                length = length_of(rig.replier, rig.to.id, text)
                assert not length.fits, f"{length} should not fit"
                error = await failed(rig.replier, a_reply(rig.to, text))
                assert type(error) is Rejected, f"{type(error).__name__}: {error}"
            assert rig.said() == [], "it was published all the same"

    async def test_what_cannot_be_answered_is_said_before(self) -> None:
        """In words of the catalogue; what can be answered has none."""
        async with self.rig() as rig:
            assert not rig.replier.refusal(rig.to), "this post can be answered"
            for post in rig.closed:
                why = rig.replier.refusal(post)
                assert f"refusal.{why}" in ENGLISH.language.messages, f"{why!r} is in no catalogue"

    # --- once ---

    async def test_the_same_again_makes_no_second(self) -> None:
        """Where the platform knows the same reply again, it is one post, whoever tries."""
        async with self.rig() as rig:
            if not rig.replier.is_idempotent:
                return
            reply = a_reply(rig.to)
            tries = [await one.publish(reply) for one in (rig.replier, rig.replier, rig.reborn())]
            assert rig.said() == [reply.text], f"it was published {len(rig.said())} times"
            assert len({published.post_id for published in tries}) == 1, "one post has several ids"

    async def test_two_at_once_make_one(self) -> None:
        """A lease that ran out while its worker lived: both publish in the same moment."""
        async with self.rig() as rig:
            if not rig.replier.is_idempotent:
                return
            reply = a_reply(rig.to)
            await asyncio.gather(*(one.publish(reply) for one in (rig.replier, rig.reborn(), rig.replier)))
            assert rig.said() == [reply.text], f"it was published {len(rig.said())} times"

    async def test_two_replies_are_two_posts(self) -> None:
        """The same words, approved at the same time, under another key are another reply."""
        async with self.rig() as rig:
            first = await rig.replier.publish(a_reply(rig.to, key="reply:17:1"))
            second = await rig.replier.publish(a_reply(rig.to, key="reply:18:1"))
            assert len(rig.said()) == 2, "one of them was lost"
            assert first.post_id != second.post_id, "two posts share an id"

    async def test_a_published_reply_is_found(self) -> None:
        """At once and after a restart, by just this reply; where it cannot be told, that is said."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to))
            for replier in (rig.replier, rig.reborn()):
                found = await looked(rig, replier, a_reply(rig.to))
                assert found is None or found.post_id == published.post_id, "another post was found"
                assert found is not None or not rig.can_find, "it is there and was not found"

    async def test_what_was_never_published_is_not_found(self) -> None:
        """Neither before a first try nor by the reply of somebody else, were it in the same words."""
        async with self.rig() as rig:
            assert await looked(rig, rig.replier, a_reply(rig.to)) is None, "found before it was published"
            await rig.replier.publish(a_reply(rig.to, key="reply:17:1"))
            other = a_reply(rig.to, key="reply:18:1")
            assert await looked(rig, rig.reborn(), other) is None, "the other reply was taken for it"

    # --- what goes wrong ---

    async def test_a_lost_try_is_unknown(self) -> None:
        """Cut, withheld or a 5xx: nobody knows; then looking for it tells the truth."""
        async with self.rig() as rig:
            assert {True, False} == {loss.is_published for loss in rig.losses}, "a rig names both kinds"
        for number in range(len(rig.losses)):
            async with self.rig() as rig:
                await self._lose(rig, rig.losses[number])

    async def _lose(self, rig: ReplierRig, loss: Loss) -> None:
        reply = a_reply(rig.to)
        loss.plant()
        error = await failed(rig.replier, reply)
        assert type(error) is Unknown, f"{loss.name}: {type(error).__name__}: {error}"
        assert len(rig.said()) == loss.is_published, f"{loss.name}: the public reads {rig.said()}"
        found = await looked(rig, rig.reborn(), reply)
        if rig.can_find:
            assert (found is not None) is loss.is_published, f"{loss.name}: found {found}"
        if rig.replier.is_idempotent:
            await rig.replier.publish(reply)
            assert len(rig.said()) == 1, f"{loss.name}: published {len(rig.said())} times"

    async def test_without_a_connection_nothing_is_published(self) -> None:
        """That is sure, so it may be tried again."""
        async with self.rig() as rig:
            async with rig.cut_off():
                error = await failed(rig.replier, a_reply(rig.to))
                assert type(error) is Unavailable, f"{type(error).__name__}: {error}"
            await rig.rest(A_DAY)
            await rig.replier.publish(a_reply(rig.to))
            assert len(rig.said()) == 1, f"it was published {len(rig.said())} times"

    async def test_each_trouble_has_its_name(self) -> None:
        """Whether to wait, to give up, or to call a person is told by the error; and nothing was said."""
        async with self.rig() as rig:
            assert rig.troubles, "a rig names at least one trouble"
        for number in range(len(rig.troubles)):
            async with self.rig() as rig:
                trouble = rig.troubles[number]
                trouble.plant()
                error = await failed(rig.replier, a_reply(rig.to))
                assert type(error) is trouble.becomes, f"{trouble.name}: {type(error).__name__}: {error}"
                assert error.reason is trouble.reason, f"{trouble.name}: {error.reason}"
                assert rig.said() == [], f"{trouble.name}: it was published all the same"

    async def test_the_time_to_wait_is_read(self) -> None:
        """A platform that says when to come back is believed."""
        async with self.rig() as rig:
            told = [trouble for trouble in rig.troubles if trouble.retry_after is not None]
            assert told, "a rig names at least one trouble with a time to wait"
        for trouble in told:
            async with self.rig() as rig:
                next(one for one in rig.troubles if one.name == trouble.name).plant()
                error = await failed(rig.replier, a_reply(rig.to))
                waits = error.retry_after if isinstance(error, Unavailable) else None
                assert waits == trouble.retry_after, f"{trouble.name}: {waits}"

    async def test_it_works_again_after_trouble(self) -> None:
        """What may pass leaves nothing broken behind: the next try publishes, once."""
        async with self.rig() as rig:
            passing = [n for n, trouble in enumerate(rig.troubles) if trouble.becomes is Unavailable]
        for number in passing:
            async with self.rig() as rig:
                rig.troubles[number].plant()
                await failed(rig.replier, a_reply(rig.to))
                await rig.rest(A_DAY)
                replier = rig.replier if number % 2 else rig.reborn()
                await replier.publish(a_reply(rig.to))
                assert len(rig.said()) == 1, rig.troubles[number].name

    async def test_secrets_stay_secret(self) -> None:
        """Neither credentials nor what a platform answered appear in errors, their causes, repr or logs."""
        async with self.rig() as rig:
            assert rig.secrets, "a rig names its secrets"
        for number in range(len(rig.troubles)):
            async with self.rig() as rig, seen_logs() as logs:
                seen = [repr(rig.replier)]
                rig.troubles[number].plant()
                error = await failed(rig.replier, a_reply(rig.to))
                seen += [repr(error), *traceback.format_exception(error), repr(rig.replier), *logs]
                for secret in rig.secrets:
                    assert secret not in "\n".join(seen), f"a secret was shown: …{secret[-4:]}"

    async def test_cancellation_leaves_nothing_open(self) -> None:
        """A try that is called off closes its connection."""
        async with self.rig() as rig:
            rig.stall()
            send = asyncio.create_task(rig.replier.publish(a_reply(rig.to)))
            await until(lambda: rig.requests() > 0)
            await called_off(send)
            assert rig.in_flight() == 0, "the request goes on"

    # --- taking back ---

    async def test_a_reply_can_be_taken_back(self) -> None:
        """It is gone for the public; taking it back again is success, and the others stay."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to, "one", key="reply:17:1"))
            await rig.replier.publish(a_reply(rig.to, "two", key="reply:18:1"))
            for replier in (rig.replier, rig.replier, rig.reborn()):
                await replier.delete(published.post_id)
                assert rig.said() == ["two"], f"the public reads {rig.said()}"
            gone = replace(a_reply(rig.to, "one"), key="reply:17:1")
            assert await looked(rig, rig.replier, gone) is None, "what is gone was found"


class CorrectorContract(ReplierContract):
    """What `bot.replies.Corrector` promises besides. Subclass it instead where the platform allows it."""

    async def test_a_reply_can_be_corrected(self) -> None:
        """In its place, by this program or the next one; the others stay, and nothing new is said."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to, "one", key="reply:17:1"))
            await rig.replier.publish(a_reply(rig.to, "two", key="reply:18:1"))
            for replier, text in ((rig.replier, "uno"), (rig.replier, "uno"), (rig.reborn(), rig.longest)):
                await corrector(replier).correct(published.post_id, a_reply(rig.to, text, key="reply:19:1"))
                assert rig.said() == [text, "two"], f"the public reads {rig.said()}"

    async def test_a_correction_is_text_too(self) -> None:
        """Letter by letter."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to))
            for text in HOSTILE:
                await corrector(rig.replier).correct(published.post_id, a_reply(rig.to, text))
                assert rig.said() == [text], f"{text!r} became {rig.said()}"

    async def test_what_is_gone_or_too_long_is_not_corrected(self) -> None:
        """The platform's no is told as one, and what is public stays as it is."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to, "one"))
            for text in (rig.longest + "x", ""):
                error = await not_corrected(rig.replier, published.post_id, a_reply(rig.to, text))
                assert type(error) is Rejected, f"{type(error).__name__}: {error}"
            assert rig.said() == ["one"], f"the public reads {rig.said()}"
            await rig.replier.delete(published.post_id)
            error = await not_corrected(rig.replier, published.post_id, a_reply(rig.to, "uno"))
            assert type(error) is Rejected, f"{type(error).__name__}: {error}"
            assert rig.said() == [], "what is gone was said again"

    async def test_a_correction_without_a_connection_is_none(self) -> None:
        """It is told, and may be asked for again."""
        async with self.rig() as rig:
            published = await rig.replier.publish(a_reply(rig.to, "one"))
            async with rig.cut_off():
                error = await not_corrected(rig.replier, published.post_id, a_reply(rig.to, "uno"))
                assert type(error) in {Unavailable, Unknown}, f"{type(error).__name__}: {error}"
            assert rig.said() == ["one"], f"the public reads {rig.said()}"
            await rig.rest(A_DAY)
            await corrector(rig.replier).correct(published.post_id, a_reply(rig.to, "uno"))
            assert rig.said() == ["uno"], f"the public reads {rig.said()}"

    async def test_a_lost_correction_may_be_asked_for_again(self) -> None:
        """Nobody knows whether it was made; the same once more says that it is."""
        async with self.rig() as rig:
            assert {True, False} == {loss.is_published for loss in rig.lost_corrections}, "both kinds"
            several = range(len(rig.lost_corrections))
        for number in several:
            async with self.rig() as rig:
                published = await rig.replier.publish(a_reply(rig.to, "one"))
                loss, wanted = rig.lost_corrections[number], a_reply(rig.to, "uno")
                loss.plant()
                error = await not_corrected(rig.replier, published.post_id, wanted)
                assert type(error) is Unknown, f"{loss.name}: {type(error).__name__}: {error}"
                assert rig.said() == ["uno" if loss.is_published else "one"], f"{loss.name}: {rig.said()}"
                await corrector(rig.reborn()).correct(published.post_id, wanted)
                assert rig.said() == ["uno"], f"{loss.name}: the public reads {rig.said()}"


def corrector(replier: Replier) -> Corrector:
    assert isinstance(replier, Corrector), "it cannot correct anything"
    return replier


async def not_corrected(replier: Replier, post_id: str, reply: Outgoing) -> BotError:
    """The error of a correction that must not succeed."""
    try:
        await corrector(replier).correct(post_id, reply)
    except BotError as error:
        return error
    raise AssertionError("nothing was raised")


async def failed(replier: Replier, reply: Outgoing) -> BotError:
    """The error of a publication that must not succeed."""
    try:
        published = await replier.publish(reply)
    except BotError as error:
        return error
    raise AssertionError(f"nothing was raised, and {published} returned")


async def looked(rig: ReplierRig, replier: Replier, reply: Outgoing) -> Published | None:
    """What `find` says; a platform that cannot tell must say so, and never that there is none."""
    if rig.can_find:
        return await replier.find(reply)
    try:
        found = await replier.find(reply)
    except Unknown:
        return None
    raise AssertionError(f"it cannot be known here, and {found} was said")
