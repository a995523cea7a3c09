"""Hostile posts are shown as text, and no request makes the page fail."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Author, Span
from bot.staff import Verb
from bot.web.shown import clean
from tests.integration.page_world import World, browser, world

HOSTILE = {
    "html": '<img src=x onerror=alert(1)></p></a></li></ol><h1 id="evil">hi</h1>',
    "script": "<script>alert(1)</script><style>*{display:none}</style>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "template": "{{ 7*7 }} {% raw %} ${7*7} <%= 7 %> {csrf}",
    "bidi": "\u202egnp.exe\u202c \u2066\u2067x\u2069 \u200f\u061c",
    "control": "a\x00b\x01\x08\x0b\x0c\x1b[31mred\x7f\x85 \ud800",
    "long": "wordwithoutend" * 7_200,
    "many marks": "kettle " * 15_000,
    "combining": "Z" + "\u0351" * 3_000,
    "url": "javascript:alert(1)",
    "entities": "&lt;b&gt; &amp;amp; &#x3c;",
}
STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


class Page(HTMLParser):
    """What a browser would make of it: elements, attributes, text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


async def hostile(at: World, text: str) -> int:
    """A mention with `text` in every field that somebody else can write."""
    stored = text.encode("utf-16", "replace").decode("utf-16", "replace")  # as a decoder would hand it on
    author = Author(platform="bluesky", id="mallory", handle=stored, name=stored, bio=stored)
    key, _ = await at.mention(
        handle="mallory",
        author=author,
        author_handle=stored,
        text=stored,
        title=stored,
        alts=(stored,),
        links=(stored,),
        langs=(stored[:50],),
        url=stored,
        spans=tuple(Span(start=n * 7, end=n * 7 + 6) for n in range(15_000)),
    )
    return key


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_people_write_is_shown_as_text(tmp_path: Path, name: str) -> None:
    """In the list and on the conversation: the elements are ours, the words are theirs, nothing steers."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        harmless, _ = await at.mention(text="nothing special", title="x", alts=("x",), links=("x",))
        key = await hostile(at, HOSTILE[name])
        usual = Page((await visitor.get(f"/c/{harmless}"))[1])
        for path in (f"/c/{key}", "/", f"/c/{key}/part", "/list"):
            _, source, _ = await visitor.get(path)
            assert len(source) < 200_000
            page = Page(source)
            allowed = {*usual.tags, "mark", "ol", "form", "select", "option", "input", "dialog", "nav", "kbd"}
            assert set(page.tags) <= {*allowed, "main", "details", "summary", "iframe"}, path
            assert [] == [one for one, _ in page.attributes if one.startswith("on") or one == "style"]
            links = [value or "" for one, value in page.attributes if one in {"href", "src", "action"}]
            assert [] == [
                value for value in links if not value.startswith(("/", "#", "?", "https://bsky.example"))
            ]
            assert page.tags.count("script") == (0 if path in {"/list", f"/c/{key}/part"} else 2)
            assert not STEERING.search(source)
            assert "49" not in page.text or "7*7" in page.text


@pytest.mark.parametrize("name", [name for name, text in HOSTILE.items() if len(text) < 10_000])
async def test_what_is_to_be_said_is_shown_as_text(tmp_path: Path, name: str) -> None:
    """In the preview, in the field, in the history, and where it is given back."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        key, uid = await at.mention(spans=())
        written = HOSTILE[name].encode("utf-8", "replace").decode()
        await visitor.post("/answer", {"press": f"edit:{uid}", "text": "harmless"})
        usual = Page((await visitor.get(f"/c/{key}"))[1])
        await visitor.post("/answer", {"press": f"edit:{uid}", "text": written})
        _, whole, _ = await visitor.get(f"/c/{key}")
        _, back, _ = await visitor.post(
            "/answer", {"press": "edit:01ARZ3NDEKTSV4RRFFQ69G5FAV", "text": written}
        )
        for source in (whole, back):
            page = Page(source)
            assert set(page.tags) <= set(usual.tags)
            assert [] == [one for one, _ in page.attributes if one.startswith("on") or one == "style"]
            assert not STEERING.search(source)
            assert clean(written).strip() in page.text


async def test_what_is_written_stands_there_to_the_letter(tmp_path: Path) -> None:
    """Escaped once, neither twice nor never."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        key, _ = await at.mention(text=HOSTILE["entities"] + HOSTILE["html"], spans=())
        _, source, _ = await visitor.get(f"/c/{key}/part")
        bare = re.sub(r"</?mark>", "", source)
        assert (
            html.escape(HOSTILE["entities"] + HOSTILE["html"], quote=True).replace("&quot;", "&#34;") in bare
        )


async def test_what_the_page_itself_is_asked_is_text_too(tmp_path: Path) -> None:
    """Searches, paths, names in the address."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        for bad in HOSTILE.values():
            if len(bad) > 2000:
                continue
            sent = quote(bad, errors="replace")
            for path in (
                f"/?q={sent}&platform={sent}&persona={sent}&view={sent}",
                f"/c/{sent}",
                f"/{sent}",
                f"/catchup?since={sent}",
            ):
                status, source, _ = await visitor.get(path)
                assert status < 500
                page = Page(source)
                assert page.tags.count("script") in {0, 2}
                assert [] == [one for one, _ in page.attributes if one.startswith("on")]


async def test_every_answer_says_what_browsers_may_do(tmp_path: Path) -> None:
    """The policy stands on each page, on errors too; nothing but our own files runs."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        for path in ("/", "/list", "/sources", "/c/1", "/login", "/nothing", "/api/inbox", "/static/page.js"):
            _, _, headers = await visitor.get(path)
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert "unsafe" not in policy
            assert policy.endswith("base-uri 'none'; frame-ancestors 'none'")
            assert ("nosniff", "same-origin") == (
                headers["X-Content-Type-Options"],
                headers["Referrer-Policy"],
            )
            wanted = "immutable" if path.startswith("/static/") else "no-store"
            assert wanted in headers["Cache-Control"]


METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
ODD = st.text(st.characters(codec="utf-8"), max_size=30)
PATHS = st.one_of(
    st.sampled_from(
        [
            "/",
            "/list",
            "/decide",
            "/answer",
            "/answer/length",
            "/sources",
            "/login",
            "/logout",
            "/c/1",
            "/c/1/part",
            "/static/page.js",
            "/api/inbox",
            "/api/conversations/1",
            "/api/conversations/1/answer",
            "/api/sources",
            "/api/openapi.json",
            "/healthz",
            "/readyz",
        ]
    ),
    ODD.map(lambda text: "/c/" + quote(text, safe="")),
    ODD.map(lambda text: "/static/" + quote(text, safe="")),
    ODD.map(lambda text: "/login/" + quote(text, safe="")),
    ODD.map(lambda text: "/api/conversations/" + quote(text, safe="")),
    ODD.map(lambda text: "/" + quote(text)),
)
NAMES = st.sampled_from(
    ["q", "view", "urgency", "brand", "platform", "persona", "lang", "mine", "after", "to", "x"]
)
PRESSES = st.builds(
    "{}:{}{}".format,
    st.sampled_from([*Verb]),
    st.sampled_from(["@", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]),
    st.sampled_from(["", ":0", ":1", ":2", f":{2**63}", ":x"]),
)
"""Tokens of buttons; the sign stands for a mention that there is."""
FIELDS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(
                [
                    *("csrf", "press", "bulk", "m", "note", "reason", "back", "person", "to", "ÿ"),
                    *("text", "platform"),
                ]
            ),
            ODD,
        ),
        st.tuples(st.just("press"), PRESSES),
    ),
    max_size=6,
)
KINDS = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-99",
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        "",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """One odd request."""
    query = draw(st.lists(st.tuples(NAMES, ODD), max_size=4))
    body: Any = draw(st.one_of(st.none(), st.binary(max_size=60), FIELDS))
    headers = draw(
        st.dictionaries(
            st.sampled_from(["HX-Request", "Origin", "Sec-Fetch-Site", "X-CSRF-Token", "Cookie", "Range"]),
            st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
            max_size=3,
        )
    )
    if isinstance(body, bytes):
        headers["Content-Type"] = draw(KINDS) or "x/y"
    return {
        "method": draw(METHODS),
        "path": draw(PATHS),
        "params": query,
        "data": body,
        "headers": headers,
        "is_signed": draw(st.booleans()),
    }


async def test_no_request_makes_it_fail(tmp_path: Path) -> None:
    """Odd methods, paths, parameters, headers and bodies, with the right token and without: never 500."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        key, uid = await at.mention()
        assert 1 == key

        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(asked=requests())
        def collect(asked: dict[str, Any]) -> None:
            tried.append(asked)

        tried: list[dict[str, Any]] = []
        collect()
        for asked in tried:
            headers, body = dict(asked["headers"]), asked["data"]
            if isinstance(body, list):
                body = [(name, value.replace(":@", f":{uid}")) for name, value in body]
            if asked["is_signed"]:
                headers["X-CSRF-Token"] = visitor.token
            try:
                async with visitor.session.request(
                    asked["method"],
                    at.url + asked["path"],
                    params=asked["params"],
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                ) as response:
                    await response.read()
            except (aiohttp.ClientError, ValueError):
                continue  # aiohttp itself would not send it
            assert response.status < 500, asked
        assert (await visitor.get(f"/c/{key}"))[0] == 200


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """413, and the page goes on."""
    async with world(tmp_path, visitor="anna") as at, browser(at) as visitor:
        assert 413 == (await visitor.post("/decide", {"note": "x" * 100_000}))[0]
        assert 200 == (await visitor.get("/"))[0]
