"""Who gets in: sessions, one-time links, the password, forged requests, other names."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import ConfigError
from bot.web.door import is_open, local
from bot.web.login import MOST_WRONG
from bot.web.page import Face
from bot.web.sessions import LINK_LASTS, SESSION_LASTS, Sessions, key_beside
from tests.integration import store_samples as s
from tests.integration.page_world import PASSWORD, World, browser, world

FILLED = {"id": "1", "name": "page.css", "link": "abc"}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def routes(at: World) -> list[tuple[str, str]]:
    """Every method and path that the server knows."""
    found = []
    for route in at.server._app().router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        for name, value in FILLED.items():
            path = path.replace(f"{{{name}}}", value)
        found.append((route.method, path))
    return found


async def test_nothing_without_a_login_that_needs_one(at: World) -> None:
    """Each route, with each method: sent to the login, 401 or 403; and nothing of a mention is said."""
    await at.mention(text="a secret sentence")
    known = routes(at)
    assert len(known) > 20
    async with browser(at) as nobody:
        for method, path in [*known, ("GET", "/nothing"), ("POST", "/"), ("DELETE", "/c/1")]:
            async with nobody.session.request(method, at.url + path, allow_redirects=False) as response:
                text = await response.text()
            assert "a secret sentence" not in text
            if not is_open(path):
                is_away = response.status == 303 and response.headers["Location"].startswith("/login")
                assert is_away or response.status in {401, 403}, (method, path, response.status)


async def test_only_these_are_open(at: World) -> None:
    """Whoever adds a route decides about it here."""
    assert {"/healthz", "/readyz", "/metrics", "/login", "/login/abc", "/static/page.css"} == {
        path for _, path in routes(at) if is_open(path)
    }


async def test_the_password_signs_in_a_person(at: World) -> None:
    """Then the page that was asked for; the cookie is for us and for requests only."""
    async with browser(at) as nobody:
        status, _, headers = await nobody.get("/c/7?x=1")
        assert (303, "/login?to=/c/7?x%3D1") == (status, headers["Location"])
        fields = {"person": "anna", "password": PASSWORD, "to": "/c/7?x=1"}
        status, _, headers = await nobody.post("/login", fields)
        assert (303, "/c/7?x=1") == (status, headers["Location"])
        cookie = headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert 200 == (await nobody.get("/"))[0]


@pytest.mark.parametrize(
    ("person", "password"),
    [("anna", "wrong"), ("anna", ""), ("nobody", PASSWORD), ("", PASSWORD), ("anna", PASSWORD.upper())],
)
async def test_a_wrong_password_is_refused(at: World, person: str, password: str) -> None:
    """403 and no session, the same words for every mistake."""
    async with browser(at) as nobody:
        status, text, _ = await nobody.post("/login", {"person": person, "password": password})
        assert 403 == status
        assert "That is not right." in text
        assert 303 == (await nobody.get("/"))[0]


async def test_wrong_passwords_are_slowed_down(at: World) -> None:
    """After a few, even the right one waits a minute; a link still works."""
    async with browser(at) as nobody:
        for _ in range(MOST_WRONG):
            await nobody.post("/login", {"person": "anna", "password": "guess"})
        status, _, headers = await nobody.post("/login", {"person": "anna", "password": PASSWORD})
        assert (429, "61") == (status, headers["Retry-After"])
        await at.clock.advance(61)
        assert 303 == (await nobody.post("/login", {"person": "anna", "password": PASSWORD}))[0]


async def test_without_a_password_there_is_only_the_link(tmp_path: Path) -> None:
    """No form, and an empty password is not one."""
    async with world(tmp_path, password=None) as at, browser(at) as nobody:
        _, text, _ = await nobody.get("/login")
        assert 'type="password"' not in text
        assert "outcare login" in text
        assert 403 == (await nobody.post("/login", {"person": "anna", "password": ""}))[0]


async def test_a_link_signs_in_once(at: World) -> None:
    """Looking at it uses nothing up (chats do); pressing does; the second press is refused."""
    path = f"/login/{at.sessions.link('ben')}"
    async with browser(at) as nobody:
        for _ in range(2):
            status, text, _ = await nobody.get(path)
            assert (200, True) == (status, "Sign in as Ben" in text)
        status, _, headers = await nobody.post(path)
        assert (303, "/") == (status, headers["Location"])
        assert "Ben" in (await nobody.get("/"))[1]
    async with browser(at) as other:
        status, text, _ = await other.post(path)
        assert (403, True) == (status, "used already" in text)
        assert 303 == (await other.get("/"))[0]
    assert 1 == len(s.rows(at.database, "SELECT * FROM logins"))


async def test_a_link_outlives_neither_its_time_nor_its_person(at: World) -> None:
    """Ten minutes; and whoever left the configuration is nobody."""
    link = at.sessions.link("ben")
    async with browser(at) as nobody:
        del at.people["ben"]
        at.page.door.people = at.page.people = at.people
        assert 403 == (await nobody.post(f"/login/{link}"))[0]
        old = at.sessions.link("anna")
        await at.clock.advance(LINK_LASTS.total_seconds() + 1)
        await nobody.get("/login")
        assert 403 == (await nobody.get(f"/login/{old}"))[0]
        assert 403 == (await nobody.post(f"/login/{old}"))[0]


@pytest.mark.parametrize("change", ["tampered", "a session", "of another key", "nonsense"])
async def test_a_forged_link_is_refused(at: World, change: str, tmp_path: Path) -> None:
    """Only what this daemon signed as a link."""
    link = at.sessions.link("anna")
    forged = {
        "tampered": link[:-2] + ("AA" if link[-2:] != "AA" else "BB"),
        "a session": at.cookie("anna"),
        "of another key": Sessions(b"x" * 32, at.clock.now).link("anna"),
        "nonsense": "%00%ff..",
    }[change]
    async with browser(at) as nobody:
        assert 403 == (await nobody.post(f"/login/{forged}"))[0]


@pytest.mark.parametrize("change", ["tampered", "a link", "of another key", "expired", "removed", "empty"])
async def test_a_session_that_is_none(at: World, change: str) -> None:
    """Forged, expired, or of somebody who left: nobody."""
    good = at.cookie("anna")
    bad = {
        "tampered": good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "a link": at.sessions.link("anna"),
        "of another key": Sessions(b"x" * 32, at.clock.now).cookie(at.sessions.begin("anna")),
        "empty": at.sessions.cookie(at.sessions.begin()),
    }.get(change, good)
    if change == "expired":
        await at.clock.advance(SESSION_LASTS.total_seconds() + 1)
    if change == "removed":
        del at.people["anna"]
        at.page.door.people = at.people
    async with browser(at) as nobody:
        status, _, _ = await nobody.get("/", headers={"Cookie": f"outcare={bad}"})
        assert 303 == status
    async with browser(at) as nobody:
        status, _, _ = await nobody.get("/api/inbox", headers={"Cookie": f"outcare={bad}"})
        assert 401 == status


async def test_leaving_ends_the_session(at: World) -> None:
    """The cookie is replaced by one of nobody."""
    async with browser(at, "anna") as anna:
        assert 303 == (await anna.post("/logout"))[0]
        assert 303 == (await anna.get("/"))[0]


# --- forged requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "of another session"])
async def test_a_form_without_our_token_is_refused(at: World, token: str) -> None:
    """CSRF: the cookie alone decides nothing."""
    key, uid = await at.mention()
    given = at.sessions.token(at.sessions.begin("anna")) if token.startswith("of") else token
    async with browser(at, "anna") as anna:
        status, _, _ = await anna.post("/decide", {"press": f"claim:{uid}"}, token=given)
    assert 403 == status
    assert ("open", None) == at.state(key)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_request_of_another_site_is_refused(at: World, headers: dict[str, str]) -> None:
    """Even with the right token."""
    key, uid = await at.mention()
    async with browser(at, "anna") as anna:
        status, _, _ = await anna.post("/decide", {"press": f"claim:{uid}"}, headers=headers)
    assert 403 == status
    assert ("open", None) == at.state(key)


async def test_a_request_of_ours_is_not(at: World) -> None:
    """The same with what our own page sends; the token may come in a header."""
    key, uid = await at.mention()
    async with browser(at, "anna") as anna:
        headers = {"Origin": at.url, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": anna.token}
        assert 200 == (await anna.post("/decide", {"press": f"claim:{uid}"}, headers=headers, token=""))[0]
    assert ("claimed", "anna") == at.state(key)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.1", "localhost.evil.example"])
async def test_another_name_is_refused(at: World, host: str) -> None:
    """DNS rebinding: a page that reached loopback under a name of its own gets nothing."""
    async with browser(at, "anna") as anna:
        for path in ("/", "/api/inbox", "/live", "/static/page.js"):
            assert 403 == (await anna.get(path, headers={"Host": host}))[0]


async def test_the_demo_needs_no_login_but_a_token(tmp_path: Path) -> None:
    """Its visitor is somebody; a forged request still decides nothing."""
    async with world(tmp_path, visitor="anna") as at:
        key, uid = await at.mention()
        async with browser(at) as visitor:
            assert 200 == (await visitor.get("/"))[0]
            assert 403 == (await visitor.post("/decide", {"press": f"claim:{uid}"}, token="x"))[0]
            assert 200 == (await visitor.post("/decide", {"press": f"claim:{uid}"}))[0]
        assert ("claimed", "anna") == at.state(key)


async def test_a_mounted_application_may_be_framed_by_us_only(tmp_path: Path) -> None:
    """Its requests are checked for their origin; the inbox shows it, and is itself shown by nobody."""

    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="<p>ring</p>", content_type="text/html")

    phone = web.Application()
    phone.router.add_get("/", hello)
    phone.router.add_post("/press", hello)
    face = Face(visitor="anna", aside_url="/phone/", notice="This is <the> demo", extra={"/phone": phone})
    async with world(tmp_path, visitor="anna", face=face) as at, browser(at) as visitor:
        _, html, headers = await visitor.get("/")
        assert 'src="/phone/"' in html
        assert "This is &lt;the&gt; demo" in html
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        status, _, headers = await visitor.get("/phone/")
        assert (200, "SAMEORIGIN") == (status, headers["X-Frame-Options"])
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
        assert 200 == (await visitor.post("/phone/press", token=""))[0]
        evil = {"Origin": "https://evil.example"}
        assert 403 == (await visitor.post("/phone/press", headers=evil))[0]


# --- the secret and where to go on ----------------------------------------------------------------------


def test_the_secret_is_its_owners_only(tmp_path: Path) -> None:
    """0600, made once; one that is too short or cannot be kept is told."""
    database = tmp_path / "x.db"
    key = key_beside(database)
    assert (32, key) == (len(key), key_beside(database))
    assert 0o600 == stat.S_IMODE((tmp_path / "x.key").stat().st_mode)
    (tmp_path / "y.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="too short"):
        key_beside(tmp_path / "y.db")
    with pytest.raises(ConfigError, match="cannot keep"):
        key_beside(tmp_path / "nowhere" / "z.db")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/c/1?x=2", "/c/1?x=2"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_going_on_stays_here(given: str, expected: str) -> None:
    """No open redirect after the login."""
    assert expected == local(given)
