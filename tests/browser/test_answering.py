"""An answer from the first word to the link, as somebody writes it; with the script and without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.texts.en import ENGLISH
from tests.browser.conftest import Watched
from tests.integration.page_world import World, world

WORDS = "Sorry! Which kettle is it?"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, visitor="anna") as made:
        yield made


async def press(page: Page, name: str) -> None:
    await page.locator("#answer").get_by_role("button", name=name, exact=True).click()


async def test_from_the_first_word_to_the_link(at: World, watched: Watched) -> None:
    """Written, counted, looked at, changed, approved, stopped in time; once more, and it is there."""
    key, _ = await at.mention()
    page = watched.page
    await page.goto(f"{at.url}/c/{key}")
    await expect(page.locator("#live.on")).to_be_visible()
    field, draft = page.locator("#answer-text"), page.locator("#answer .draft")
    await field.fill(WORDS)
    await expect(page.locator("#answer-length")).to_have_text("26 of 300 characters")
    await press(page, "Look at it")
    await expect(draft).to_have_text(WORDS)
    await expect(field).to_have_value(WORDS)
    await field.fill("Sorry! Which one?")
    await press(page, "Publish")
    await expect(draft).to_have_text("Sorry! Which one?")
    await press(page, "Publish")
    await expect(page.get_by_text("Approved by Anna; goes out on Bluesky")).to_be_visible()
    await expect(field).to_have_count(0)
    await press(page, "Cancel")
    await expect(page.get_by_text(ENGLISH.say("answer.is_canceled"))).to_be_visible()
    await at.go_on()
    assert [] == at.wall.posts
    await press(page, "Use these words again")
    await press(page, "Publish")
    await expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    await at.go_on()
    link = page.get_by_role("link", name="Open our answer")
    await expect(link).to_have_attribute("href", "https://wall.example/1")
    await expect(page.locator(".post.ours .body")).to_have_text("Sorry! Which one?")
    assert [("Sorry! Which one?", "at://user1/p1")] == [one[1:] for one in at.wall.posts]
    assert [] == watched.complaints


async def test_what_is_being_written_stays(at: World, watched: Watched) -> None:
    """Something changes while somebody writes and looks elsewhere: their words are still there."""
    key, uid = await at.mention(draft="Hello!")
    page = watched.page
    await page.goto(f"{at.url}/c/{key}")
    await expect(page.locator("#live.on")).to_be_visible()
    await page.locator("#answer-text").fill(WORDS)
    await page.locator("h1").click()
    await page.locator(f'button[value="right:{uid}"]').click()
    await expect(page.locator(f'button[value="right:{uid}"][aria-pressed="true"]')).to_be_visible()
    await expect(page.locator("#answer-text")).to_have_value(WORDS)
    await press(page, "Use 1")
    await expect(page.locator("#answer .draft")).to_have_text("Hello!")
    await expect(page.locator("#answer-text")).to_have_value(WORDS)
    await expect(page.locator("#answer-length")).to_have_text("26 of 300 characters")
    assert [] == watched.complaints


async def test_a_good_answer_is_taken_away_as_a_file(at: World, watched: Watched) -> None:
    """Save as answer leads to a page with what the file would say; Download gives it; the way back."""
    key, _ = await at.mention(text="my kettle leaks, what now?", spans=())
    page = watched.page
    await page.goto(f"{at.url}/c/{key}")
    await page.locator("#answer-text").fill(WORDS)
    await press(page, "Look at it")
    await press(page, "Publish")
    await expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    await at.go_on()
    await press(page, "Save as answer")
    await expect(page.locator("#patch")).to_contain_text(f'en: "{WORDS}"')
    async with page.expect_download() as begun:
        await page.get_by_role("button", name="Download").click()
    file = await begun.value
    assert "answers.yaml" == file.suggested_filename
    await page.locator("main a").click()
    await expect(page.locator("#answer")).to_be_visible()
    assert [] == watched.complaints


async def test_it_works_without_a_script(at: World, chromium: Browser) -> None:
    """Each press has a page with what came of it and a way back; a held answer's page loads itself again."""
    key, _ = await at.mention()
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{at.url}/c/{key}")
    await page.locator("#answer-text").fill(WORDS)
    for name in ("Look at it", "Publish"):
        await press(page, name)
        await page.locator("main a").click()
    await expect(page.get_by_text("Approved by Anna; goes out on Bluesky")).to_be_visible()
    await at.go_on()
    await expect(page.get_by_role("link", name="Open our answer")).to_be_visible(timeout=20_000)
    assert 1 == len(at.wall.posts)
    await context.close()
