"""The account on X: its settings, its signature, what its answers mean, and what the doctor says."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable
from bot.findings import Exam, Health
from bot.model import Account
from bot.testing.x_oauth import Keys
from connectors.x.account import AccountSettings
from connectors.x.examine import examine
from tests.unit.x_stand import NOW, Stand, stand

OURS = (Account(brand="acme", platform="x", handle="@acme"),)
SECRETS = tuple(value for name, value in vars(Keys()).items() if name != "consumer_key")


async def failure(stood: Stand) -> BotError:
    with pytest.raises(BotError) as caught:
        await stood.own.me()
    return caught.value


async def findings(stood: Stand, **more: Any) -> list[tuple[Health, str]]:
    exam = Exam(**{"account": stood.settings, "accounts": OURS, **more})
    found = [one async for one in examine(exam, stood.wiring)]
    return [(one.health, one.says) for one in found if one.about in {"x account", "x budget"}]


def test_an_account_is_whole_or_none() -> None:
    """What is missing is named; nothing at all is fine; prices are prices."""
    assert not AccountSettings().signs_in
    with pytest.raises(ValidationError, match="OUTCARE_X__CONSUMER_KEY and OUTCARE_X__CONSUMER_SECRET"):
        AccountSettings(handle="acme")
    with pytest.raises(ValidationError, match="letters, digits"):
        AccountSettings(handle="acme.example")
    for price in ("-1", "0.0000001", "NaN"):
        with pytest.raises(ValidationError, match="price_per_user"):
            AccountSettings.model_validate({"budget": {"price_per_user": price}})


async def test_the_signature_opens_and_is_paid_for() -> None:
    """By tweepy, against a server that checks it; once for all who ask, and counted."""
    async with stand() as stood:
        me = await stood.own.me()
        assert ("1000", "acme") == (me.id, me.username)
        assert await stood.own.me() is me
        assert stood.server.requests == 1
        assert [10_000] == [bill.spent for bill in stood.bills]


async def test_two_who_ask_at_once_buy_it_once() -> None:
    """Two sources begin in the same moment; and what one is about to pay, the other does not get."""
    async with stand() as stood:
        first, second = await asyncio.gather(stood.own.me(), stood.own.me())
        assert first is second
        assert stood.server.bought == {"user": 1}
    async with stand(budget={"month": "0.01"}) as stood:
        told = await asyncio.gather(*(stood.own.verified() for _ in range(3)), return_exceptions=True)
        assert [Unavailable, Unavailable] == [type(one) for one in told if isinstance(one, Exception)]
        assert stood.server.bought == {"user": 1}


async def test_odd_characters_are_signed_as_they_are_sent() -> None:
    """Colons, plus signs, spaces, quotes and emoji in a query keep the signature right."""
    async with stand() as stood:
        odd = {"query": 'a:b +c "d é" 👩‍👩‍👧 %2B 100% (x OR y) -is:retweet', "at": "2026-11-20T13:05:00Z"}
        answer = await stood.own.api.get("/2/users/me", odd)
        assert answer.status == 200
        assert [odd] == stood.server.queries


async def test_the_owner_is_known_by_the_token() -> None:
    """Before anything was asked; a token of another form tells nothing."""
    async with stand() as stood:
        assert stood.own.known_id == "1000"
    async with stand(access_token="opaque") as stood:
        assert stood.own.known_id is None


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, Rejected, Reason.INVALID),
        (401, Unauthorized, Reason.UNAUTHORIZED),
        (402, Unauthorized, Reason.UNAUTHORIZED),
        (403, Refused, Reason.FORBIDDEN),
        (429, Unavailable, Reason.RATE_LIMITED),
        (302, Unavailable, Reason.PROTOCOL),
        (503, Unavailable, Reason.SERVER),
    ],
)
@pytest.mark.parametrize(
    "body", ["<html>no</html>", '["a list"]', '{"errors": "text"}', '{"errors":[{}]}', ""]
)
async def test_each_status_is_its_error(status: int, kind: type[BotError], reason: Reason, body: str) -> None:
    """Whatever the body is: HTML of a proxy, JSON of another form, nothing."""
    async with stand() as stood:
        stood.server.refuse(status, body=body)
        error = await failure(stood)
        assert (kind, reason) == (type(error), error.reason)


@pytest.mark.parametrize("body", ["<html>", "[]", '{"data": {"id": 7}}', ""])
async def test_a_200_that_is_none(body: str) -> None:
    """It is no account, and nothing was paid for it."""
    async with stand() as stood:
        stood.server.refuse(200, body=body)
        error = await failure(stood)
        assert (Unavailable, Reason.PROTOCOL) == (type(error), error.reason)
        assert stood.bills == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"x-rate-limit-reset": "soon"}, None), ({"x-rate-limit-reset": "1"}, 0), ({"Retry-After": "7"}, 7)],
)
async def test_the_time_to_wait_is_read(headers: dict[str, str], seconds: int | None) -> None:
    """In either header; what cannot be read is nothing."""
    async with stand() as stood:
        stood.server.refuse(429, headers=headers)
        error = await failure(stood)
        assert isinstance(error, Unavailable)
        assert (None if seconds is None else timedelta(seconds=seconds)) == error.retry_after


@pytest.mark.parametrize(
    ("used_up", "seconds"), [((), 90), (("x-user-limit-24hour",), 7200), (("x-app-limit-24hour",), 3600)]
)
async def test_what_a_day_grants_is_waited_for(used_up: tuple[str, ...], seconds: int) -> None:
    """The window of 15 minutes ends sooner, and would be asked in vain."""
    soon, later = int(NOW.timestamp()), {"x-user-limit-24hour": 7200, "x-app-limit-24hour": 3600}
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(soon + 90)}
    for name, wait in later.items():
        headers |= {f"{name}-remaining": "0" if name in used_up else "7", f"{name}-reset": str(soon + wait)}
    async with stand() as stood:
        stood.server.refuse(429, headers=headers)
        error = await failure(stood)
        assert isinstance(error, Unavailable)
        assert timedelta(seconds=seconds) == error.retry_after


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (
            {"title": "SpendCapReached", "type": "https://api.twitter.com/2/problems/credits"},
            "spending limit",
        ),
        ({"title": "Forbidden", "type": "https://api.twitter.com/2/problems/oauth1-permissions"}, "Read and"),
        ({"title": "Client Forbidden", "reason": "client-not-enrolled"}, "a project"),
        ({"title": "Client Forbidden", "type": "https://api.x.com/2/problems/client-forbidden"}, "a project"),
    ],
)
async def test_what_a_person_must_mend_is_not_forbidden(problem: dict[str, str], says: str) -> None:
    """A 403 of the app or its money concerns every request: staff are told, as with a wrong secret."""
    async with stand() as stood:
        stood.server.refuse(403, body=json.dumps(problem))
        error = await failure(stood)
        assert isinstance(error, Unauthorized)
        assert says in str(error)


async def test_a_window_that_is_used_up_names_its_end() -> None:
    """The platform's own 429: x-rate-limit-reset is a time."""
    async with stand() as stood:
        stood.server.granted = 0
        error = await failure(stood)
        assert isinstance(error, Unavailable)
        assert timedelta(minutes=10) == error.retry_after


async def test_no_secret_comes_out(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in errors and their causes nor in a repr; tweepy's own log lines are kept back by bot.log."""
    caplog.set_level(logging.WARNING)
    async with stand() as stood:
        seen = [repr(stood.settings), repr(stood.own)]
        for status in (400, 401, 403, 429, 500):
            stood.server.refuse(status, body="planted-in-a-body")
            error = await failure(stood)
            seen += [repr(error), *traceback.format_exception(error)]
        text = "\n".join([*seen, caplog.text])
        assert not [one for one in (*SECRETS, "planted-in-a-body") if one in text]


async def test_the_doctor_knows_the_account() -> None:
    """Whose it is, and what is spent."""
    async with stand() as stood:
        told = await findings(stood)
        assert [Health.FINE, Health.FINE] == [health for health, _ in told]
        assert told[0][1] == "0.01 USD of 50.00 USD are spent in 2026-11"
        assert told[1][1] == f"signed in as @acme at {stood.server.host}"
        assert [] == await findings(stood, account=AccountSettings())


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ({"is_revoked": True}, "answered 401"),
        ({"is_depleted": True}, "no credits left"),
        ({"has_spent_all": True}, "spending limit"),
        ({"owner": "globex"}, "is that of @globex"),
        ({"granted": 0}, "cannot sign in"),
    ],
)
async def test_the_doctor_says_what_is_wrong(harm: dict[str, Any], says: str) -> None:
    """Revoked, out of credits, somebody else's, not now."""
    async with stand() as stood:
        for name, value in harm.items():
            setattr(stood.server, name, value)
        health, said = (await findings(stood))[-1]
        assert health is Health.MEND
        assert says in said


async def test_the_doctor_knows_whose_it_is() -> None:
    """An account that the brand does not have, or that a rival has."""
    async with stand() as stood:
        assert "not among the brand's accounts" in (await findings(stood, accounts=()))[-1][1]
        rival = await findings(stood, rivals=frozenset({"acme"}))
        assert "of the rival acme" in rival[-1][1]


async def test_somebody_elses_token_does_nothing() -> None:
    """An error that a person must see to."""
    async with stand() as stood:
        stood.server.owner = "globex"
        assert "is that of @globex" in str(await failure(stood))
