"""The rule lab as an ops person uses it: try a text, change a rule in the copy, take the difference away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Watched
from tests.integration.page_world import RULES, World, world


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, visitor="li") as made:
        yield made


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_the_main_way(at: World, chromium: Browser, scripts: bool) -> None:
    """From the inbox to the lab, a text, a change, its check and its verdict, the file; by hand alone, too."""
    context = await chromium.new_context(java_script_enabled=scripts)
    watched = Watched(page=await context.new_page())
    page = watched.page
    await page.goto(at.url)
    await page.get_by_role("link", name="Rules", exact=True).click()
    await page.get_by_role("link", name="the rule lab").click()
    await page.get_by_label("What somebody says").fill("Where is my refund, acme?")
    await page.get_by_label("Edit a copy of").select_option("care.yaml")
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("#now .urgency")).to_have_text("NORMAL")
    await expect(page.locator(".said mark")).to_have_text("refund")
    copy = page.locator("textarea[name=source]")
    await expect(copy).to_have_value(RULES)

    await copy.fill(RULES.replace("score: 40", "scor: 40"))
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("pre.problem")).to_contain_text('did you mean "score"?')

    await copy.fill(RULES.replace("score: 40", "score: 90"))
    await page.get_by_role("button", name="Try it").click()
    await expect(page.locator("#after .urgency")).to_have_text("CRITICAL")
    await expect(page.locator("#tests")).to_have_text("All 2 tests in the rules pass.")
    async with page.expect_download() as loading:
        await page.get_by_role("button", name="Download the difference").click()
    download = await loading.value
    patch = await asyncio.to_thread(Path(await download.path()).read_text)
    assert "rules.patch" == download.suggested_filename
    assert "-    score: 40\n+    score: 90\n" in patch
    assert RULES == (at.database.parent / "rules" / "care.yaml").read_text()
    assert [] == watched.complaints
    await context.close()


async def test_a_rule_is_silenced(at: World, watched: Watched) -> None:
    """By a form, with a reason; and ended."""
    page = watched.page
    await page.goto(f"{at.url}/rules")
    await page.locator('select[name="rule"]').select_option("refund")
    await page.locator('input[name="reason"]').fill("a film of that name")
    await page.get_by_role("button", name="Silence the rule").click()
    await page.get_by_role("link", name="Back").click()
    await expect(page.get_by_text("refund counts for nothing until")).to_be_visible()
    await page.get_by_role("button", name="End the silence of refund").click()
    await expect(page.get_by_text("“refund” counts again.")).to_be_visible()
    assert [] == watched.complaints


async def test_on_a_phone_nothing_sticks_out(at: World, chromium: Browser) -> None:
    """Tables and code scroll in themselves."""
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    _, uid = await at.mention(text="refund " + "wordwithoutend" * 40)
    for path in ("/rules", f"/rules/lab?mention={uid}"):
        await page.goto(at.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await context.close()
