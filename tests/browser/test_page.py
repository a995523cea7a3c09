"""The inbox as somebody uses it: keys, presses, live changes, a phone, the dark; and what it weighs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.model import Author, Urgency
from bot.web.page import Face
from tests.browser.conftest import Watched
from tests.integration.page_world import PASSWORD, World, world
from tests.integration.test_page_attacks import HOSTILE, hostile

MOST_BYTES = 150_000


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, visitor="anna") as made:
        yield made


async def fill(at: World, count: int) -> list[tuple[int, str]]:
    """Conversations of falling urgency: the first made is the first shown."""
    return [
        await at.mention(
            urgency=Urgency(max(0, 3 - number // 4)),
            due=60 + number,
            text=f"number {number}: my kettle leaks and nobody answers, what can I do now? " * 2,
        )
        for number in range(count)
    ]


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.id"))


async def test_the_keys_do_what_the_help_says(at: World, watched: Watched) -> None:
    """j, k, x, c, u, w, d, /, ? and o, one after the other."""
    made = await fill(at, 4)
    page = watched.page
    await page.goto(at.url)
    await expect(page.locator("#live.on")).to_be_visible()
    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        await page.keyboard.press(key)
        assert f"c{made[row][0]}" == await focused(page)
    await page.keyboard.press("w")
    await expect(page.locator(f"#c{made[1][0]} details[open]")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.locator(f"#c{made[1][0]} .holder.mine")).to_be_visible()
    assert ("claimed", "anna") == at.state(made[1][0])
    assert f"c{made[1][0]}" == await focused(page)
    await expect(page.locator(f"#c{made[1][0]} details[open]")).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.locator(f"#c{made[1][0]} .holder.free")).to_be_visible()
    assert ("open", None) == at.state(made[1][0])
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    assert "search" == await focused(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    await page.wait_for_url(f"**/c/{made[0][0]}")
    assert [] == watched.complaints


async def test_a_bulk_is_selected_dismissed_and_undone(at: World, watched: Watched) -> None:
    """x, j, x, d: two are gone; Undo brings both back."""
    made = await fill(at, 5)
    page = watched.page
    await page.goto(at.url)
    for key in "jxjx":
        await page.keyboard.press(key)
    await expect(page.locator("#picked")).to_have_text("2 selected")
    await page.keyboard.press("d")
    await expect(page.locator(".rows .row")).to_have_count(3)
    assert ["dismissed", "dismissed", "open"] == [at.state(key)[0] for key, _ in made[:3]]
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".rows .row")).to_have_count(5)
    assert ["open"] * 5 == [at.state(key)[0] for key, _ in made]
    assert [] == watched.complaints


async def test_it_lives(at: World, watched: Watched) -> None:
    """A new mention appears by itself, the title counts, and what was selected stays so."""
    (key, uid), *_ = await fill(at, 2)
    page = watched.page
    await page.goto(at.url)
    await expect(page.locator("#live.on")).to_be_visible()
    await page.locator(f'input[value="{uid}"]').check()
    await at.mention(urgency=Urgency.CRITICAL, text="the new one", spans=())
    await expect(page.get_by_text("the new one")).to_be_visible()
    await expect(page.locator(f'#c{key} input[name="m"]')).to_be_checked()
    await expect(page).to_have_title("(3) Inbox · acme · Outcare")
    assert [] == watched.complaints


async def test_filters_go_into_the_address(at: World, watched: Watched) -> None:
    """Choosing is enough; the address can be kept and sent."""
    await fill(at, 6)
    page = watched.page
    await page.goto(at.url)
    await page.locator('select[name="urgency"]').select_option("critical")
    await expect(page.locator(".rows .row")).to_have_count(4)
    assert "urgency=critical" in page.url
    await page.locator("#search").fill("number 2")
    await page.keyboard.press("Enter")
    await expect(page.locator(".rows .row")).to_have_count(1)
    await page.get_by_role("link", name="Clear filters").first.click()
    await expect(page.locator(".rows .row")).to_have_count(6)
    assert [] == watched.complaints


async def test_a_conversation_is_dismissed_with_a_reason(at: World, watched: Watched) -> None:
    """The history shows it at once, and the button offers to open it again."""
    key, _ = await at.mention()
    page = watched.page
    await page.goto(f"{at.url}/c/{key}")
    await page.locator('select[name="reason"]').select_option("Spam")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_text("Anna dismissed it")).to_be_visible()
    await expect(page.get_by_role("button", name="Open again")).to_be_visible()
    assert ("dismissed", None) == at.state(key)
    assert [] == watched.complaints


async def test_no_page_breaks_its_own_policy(at: World, watched: Watched) -> None:
    """Hostile posts on every page, in a frame beside it too: no violation, no script of theirs, no error."""
    keys = [await hostile(at, text) for text in HOSTILE.values()]
    for path in (
        "/",
        "/?view=all&q=%3Cscript%3E",
        "/sources",
        "/catchup?since=8h",
        *(f"/c/{key}" for key in keys),
    ):
        await watched.page.goto(at.url + path)
        await expect(watched.page.locator("html[data-ready]")).to_be_attached()
        assert 0 == await watched.page.locator("#evil").count()
    assert [] == watched.complaints


async def test_the_aside_is_shown(tmp_path: Path, watched: Watched) -> None:
    """A page of ours in a frame beside the inbox, which nothing forbids."""

    async def ring(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>x</title><p>ring ring</p>", content_type="text/html")

    phone = web.Application()
    phone.router.add_get("/", ring)
    face = Face(visitor="anna", aside_url="/phone/", notice="The demo", extra={"/phone": phone})
    async with world(tmp_path, visitor="anna", face=face) as at:
        await watched.page.goto(at.url)
        await expect(watched.page.frame_locator("iframe").get_by_text("ring ring")).to_be_visible()
    assert [] == [one for one in watched.complaints if "ERR_" not in one]  # the server is gone by now


async def test_signing_in_and_out(tmp_path: Path, watched: Watched) -> None:
    """To the page that was asked for, and away."""
    async with world(tmp_path) as at:
        key, _ = await at.mention()
        page = watched.page
        await page.goto(f"{at.url}/c/{key}")
        await page.locator("select").select_option("ben")
        await page.locator('input[type="password"]').fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"**/c/{key}")
        await expect(page.locator(".me").get_by_text("Ben", exact=True)).to_be_visible()
        assert [] == watched.complaints
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/login")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_nothing_sticks_out(
    at: World, chromium: Browser, scheme: Literal["light", "dark"]
) -> None:
    """No sideways scrolling, long words and all; and text that can be read on its ground."""
    await hostile(at, HOSTILE["long"])
    key, _ = await at.mention(author=Author(platform="bluesky", id="x", handle="h" * 200, name="N" * 300))
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, color_scheme=scheme, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    for path in ("/", f"/c/{key}", "/c/1", "/sources", "/catchup?since=8h"):
        await page.goto(at.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert await page.evaluate(CONTRAST) >= 4.5, path
        assert await page.evaluate(TALLEST) < 40, path
    await context.close()


TALLEST = "Math.max(...[...document.querySelectorAll('.top nav a')].map((it) => it.offsetHeight))"
"""Of the words of the navigation: each stands on one line."""
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
  const ground = (it) => {
    for (; it; it = it.parentElement) {
      const c = parse(getComputedStyle(it).backgroundColor);
      if (c.length >= 3 && (c.length === 3 || c[3] === 1)) return c;
    }
    return [255, 255, 255];
  };
  let least = 21;
  for (const it of document.querySelectorAll("p, a, span, small, b, dt, dd, h1, h2, h3, summary, label, time")) {
    if (!it.textContent.trim() || !it.getClientRects().length || it.closest(".acts")) continue;
    const [a, b] = [light(parse(getComputedStyle(it).color)), light(ground(it))].sort((x, y) => y - x);
    least = Math.min(least, (a + .05) / (b + .05));
  }
  return least;
}"""
"""The least contrast of text on its ground (https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio)."""


async def test_the_first_visit_is_light(at: World, watched: Watched, tell: Callable[[str], None]) -> None:
    """Fifty rows, nothing cached: bytes over the wire, and how long until it answers keys (told, not judged)."""
    await fill(at, 55)
    session = await watched.page.context.new_cdp_session(watched.page)
    await session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await watched.page.goto(at.url)
    await expect(watched.page.locator("html[data-ready]")).to_be_attached()
    ready = await watched.page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    loaded = await watched.page.evaluate(
        "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    )
    tell(f"page: transferred {sum(sizes):,.0f} bytes; DOM after {ready:.0f} ms, keys after {loaded:.0f} ms")
    assert 0 < sum(sizes) <= MOST_BYTES
    assert len(sizes) >= 4
    assert [] == watched.complaints
