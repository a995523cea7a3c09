"""The account on a Mastodon server: its settings, whose token it is, the server's own numbers and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from bot.errors import Reason, Refused, Rejected, Unauthorized, Unavailable
from bot.findings import Exam, Finding, Health
from bot.model import Account
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, OLD_MASTODON, PLEROMA, Manners
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.api import older, reset
from connectors.mastodon.examine import examine
from connectors.mastodon.server import Instance, Terms, terms_of
from connectors.mastodon.timelines import Settings
from tests.unit.mastodon_stand import ACME, TOKEN, Stand, settings, stand

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
NOTIFICATIONS = "/api/v1/notifications"


@pytest.mark.parametrize(
    ("given", "server", "handle"),
    [
        ("https://Mastodon.example/", "https://mastodon.example", "acme@mastodon.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "acme@mastodon.example"),
    ],
)
def test_an_account_is_written_in_several_ways(given: str, server: str, handle: str) -> None:
    """Capitals, an @ in front and a slash at the end make no difference."""
    made = AccountSettings(server=given, handle="@Acme@Mastodon.example", token=SecretStr("t"))
    assert (server, handle, True) == (made.server, made.handle, made.signs_in)
    assert not AccountSettings().signs_in


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"server": "https://a.example"}, "its handle and OUTCARE_MASTODON__TOKEN are missing"),
        ({"server": "https://a.example", "handle": "a"}, "OUTCARE_MASTODON__TOKEN is missing"),
        ({"server": "a.example"}, "write it like https://mastodon.example"),
        ({"server": "https://a.example/web"}, "write it like https://mastodon.example"),
        ({"handle": "acme@"}, "write it like acme@mastodon.example"),
        ({"every": "1s"}, "5s or longer"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, str], said: str) -> None:
    """In a line that tells what to do."""
    with pytest.raises(ValidationError, match=said):
        AccountSettings.model_validate(given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T09:00:30.123456Z", timedelta(seconds=30, microseconds=123456)),
        ("2026-01-05T08:00:00Z", timedelta(0)),
        (str(int(NOW.timestamp()) + 90), timedelta(seconds=90)),
        ("45", timedelta(seconds=45)),
        ("2099-01-01T00:00:00Z", timedelta(days=1)),
        ("soon", None),
        ("", None),
    ],
)
def test_the_time_of_the_next_requests(text: str, expected: timedelta | None) -> None:
    """A date (Mastodon, Pleroma) or seconds (GoToSocial)."""
    assert expected == reset(text, NOW)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ('<https://a.example/x?max_id=5>; rel="next", <https://a.example/x?min_id=9>; rel="prev"', "5"),
        ('<https://a.example/x?min_id=9>; rel="prev"', None),
        ("<https://a.example/x?limit=80&max_id=01J,9>; rel=next", "01J,9"),
        ('<https://a.example/x?max_id=5>; title="a, b"; rel="next"', "5"),
        ("<//[broken?max_id=5>; rel=next", ""),
        ("<https://a.example/x?cursor=5>; rel=next", ""),
        ("nonsense", None),
        ("", None),
    ],
)
def test_where_the_next_page_begins(links: str, expected: str | None) -> None:
    """Only the id is taken of a `Link`."""
    assert expected == older(links)


@pytest.mark.parametrize(
    ("manners", "terms"),
    [
        (
            MASTODON,
            Terms(domain="social.test", software="4.5.0", has_quotes=True, has_many_streams=True),
        ),
        (OLD_MASTODON, Terms(domain="social.test", software="3.4.10")),
        (GOTOSOCIAL, Terms(domain="social.test", software="0.20.2+git", longest=5000, per_url=25)),
        (PLEROMA, Terms(domain="social.test", software="2.7.2 (compatible; Pleroma 2.9.1)", longest=5000)),
    ],
)
async def test_a_server_tells_its_own_numbers(manners: Manners, terms: Terms) -> None:
    """By the newer endpoint or by the older one, and is asked once in six hours."""
    async with stand(manners) as it:
        assert Terms(domain=it.server.host) == it.own.known_terms
        assert terms == await it.own.terms() == await it.own.terms() == it.own.known_terms
        asked = len(it.server.asked)
        await it.clock.advance(7 * 3600)
        it.server.refuse(503)
        assert terms == await it.own.terms()  # what it said last holds on
        await it.own.terms()
        assert 2 * asked == len(it.server.asked)


def test_odd_numbers_are_left_out() -> None:
    """What cannot be read counts as Mastodon's own."""
    odd = b'{"uri":"https://Pleroma.example/","configuration":{"statuses":{"max_characters":"many"}}}'
    assert Terms(domain="pleroma.example") == terms_of(msgspec.json.decode(odd, type=Instance), "host")
    nothing = b'{"version":"1\\u202e2","configuration":null,"api_versions":[],"max_toot_chars":-1}'
    assert Terms(domain="host", software="12") == terms_of(
        msgspec.json.decode(nothing, type=Instance), "host"
    )


async def test_a_server_that_tells_nothing_is_taken_for_mastodon() -> None:
    """One that keeps its numbers to itself can be used all the same; one that is down cannot."""
    async with stand() as it:
        it.server.refuse(404, times=2)
        assert Terms(domain=it.server.host) == await it.own.terms()
    async with stand() as it:
        it.server.refuse(503)
        with pytest.raises(Unavailable):
            await it.own.terms()


async def test_whose_token_it_is() -> None:
    """By its name with the server's domain, whatever the server's host is; asked for once."""
    async with stand() as it:
        me = await it.own.me()
        assert (ACME, "public", me) == (me.acct, me.privacy, await it.own.me())
        assert 1 == it.server.asked.count("GET /api/v1/accounts/verify_credentials")


async def test_a_token_of_somebody_else_does_nothing() -> None:
    """Better silent than by another name."""
    async with stand() as it:
        it.server.sign_in(TOKEN, "other")
        with pytest.raises(Unauthorized, match=r"that of @other@social\.test, and @acme@social\.test is"):
            await it.own.me()


async def test_tokens_that_do_not_open() -> None:
    """Revoked, or without the scope: in a header (Mastodon), or in words. Any other 403 is no token's."""
    async with stand() as it:
        it.server.revoke(TOKEN)
        with pytest.raises(Unauthorized, match="answered 401"):
            await it.own.me()
    async with stand(scopes="write") as it:
        with pytest.raises(Unauthorized, match="may not even ask"):
            await it.own.me()
        error = (await it.own.get(NOTIFICATIONS)).error()
        assert (Unauthorized, False) == (type(error), "scopes" in str(error))
    async with stand() as it:
        it.server.refuse(403, body='{"error":"token has insufficient scope permission"}')
        assert Unauthorized is type((await it.own.get(NOTIFICATIONS)).error())
        it.server.refuse(403, body="<html>Forbidden</html>")
        assert Refused is type((await it.own.get(NOTIFICATIONS)).error())


@pytest.mark.parametrize("manners", [MASTODON, GOTOSOCIAL])
async def test_what_is_used_up_is_not_asked_for(manners: Manners) -> None:
    """Until the time that the server named; reading leaves some requests to those who answer."""
    async with stand(manners) as it:
        it.server.granted.most = 25
        for _ in range(5):
            await it.own.get(NOTIFICATIONS, spare=20)
        with pytest.raises(Unavailable) as caught:
            await it.own.get(NOTIFICATIONS, spare=20)
        assert (Reason.RATE_LIMITED, True) == (caught.value.reason, caught.value.unsent)
        assert timedelta(minutes=5) == caught.value.retry_after
        for _ in range(20):
            assert 200 == (await it.own.get(NOTIFICATIONS)).status
        with pytest.raises(Unavailable):
            await it.own.get(NOTIFICATIONS)
        assert 25 == len(it.server.asked)
        await it.clock.advance(301)
        assert 200 == (await it.own.get(NOTIFICATIONS, spare=20)).status


async def test_a_429_closes_until_it_says() -> None:
    """`Retry-After`, else the reset; without either only this request is lost."""
    async with stand() as it:
        it.server.refuse(429, headers={"X-RateLimit-Reset": "2026-01-05T09:01:00Z"})
        error = (await it.own.get(NOTIFICATIONS)).error()
        assert isinstance(error, Unavailable)
        assert timedelta(minutes=1) == error.retry_after
        with pytest.raises(Unavailable):
            await it.own.get(NOTIFICATIONS)
        assert 1 == it.server.requests
        await it.clock.advance(60)
        it.server.refuse(429)
        assert 429 == (await it.own.get(NOTIFICATIONS)).status
        assert 200 == (await it.own.get(NOTIFICATIONS)).status


async def test_an_answer_that_is_no_json() -> None:
    """An HTML page with status 200 is somebody in between."""
    async with stand() as it:
        it.server.refuse(200, body="<html>Please log in</html>")
        with pytest.raises(Unavailable) as caught:
            await it.own.read(NOTIFICATIONS, list[str])
        assert Reason.PROTOCOL is caught.value.reason
        it.server.refuse(404)
        with pytest.raises(Rejected):
            await it.own.read(NOTIFICATIONS, list[str])


# --- the doctor -----------------------------------------------------------------------------------


async def found(it: Stand, *accounts: Account, handle: str = ACME) -> list[Finding]:
    exam = Exam(account=settings(it.server, handle), accounts=accounts, rivals=frozenset({"globex"}))
    return [finding async for finding in examine(exam, it.wiring)]


def of(brand: str, handle: str = ACME) -> Account:
    return Account(brand=brand, platform="mastodon", handle=handle)


async def test_the_doctor_asks_for_what_is_read() -> None:
    """Each list of each server, without an account; one that wants an account is named."""
    async with stand() as it:
        source = Settings(servers=(it.server.url,), hashtags=("acme", "lift"), local=True)

        async def told() -> Finding:
            (finding,) = [one async for one in examine(Exam(source=source), it.wiring)]
            return finding

        finding = await told()
        assert (Health.FINE, "shows #acme, #lift, local") == (finding.health, finding.says)
        it.server.refuse(422, path="/tag/lift")
        assert "shows #lift to nobody without an account (422)" == (await told()).says
        it.server.refuse(404, path="/tag/acme")
        assert "does not show #acme" in (await told()).says
        it.server.refuse(404)
        await it.server.stop()
        assert "cannot connect" in (await told()).says


async def test_the_doctor_is_content() -> None:
    """It says who is signed in where, and how long a post may be; it changed nothing."""
    async with stand() as it:
        (finding,) = await found(it, of("acme"))
        assert Health.FINE is finding.health
        assert f"@{ACME} at {it.server.host} (4.5.0); a post holds 500" in finding.says
        assert {"GET"} == {asked.partition(" ")[0] for asked in it.server.asked}


async def test_the_doctor_knows_nothing_of_what_is_not_configured() -> None:
    """No account, no finding."""
    async with stand() as it:
        assert [] == [one async for one in examine(Exam(account=AccountSettings()), it.wiring)]


@pytest.mark.parametrize(
    ("accounts", "handle", "said"),
    [
        ([], ACME, "is not among the brand's accounts"),
        ([of("globex")], ACME, "of the rival globex"),
        ([of("acme")], "other", "and @other is configured"),
    ],
)
async def test_the_doctor_sees_who_it_is(accounts: list[Account], handle: str, said: str) -> None:
    """Answers of an account that nobody knows as the brand's would go unseen."""
    async with stand() as it:
        finding = (await found(it, *accounts, handle=handle))[-1]
        assert (Health.MEND, True) == (finding.health, said in finding.says)


async def test_the_doctor_tries_the_token() -> None:
    """Revoked, without the scopes, or nobody there."""
    async with stand() as it:
        it.server.revoke(TOKEN)
        (finding,) = await found(it, of("acme"))
        assert (Health.MEND, True) == (finding.health, "OUTCARE_MASTODON__TOKEN" in finding.do)
    async with stand() as it:
        it.server.refuse(403, path="notifications")
        told = await found(it, of("acme"))
        assert ["cannot read its notifications" in one.says for one in told] == [False, True]
    async with stand() as it:
        await it.server.stop()
        (finding,) = await found(it, of("acme"))
        assert (Health.MEND, True) == (finding.health, "cannot sign in" in finding.says)
