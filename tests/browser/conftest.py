"""A headless Chromium for the tests of this folder, told what it must not do; skipped where there is none.

`.ci/run` installs it. OUTCARE_CHROMIUM names another one than `chromium` on the path.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, async_playwright

CHROMIUM = (
    os.environ.get("OUTCARE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No browser, no verdict: say so, instead of a failure that is about the machine."""
    if not CHROMIUM:
        reason = "needs Chromium: apt-get install chromium, or name one in OUTCARE_CHROMIUM"
        for item in items:
            if "tests/browser/" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """The driver talks to the browser by a pipe, and the browser only to loopback; the guard knows neither."""


@dataclass(kw_only=True)
class Watched:
    """A browser page, and everything that went wrong in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    transferred: int = 0

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own for each test: nothing is left over from another."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    made = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield made
    await made.close()


@pytest.fixture
async def watched(context: BrowserContext) -> Watched:
    """A page whose complaints (policy violations too) are kept."""
    return Watched(page=await context.new_page())
