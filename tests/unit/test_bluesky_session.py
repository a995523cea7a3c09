"""The account's session: kept, renewed, shared, and never a storm of logins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.pds_server import PdsServer
from bot.vault import FileVault, MemoryVault, Vault
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.kept import LIMITS
from connectors.bluesky.session import NAME, Session

DID, HANDLE, PASSWORD = "did:plc:acme", "acme.test", "aaaa-bbbb-cccc-dddd"
GET = "com.atproto.server.getSession"


@dataclass
class Stand:
    """A server, a clock that stands still, and sessions as a daemon makes them."""

    server: PdsServer
    clock: ManualClock
    http: HttpClient
    vault: Vault

    def session(self, password: str = PASSWORD, handle: str = HANDLE, service: str = "") -> Session:
        settings = AccountSettings(
            handle=handle, app_password=SecretStr(password), service=service or self.server.url
        )
        return Session(settings, Wiring(http=self.http, clock=self.clock, vault=self.vault))

    @property
    def counted(self) -> tuple[int, int]:
        """Logins and renewals."""
        return self.server.sessions.logins, self.server.sessions.renewals


@asynccontextmanager
async def stand(vault: Vault | None = None) -> AsyncIterator[Stand]:
    clock = ManualClock()
    http = HttpClient(clock)
    async with PdsServer(clock) as server:
        server.account(DID, HANDLE, PASSWORD)
        try:
            yield Stand(server, clock, http, vault or MemoryVault())
        finally:
            await http.close()


async def failure(session: Session) -> BotError:
    with pytest.raises(BotError) as caught:
        await session.signed_in()
    return caught.value


async def test_many_who_need_it_sign_in_once() -> None:
    """Also those with a session of their own on the same vault."""
    async with stand() as here:
        sessions = [here.session() for _ in range(3)] * 7
        assert [DID] * 21 == await asyncio.gather(*(session.signed_in() for session in sessions))
        assert (1, 0) == here.counted
        assert (DID, HANDLE, here.server.url) == (sessions[0].did, sessions[0].handle, sessions[0].server)


async def test_a_restart_needs_no_login(tmp_path: Path) -> None:
    """What was kept in the folder is used again, for as long as it opens."""
    async with stand(FileVault(tmp_path)) as here:
        await here.session().signed_in()
        here.vault = FileVault(tmp_path)
        answer = await here.session().query(GET)
        assert (200, (1, 0)) == (answer.status, here.counted)
    assert PASSWORD.encode() not in (tmp_path / NAME).read_bytes()


async def test_it_is_renewed_before_it_ends() -> None:
    """Once for all who ask; the old one was still good."""
    async with stand() as here:
        first, second = here.session(), here.session()
        await asyncio.gather(first.signed_in(), second.signed_in())
        await here.clock.advance(timedelta(hours=1, minutes=56).total_seconds())
        answers = await asyncio.gather(*(one.query(GET) for one in (first, second) * 5))
        assert ({200}, (1, 1)) == ({answer.status for answer in answers}, here.counted)


async def test_what_has_ended_is_renewed_and_asked_again() -> None:
    """`ExpiredToken`: the server's word counts for more than our clock."""
    async with stand() as here:
        session = here.session()
        await session.signed_in()
        here.server.sessions.expire()
        answers = await asyncio.gather(*(session.query(GET) for _ in range(5)))
        assert ({200}, (1, 1)) == ({answer.status for answer in answers}, here.counted)


async def test_a_server_that_takes_no_token_is_asked_twice() -> None:
    """Not for ever: an error comes out, and it says to wait."""
    async with stand() as here:
        session = here.session()
        await session.signed_in()
        body = '{"error": "ExpiredToken", "message": "no"}'
        here.server.refuse(400, times=2, path="getSession", body=body)
        with pytest.raises(Unavailable):
            await session.read(GET, (), dict)
        assert (1, 1) == here.counted


async def test_a_lost_renewal_costs_no_login() -> None:
    """The old refresh token leads to the same successor for a while."""
    async with stand() as here:
        session = here.session()
        await session.signed_in()
        await here.clock.advance(timedelta(hours=3).total_seconds())
        kept = here.vault.read(NAME)
        assert kept is not None
        await session.signed_in()
        here.vault.write(NAME, kept)  # as if the answer had never come
        assert DID == await here.session().signed_in()
        assert (1, 2) == here.counted


async def test_a_revoked_session_signs_in_anew() -> None:
    """Another app password, or a changed one, is a matter of one login."""
    async with stand() as here:
        session = here.session()
        await session.signed_in()
        here.server.sessions.revoke()
        assert 200 == (await session.query(GET)).status
        assert (2, 1) == here.counted


async def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    """Whoever asks, and after a restart; another password is tried at once."""
    async with stand(FileVault(tmp_path)) as here:
        session = here.session("wrong")
        errors = [await failure(one) for one in (session, session, here.session("wrong"))]
        assert {Unauthorized} == {type(error) for error in errors}
        assert (1, 0) == here.counted
        assert "wrong" not in "".join(map(str, errors))
        await here.clock.advance(timedelta(days=30).total_seconds())
        await failure(here.session("wrong"))
        assert (1, 0) == here.counted
        assert DID == await here.session().signed_in()


async def test_another_handle_is_another_account() -> None:
    """What is kept of one is not used for the other."""
    async with stand() as here:
        here.server.account("did:plc:other", "other.test", "eeee-ffff-gggg-hhhh")
        await here.session().signed_in()
        other = here.session("eeee-ffff-gggg-hhhh", "other.test")
        assert "did:plc:other" == await other.signed_in()


@pytest.mark.parametrize(
    ("name", "word"), [("AuthFactorTokenRequired", "e-mail"), ("AccountTakedown", "AccountTakedown")]
)
async def test_what_the_account_is_told_is_said(name: str, word: str) -> None:
    """That it is closed may pass: it is asked again after a rest; a main password is not tried again."""
    async with stand() as here:
        here.server.sessions.holders[DID].trouble = name
        error = await failure(here.session())
        assert (Unauthorized, True) == (type(error), word in str(error))
        here.server.sessions.holders[DID].trouble = ""
        await here.clock.advance(3600)
        session = here.session()
        if name == "AccountTakedown":
            assert DID == await session.signed_in()
        else:
            assert Unauthorized is type(await failure(session))


@pytest.mark.parametrize("status", [400, 401])
async def test_a_proxy_that_says_no_is_not_the_platform(status: int) -> None:
    """A person is told; the password itself was not refused, and is tried again after a rest."""
    async with stand() as here:
        here.server.refuse(status, path="createSession", body="<html>please log in</html>")
        assert Unauthorized is type(await failure(here.session()))
        await here.clock.advance(3600)
        assert DID == await here.session().signed_in()


@pytest.mark.parametrize("how", ["restart", "same"])
async def test_there_is_never_a_storm(how: str, tmp_path: Path) -> None:
    """A server in trouble, and a daemon that is started over and over: ever fewer logins, far below its limit."""
    async with stand(FileVault(tmp_path)) as here:
        session = here.session()
        here.server.faults.extend([Refuse(status=502, path="createSession")] * 1000)
        for _ in range(300):  # five minutes
            if how == "restart":
                here.vault = FileVault(tmp_path)
                session = here.session()
            await failure(session)
            await here.clock.advance(1)
        assert 2 <= here.server.requests <= 10


async def test_a_network_that_is_away_costs_no_login() -> None:
    """For hours nobody can be reached; a minute after it is there again, we are signed in."""
    async with stand() as here:
        async with here.server.away():
            session = here.session()
            for _ in range(3 * 60):
                await failure(session)
                await here.clock.advance(61)
        assert DID == await session.signed_in()
        assert 1 == here.counted[0]


async def test_logins_are_counted_before_they_are_tried(tmp_path: Path) -> None:
    """Somebody takes our sessions away again and again: people's own logins have room beside ours."""
    async with stand(FileVault(tmp_path)) as here:
        failed = 0
        for _ in range(3 * LIMITS[0][1]):
            here.vault = FileVault(tmp_path)
            try:
                await here.session().query(GET)
            except Unavailable as error:
                failed += error.retry_after is not None
            here.server.sessions.revoke()
        assert (LIMITS[0][1], True) == (here.counted[0], failed > 0)
        await here.clock.advance(301)
        assert 200 == (await here.session().query(GET)).status


async def test_a_limit_is_kept_to() -> None:
    """`ratelimit-reset`: until then nobody is asked, and who wants to know is told when."""
    async with stand() as here:
        reset = int(here.clock.now().timestamp()) + 200
        here.server.refuse(429, path="createSession", headers={"ratelimit-reset": str(reset)})
        first = await failure(here.session())
        assert isinstance(first, Unavailable)
        assert (Reason.RATE_LIMITED, timedelta(seconds=200)) == (first.reason, first.retry_after)
        await here.clock.advance(150)
        second = await failure(here.session())
        assert isinstance(second, Unavailable)
        assert (1, timedelta(seconds=50)) == (here.server.requests, second.retry_after)
        await here.clock.advance(51)
        assert DID == await here.session().signed_in()


async def test_a_renewal_that_fails_is_no_reason_to_stop() -> None:
    """What is about to end is still good; then it is an error, and no login is tried for it."""
    async with stand() as here:
        session = here.session()
        await session.signed_in()
        await here.clock.advance(timedelta(hours=1, minutes=56).total_seconds())
        here.server.faults.extend([Refuse(status=502, path="refreshSession")] * 2)
        assert 200 == (await session.query(GET)).status
        await here.clock.advance(300)
        error = await failure(session)
        assert (Unavailable, Reason.SERVER, 1) == (type(error), error.reason, here.counted[0])
        await here.clock.advance(60)
        assert 200 == (await session.query(GET)).status
        assert 1 == here.counted[0]


async def test_it_moves_to_where_the_account_lives() -> None:
    """The DID document names the account's server; what is asked from then on goes there."""
    async with stand() as here, PdsServer(here.clock) as home:
        home.sessions = here.server.sessions
        here.server.endpoint = home.url
        session = here.session(service=here.server.url)
        wiring = Wiring(http=_Open(here.clock), clock=here.clock, vault=here.vault)
        open_session = Session(_settings(here.server.url), wiring)
        assert 200 == (await open_session.query(GET)).status
        assert (["getSession"], home.url) == (
            [one.rpartition(".")[2] for one in home.asked],
            open_session.server,
        )
        with pytest.raises(Rejected) as caught:  # another place on loopback is nobody's that was configured
            await session.query(GET)
        assert Reason.FORBIDDEN is caught.value.reason
        await wiring.http.close()  # type: ignore[attr-defined]


class _Open(HttpClient):
    def guarded(self, allow: object = ()) -> HttpClient:
        return self


def _settings(service: str) -> AccountSettings:
    return AccountSettings(handle=HANDLE, app_password=SecretStr(PASSWORD), service=service)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"name": 1}', b"\xff\xfe", b'{"name":"x","salt":"","mark":""}']
)
async def test_what_is_kept_may_be_damaged(content: bytes) -> None:
    """Then we sign in."""
    async with stand() as here:
        here.vault.write(NAME, content)
        assert DID == await here.session().signed_in()


async def test_a_full_disk_is_an_error_of_ours() -> None:
    """Without a place for the session nobody signs in: it would be a login at each start."""

    class Full(MemoryVault):
        def write(self, name: str, content: bytes) -> None:
            raise OSError(28, "No space left on device")

    async with stand(Full()) as here:
        error = await failure(here.session())
        assert (Unavailable, Reason.STORAGE, 0) == (type(error), error.reason, here.counted[0])


@pytest.mark.parametrize("body", ["", "[]", '{"did": "did:plc:x"}', "<html>hello</html>"])
async def test_a_200_that_is_no_session(body: str) -> None:
    """A captive portal, a proxy: protocol, and later again."""
    async with stand() as here:
        here.server.refuse(200, path="createSession", body=body)
        error = await failure(here.session())
        assert (Unavailable, Reason.PROTOCOL) == (type(error), error.reason)


@pytest.mark.parametrize(
    "values",
    [
        {"handle": "acme.test"},
        {"app_password": "x"},
        {"handle": "acme", "app_password": "x"},
        {"handle": "acme.test", "app_password": ""},
        {"handle": "acme.test", "app_password": "x", "service": "bsky.social"},
        {"handle": "acme.test", "app_password": "x", "service": "https://bsky.social/xrpc"},
        {"handle": "acme.test", "app_password": "x", "every": "1s"},
    ],
)
def test_settings_that_cannot_be(values: dict[str, str]) -> None:
    """Half an account, half a handle, an address with a path."""
    with pytest.raises(ValueError, match=r"."):
        AccountSettings.model_validate(values)


def test_settings_as_people_write_them() -> None:
    """`@` and capitals are left out; nothing at all is no account."""
    given = AccountSettings.model_validate({"handle": "@Acme.Test", "app_password": "x", "every": "1m"})
    assert ("acme.test", timedelta(minutes=1), True) == (given.handle, given.every, given.signs_in)
    assert "x" not in repr(given.app_password)
    assert not AccountSettings().signs_in
