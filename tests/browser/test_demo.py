"""The demo as a newcomer sees it: `outcare run` in an empty folder, in a real browser."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_demo import DAY

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
PATIENCE = 60_000
"""Milliseconds: what is compared is what comes, not when."""

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium (Debian: apt install chromium)"),
    pytest.mark.timeout(300),
]


@dataclass(kw_only=True)
class Visitor:
    """A browser at the demo's door. `first_seen`: seconds from its start to the first mention on the page."""

    page: Any
    began: float
    complaints: list[str] = field(default_factory=list)

    @property
    def phone(self) -> Any:
        return self.page.frame_locator("iframe")


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
async def visitor(folder: Path, *words: str, **context: Any) -> AsyncIterator[Visitor]:
    async with demo(folder, *words) as (url, began), playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await (await browser.new_context(**context)).new_page()
        page.set_default_timeout(PATIENCE)
        seen = Visitor(page=page, began=began)
        page.on("console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("requestfailed", lambda request: _other_host(seen, request.url, url))
        page.on("request", lambda request: _other_host(seen, request.url, url))
        await page.goto(url)
        yield seen
        await browser.close()


def _other_host(seen: Visitor, asked: str, ours: str) -> None:
    if not asked.startswith((ours, "data:")):
        seen.complaints.append(f"asked for {asked}")


async def test_a_newcomer_claims_a_card_and_sees_it_close(
    tmp_path: Path, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mentions are there; the phone's buttons work; a colleague is too late; the answer closes the card."""
    async with visitor(tmp_path, "--pace", "2") as seen:
        await seen.page.get_by_text("there is smoke coming out of the battery").first.wait_for()
        first_seen = time.monotonic() - seen.began
        record_property("first_mention_seconds", first_seen)
        with capsys.disabled():
            sys.stdout.write(f"\nthe first mention is on the page {first_seen:.1f} s after the start\n")
        assert await seen.page.get_by_text("This is the demo").is_visible()

        card = seen.phone.locator("li.card", has_text="smoke coming out")
        await card.get_by_role("button", name="Claim").click()
        await seen.phone.get_by_text("Yours. The clock is running.").wait_for()
        await seen.phone.get_by_text("“Alex has it.”").wait_for()
        await card.get_by_text("Answered after").first.wait_for()
        await seen.phone.get_by_text("Bea Thornton said thanks").wait_for()
        assert 1 == await seen.phone.locator("li.card", has_text="Bea Thornton").count()
        assert [] == seen.complaints


async def test_the_phone_can_be_used_by_keyboard_on_a_small_screen(tmp_path: Path) -> None:
    """The phone alone, on a phone, in the dark: a card is dismissed without a mouse."""
    day = tmp_path / "day.yaml"
    day.write_text(DAY)
    async with visitor(
        tmp_path,
        "--day",
        str(day),
        viewport={"width": 390, "height": 780},
        color_scheme="dark",
        has_touch=True,
    ) as seen:
        await seen.page.goto(seen.page.url + "phone/")
        card = seen.page.locator("li.card", has_text="lights too")
        await card.get_by_role("button", name="Dismiss").focus()
        await seen.page.keyboard.press("Enter")
        await card.get_by_text("Dismissed").first.wait_for()
        wide = await seen.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide
        assert [] == seen.complaints
