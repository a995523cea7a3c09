"""Takes the pictures of the README: the demo in a real browser. `make screenshots`.

Plays the day and claims a card, so that the pictures show what a newcomer sees in the first half minute.
Needs Chromium (OUTCARE_CHROMIUM names another one than `chromium` on the path).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = os.environ.get("OUTCARE_CHROMIUM") or shutil.which("chromium") or ""
ADDRESS = re.compile(r"look here +(http://\S+/)")
SETTLE_MS = 1500


async def shoot(url: str) -> None:
    """inbox.png, light, with the phone beside it; phone.png, dark, after the card has closed itself."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(url)
        card = page.frame_locator("iframe").locator("li.card", has_text="smoke coming out")
        await card.get_by_role("button", name="Claim").click()
        await page.frame_locator("iframe").get_by_text("Kim pressed Claim").wait_for()
        await taken(page, "inbox.png")
        phone = await browser.new_page(viewport={"width": 420, "height": 800}, color_scheme="dark")
        await phone.goto(f"{url}phone/")
        await phone.get_by_text("Bea Thornton said thanks").wait_for()
        await taken(phone, "phone.png")
        await browser.close()


async def taken(page: Page, name: str) -> None:
    await page.wait_for_timeout(SETTLE_MS)
    await page.screenshot(path=HERE / name)


async def main() -> None:
    if not CHROMIUM:
        sys.exit("there is no chromium: apt-get install chromium, or name one in OUTCARE_CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"OUTCARE_HTTP__PORT": "0", "PYTHONUNBUFFERED": "1"}
        path = os.pathsep.join([str(ROOT), *filter(None, [env.get("PYTHONPATH")])])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli.main", "run", "--demo"),
            cwd=folder,
            env=env | {"PYTHONPATH": path},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            while process.stdout and (line := await process.stdout.readline()):
                if found := ADDRESS.search(line.decode()):
                    await shoot(found[1])
                    break
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
