"""The demo as a newcomer sees it: `outcare run` in an empty folder, in a real browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, Request

from tests.acceptance.test_demo import DAY
from tests.browser.conftest import Watched

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000
"""Milliseconds: what is compared is what comes, not when."""

pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def demo(folder: Path, *words: str) -> AsyncIterator[tuple[str, float]]:
    """The process: its address, and when it was started. Nothing of a real configuration is near it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**kept, "PYTHONPATH": path, "OUTCARE_HTTP__PORT": "0"}
    log, began = folder / "output.log", time.monotonic()
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli.main", "run", *words),
            env=env,
            cwd=folder,
            stdout=sink,
            stderr=sink,
        )
    try:
        while not (found := re.search(r"look here +(http://127\.0\.0\.1:\d+/)", log.read_text())):
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.02)
        yield found[1], began
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 15)
    assert 0 == process.returncode, log.read_text()


@asynccontextmanager
async def visit(browser: Browser, url: str, **context: Any) -> AsyncIterator[Watched]:
    """A page at the demo's door; it may ask nobody but the demo."""
    made = await browser.new_context(**context)
    seen = Watched(page=await made.new_page())
    seen.page.set_default_timeout(PATIENCE)

    def asked(request: Request) -> None:
        if not request.url.startswith((url, "data:")):
            seen.complaints.append(f"asked for {request.url}")

    seen.page.on("request", asked)
    await seen.page.goto(url)
    yield seen
    await made.close()


async def test_a_newcomer_claims_a_card_and_sees_it_close(
    tmp_path: Path, chromium: Browser, tell: Callable[[str], None]
) -> None:
    """Mentions are there; the phone's buttons work; a colleague is too late; the answer closes the card."""
    async with demo(tmp_path, "--pace", "2") as (url, began), visit(chromium, url) as seen:
        phone = seen.page.frame_locator("iframe")
        await seen.page.get_by_text("there is smoke coming out of the battery").first.wait_for()
        first_seen = time.monotonic() - began
        tell(f"demo: the first mention is on the page {first_seen:.1f} s after the start")
        assert await seen.page.get_by_text("This is the demo").is_visible()

        card = phone.locator("li.card", has_text="smoke coming out")
        await card.get_by_role("button", name="Claim").click()
        await phone.get_by_text("Yours. The clock is running.").wait_for()
        await phone.get_by_text("“Alex has it.”").wait_for()
        await card.get_by_text("Answered after").first.wait_for()
        await phone.get_by_text("Bea Thornton said thanks").wait_for()
        assert 1 == await phone.locator("li.card", has_text="Bea Thornton").count()
        assert [] == seen.complaints


async def test_an_answer_is_written_published_and_taken_back(tmp_path: Path, chromium: Browser) -> None:
    """By hand, from the inbox: it appears in the customer's thread, as anybody's post; then it is gone."""
    day = tmp_path / "day.yaml"
    day.write_text(DAY.replace("owen: {name: Owen Hartley}", "owen: {name: Owen Hartley, is_closed: true}"))
    async with demo(tmp_path, "--day", str(day), "--pace", "3") as (url, _), visit(chromium, url) as seen:
        page = seen.page
        await answer(page, "die Bremsen sind kaputt", "Wir holen es heute ab, Jonas.")
        await page.get_by_role("link", name="Open our answer").wait_for()
        ours = page.locator(".post.ours .body", has_text="Wir holen es heute ab")
        await ours.wait_for()
        await page.locator("#answer").get_by_role("button", name="Take back").click()
        await page.get_by_text("Taken back on Bluesky").wait_for()
        await ours.wait_for(state="detached")

        await page.goto(url)
        await answer(page, "the brakes failed on me", "So sorry, Owen!")
        await page.get_by_text("does not let us answer").first.wait_for()
        assert [] == seen.complaints


async def test_everything_of_answering_is_done_on_the_phone(tmp_path: Path, chromium: Browser) -> None:
    """By replies and buttons alone: drafted, changed, published, seen in the thread, taken back; and refused."""
    day = tmp_path / "day.yaml"
    day.write_text(DAY.replace("owen: {name: Owen Hartley}", "owen: {name: Owen Hartley, is_closed: true}"))
    async with demo(tmp_path, "--day", str(day), "--pace", "3") as (url, _), visit(chromium, url) as seen:
        phone = seen.page.frame_locator("iframe")
        card = phone.locator("li.card", has_text="die Bremsen sind kaputt")
        await reply(card, "Wir holen es ab.")
        await phone.locator("li.mine", has_text="Wir holen es ab.").wait_for()
        await card.get_by_text("To be published on Bluesky").wait_for()
        await reply(card, "Wir holen es heute ab, Jonas.")
        await card.get_by_text("Wir holen es heute ab, Jonas.").wait_for()
        await card.get_by_role("button", name="Publish").click()
        await card.get_by_text("Published on Bluesky by Alex").wait_for()
        await seen.page.goto(f"{url}?view=answered")
        await seen.page.get_by_text("die Bremsen sind kaputt").first.click()
        ours = seen.page.locator(".post.ours .body", has_text="Wir holen es heute ab")
        await ours.wait_for()
        assert 1 == await ours.count()

        await seen.page.goto(url)
        await card.get_by_role("button", name="Save as answer").click()
        await card.get_by_text("answers:").wait_for()
        await card.get_by_role("button", name="Back").click()
        await card.get_by_role("button", name="Take back").click()
        await card.get_by_text("Taken back on Bluesky").wait_for()

        card = phone.locator("li.card", has_text="the brakes failed on me")
        await reply(card, "So sorry, Owen!")
        await card.get_by_role("button", name="Publish").click()
        await card.get_by_text("does not let us answer").wait_for()
        assert [] == seen.complaints


async def reply(card: Locator, words: str) -> None:
    """Open the field under a card, write, send by the key; the field goes."""
    await card.get_by_role("button", name="Reply", exact=True).click()
    field = card.get_by_role("textbox", name="Reply to this card")
    await field.fill(words)
    await field.press("Enter")
    await field.wait_for(state="detached")


async def test_what_is_being_written_stays_while_the_card_changes(tmp_path: Path, chromium: Browser) -> None:
    """The words, the focus, the place in them; Escape puts the field away."""
    day = tmp_path / "day.yaml"
    day.write_text(DAY)
    async with demo(tmp_path, "--day", str(day), "--pace", "3") as (url, _), visit(chromium, url) as seen:
        await seen.page.goto(f"{url}phone/")
        card = seen.page.locator("li.card", has_text="die Bremsen sind kaputt")
        await card.get_by_role("button", name="Reply", exact=True).click()
        field = card.get_by_role("textbox")
        await field.press_sequentially("Wir ho")
        await card.get_by_role("button", name="Claim").evaluate("button => button.click()")
        await card.get_by_text("Claimed by Alex").wait_for()
        await seen.page.keyboard.type("len es")
        assert "Wir holen es" == await field.input_value()
        await field.press("Escape")
        await field.wait_for(state="detached")
        assert "Reply" == await seen.page.evaluate("document.activeElement.textContent")
        assert [] == seen.complaints


async def answer(page: Page, post: str, words: str) -> None:
    """Open the conversation with that post, write, look, publish."""
    await page.get_by_text(post).first.click()
    await page.locator("#answer-text").fill(words)
    form = page.locator("#answer")
    await form.get_by_role("button", name="Look at it", exact=True).click()
    await form.locator(".draft", has_text=words).wait_for()
    await form.get_by_role("button", name="Publish", exact=True).click()


async def test_the_phone_can_be_used_by_keyboard_on_a_small_screen(tmp_path: Path, chromium: Browser) -> None:
    """The phone alone, on a phone, in the dark: a card is dismissed without a mouse."""
    day = tmp_path / "day.yaml"
    day.write_text(DAY)
    small = {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark", "has_touch": True}
    async with demo(tmp_path, "--day", str(day)) as (url, _), visit(chromium, url, **small) as seen:
        await seen.page.goto(f"{url}phone/")
        card = seen.page.locator("li.card", has_text="lights too")
        await card.get_by_role("button", name="Dismiss").focus()
        await seen.page.keyboard.press("Enter")
        await card.get_by_text("Dismissed").first.wait_for()
        wide = await seen.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide
        assert [] == seen.complaints
