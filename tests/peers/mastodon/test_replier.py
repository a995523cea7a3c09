"""The suite for repliers on a real server of the Mastodon API, through a line that breaks and with faults of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable, Unknown
from bot.replies import Replier
from bot.testing.loopback import Refuse
from bot.testing.notifier_contract import Trouble
from bot.testing.replier_contract import CorrectorContract, Loss, ReplierRig, a_reply
from bot.vault import MemoryVault
from connectors.mastodon.replier import STATUSES, MastodonReplier
from connectors.mastodon.wording import ROOM
from tests.peers.mastodon.people import Person
from tests.peers.mastodon.server import DOMAIN, Server
from tests.peers.mastodon.stand import Stand, a_question, stand

pytestmark = pytest.mark.timeout(300)
PATIENCE = 2.0
"""Seconds: what lies between is a real server."""
LONGEST = 500
NOT_DONE: dict[str, tuple[str, dict[str, Any]]] = {
    "500": ("status", {"status": 500}),
    "503": ("status", {"status": 503, "headers": {"Retry-After": "1"}}),
    "nonsense": ("malformed", {}),
    "timeout": ("timeout", {}),
}
"""The server's own faults of which nobody knows what they did: nothing."""


def troubles(here: Stand, asked: str) -> tuple[Trouble, ...]:
    """Every way in which nothing was published, and the server says so."""

    def fault(on: str, kind: str = "status", *, method: str = "GET", **effect: Any) -> Callable[[], None]:
        return lambda: here.server.fail(kind, on=on, method=method, **effect)

    def told(
        name: str, plant: Callable[[], None], error: type[BotError], why: Reason, wait: int = 0
    ) -> Trouble:
        after = timedelta(seconds=wait) if wait else None
        return Trouble(name=name, plant=plant, becomes=error, reason=why, retry_after=after)

    def write(status: int) -> Callable[[], None]:
        return fault(STATUSES, method="POST", status=status)

    me, post = "/api/v1/accounts/verify_credentials", f"{STATUSES}/{asked}"
    return (
        told("write 429", fault(STATUSES, "ratelimit", method="POST"), Unavailable, Reason.RATE_LIMITED, 300),
        told("write 403", write(403), Rejected, Reason.FORBIDDEN),
        told("write 422", write(422), Rejected, Reason.INVALID),
        told("write 401", write(401), Unauthorized, Reason.UNAUTHORIZED),
        told("read 429", fault(post, "ratelimit"), Unavailable, Reason.RATE_LIMITED, 300),
        told("read 503", fault(post, status=503), Unavailable, Reason.SERVER),
        told("read nonsense", fault(post, "malformed"), Unavailable, Reason.PROTOCOL),
        told("me 503", fault(me, status=503), Unavailable, Reason.SERVER),
        told("edited", lambda: here.ann.edit(asked, "is it up?"), Rejected, Reason.CONFLICT),
        told("deleted", lambda: here.ann.delete(asked), Rejected, Reason.NOT_FOUND),
    )


def losses(here: Stand, method: str, on: str) -> tuple[Loss, ...]:
    """Every way in which nobody knows: before the server heard of it by its own faults, after by the line."""

    def before(kind: str, effect: dict[str, Any]) -> Callable[[], None]:
        def plant() -> None:
            here.server.fail(kind, on=on, method=method, **effect)
            here.http.patience = PATIENCE if kind == "timeout" else None

        return plant

    def after(how: str | int) -> Callable[[], None]:
        def plant() -> None:
            here.line.mishap(how, is_done=True)
            here.http.patience = PATIENCE if how == "withhold" else None

        return plant

    nothing = [Loss(name=name, plant=before(*one), is_published=False) for name, one in NOT_DONE.items()]
    done = [Loss(name=f"{how}", plant=after(how), is_published=True) for how in ("cut", "withhold", 502, 200)]
    return (*nothing, *done)


@asynccontextmanager
async def real_replier(server: Server) -> AsyncIterator[ReplierRig]:
    async with stand(server) as here:
        asked, vault = here.ann.post(f"@{here.brand.name} is it down?"), MemoryVault()
        front = f"@{here.ann.name} "
        before = here.http.requests
        corrections = losses(here, "PUT", f"{STATUSES}/*")
        try:
            yield ReplierRig(
                replier=MastodonReplier(here.settings, here.wiring(vault)),
                reborn=lambda: MastodonReplier(here.settings, here.wiring(vault)),
                to=a_question(here, asked),
                said=lambda: [
                    words(one, server, here.brand).removeprefix(front) for one in here.brand.said()
                ],
                answered=lambda: [here.id(one["in_reply_to_id"]) for one in here.brand.said()],
                longest=f"{'é' * 100} ".ljust(LONGEST - ROOM, "w"),
                troubles=troubles(here, asked),
                losses=losses(here, "POST", STATUSES),
                lost_corrections=tuple(
                    one for one in corrections if one.name != "cut"
                ),  # aiohttp sends a PUT again
                cut_off=here.line.away,
                stall=lambda: here.line.faults.append(Refuse(status=0)),
                requests=lambda: here.http.requests - before,
                in_flight=lambda: here.http.in_flight,
                secrets=(here.brand.token,),
                rest=here.clock.advance,
            )
        finally:
            server.calm()


def words(status: dict[str, Any], server: Server, person: Person) -> str:
    """As they were written."""
    path = f"{STATUSES}/{status['id']}/source"
    return str(server.call("GET", path, token=person.token)["text"])


class TestRealServer(CorrectorContract):
    """Every rule of the suite; fresh accounts each time."""

    @pytest.fixture(autouse=True)
    def _on(self, server: Server) -> None:
        self._server = server

    def rig(self) -> AbstractAsyncContextManager[ReplierRig]:
        return real_replier(self._server)


async def test_the_key_is_honoured(server: Server) -> None:
    """The same reply, sent again by a program that forgot everything: one post, and it is that one."""
    async with stand(server) as here:
        asked = here.ann.post(f"@{here.brand.name} is it down?")
        reply = a_reply(a_question(here, asked))
        first, second = [await MastodonReplier(here.settings, here.wiring()).publish(reply) for _ in range(2)]
        assert first.post_id == second.post_id
        assert 1 == len(here.brand.said())


@pytest.mark.parametrize("is_gone", [True, False])
@pytest.mark.parametrize("is_done", [True, False])
async def test_a_lost_answer_is_found_in_the_thread(server: Server, is_done: bool, is_gone: bool) -> None:
    """By a program that forgot everything, also when the question is gone meanwhile."""
    async with stand(server) as here:
        asked = here.ann.post(f"@{here.brand.name} is it down?")
        reply = a_reply(a_question(here, asked))
        here.line.mishap("cut", is_done=is_done)
        with pytest.raises(Unknown):
            await MastodonReplier(here.settings, here.wiring()).publish(reply)
        if is_gone:
            here.ann.delete(asked)
        found = await MastodonReplier(here.settings, here.wiring()).find(reply)
        assert is_done == (found is not None)
        assert ([found.post_id] if found else []) == [here.id(one["id"]) for one in here.brand.said()]


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
async def test_nobody_else_sees_it(server: Server, visibility: str) -> None:
    """An answer is as private as the question, with its content warning; and Ann is told."""
    async with stand(server) as here:
        asked = here.ann.post(f"@{here.brand.name} food!", visibility=visibility, spoiler_text="food")
        await MastodonReplier(here.settings, here.wiring()).publish(a_reply(a_question(here, asked)))
        (ours,) = here.ann.answers(asked)
        assert (visibility, "food", asked) == (
            ours["visibility"],
            ours["spoiler_text"],
            ours["in_reply_to_id"],
        )
        assert [here.ann.acct] == [f"{one['acct']}@{DOMAIN}" for one in ours["mentions"]]
        assert ["mention"] == here.ann.told()


async def test_an_answer_is_corrected_and_taken_back(server: Server) -> None:
    """In place; and then it is gone. What is gone already is as good."""
    async with stand(server) as here:
        asked = here.ann.post(f"@{here.brand.name} is it down?")
        replier: Replier = MastodonReplier(here.settings, here.wiring())
        assert isinstance(replier, MastodonReplier)
        reply = a_reply(a_question(here, asked))
        published = await replier.publish(reply)
        await replier.correct(published.post_id, replace(reply, text="It is up again"))
        (ours,) = here.brand.said()
        assert f"<p>@{here.ann.name} It is up again</p>" == ours["content"]
        assert ours["edited_at"]
        for _ in range(2):
            await replier.delete(published.post_id)
            assert [] == here.brand.said()
