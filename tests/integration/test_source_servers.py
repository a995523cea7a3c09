"""The fakes of Hacker News and of feeds do what the real ones do: else tests against them prove nothing."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.testing.feed_server import FeedServer
from bot.testing.hackernews_server import HackerNewsServer, as_html


async def get(
    url: str, headers: dict[str, str] | None = None, query: dict[str, str] | None = None
) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url, params=query, headers=headers) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await answer.json() if is_json else await answer.read()


async def search(site: HackerNewsServer, **query: str) -> Any:
    status, told = await get(f"{site.base_url}/search_by_date", query=query)
    assert 200 == status
    return told


async def test_a_thousand_hits_and_no_more() -> None:
    """The newest; a page beyond them is empty and says so, the count stays the real one."""
    async with HackerNewsServer() as site:
        ids = [site.publish("x", at=1_000 + n) for n in range(1_200)]
        told = await search(site, hitsPerPage="5000")
        assert (1_000, 1_200, 1) == (len(told["hits"]), told["nbHits"], told["nbPages"])
        assert ids[-1] == told["hits"][0]["objectID"]
        beyond = await search(site, hitsPerPage="100", page="10")
        assert ([], 0) == (beyond["hits"], beyond["nbHits"])
        assert "1000 hits" in beyond["message"]


async def test_tags_and_filters() -> None:
    """ANDed, in parentheses ORed; bounds on numbers."""
    async with HackerNewsServer() as site:
        story = site.publish(title="A story", url="https://a.example/", author="ann", at=100)
        comment = site.publish("Under it", parent=story, author="ben", at=200)
        for query, expected in [
            ({"tags": "story"}, [story]),
            ({"tags": "(story,comment)"}, [comment, story]),
            ({"tags": f"comment,story_{story}"}, [comment]),
            ({"tags": "(story,comment),author_ann"}, [story]),
            ({"tags": "author_Ann"}, []),
            ({"numericFilters": "created_at_i>100"}, [comment]),
            ({"numericFilters": "created_at_i>=100,created_at_i<200"}, [story]),
            ({"query": "UNDER"}, [comment]),
            ({"query": "ben", "restrictSearchableAttributes": "title"}, []),
        ]:
            assert expected == [hit["objectID"] for hit in (await search(site, **query))["hits"]], query


@pytest.mark.parametrize("bad", ["created<5", "created_at_i~5", "created_at_i>soon"])
async def test_bad_filters(bad: str) -> None:
    """400, with a message."""
    async with HackerNewsServer() as site:
        status, told = await get(f"{site.base_url}/search_by_date", query={"numericFilters": bad})
        assert (400, True) == (status, "message" in told)


async def test_the_hour_is_full() -> None:
    """Too many requests: 429."""
    async with HackerNewsServer() as site:
        site.limit = 1
        await search(site)
        assert 429 == (await get(f"{site.base_url}/search_by_date"))[0]


async def test_items_and_users() -> None:
    """An item with all that stands below it; 404 for nobody."""
    async with HackerNewsServer() as site:
        site.user("ann", about="hello", karma=5)
        story = site.publish(title="A story", author="ann")
        site.publish("below", parent=site.publish("x", parent=story))
        _, told = await get(f"{site.base_url}/items/{story}")
        assert "below" == told["children"][0]["children"][0]["text"]
        assert 5 == (await get(f"{site.base_url}/users/ann"))[1]["karma"]
        assert [404, 404] == [(await get(f"{site.base_url}/{path}"))[0] for path in ("items/1", "users/x")]


def test_text_as_the_site_writes_it() -> None:
    """Escaped like there, paragraphs and links as there."""
    assert "It&#x27;s &lt;b&gt;<p>" in as_html("It's <b>\n\nx")
    assert '<a href="https:&#x2F;&#x2F;a.example" rel="nofollow">' in as_html("https://a.example")


@pytest.mark.parametrize("kind", ["rss", "atom", "alerts", "reddit"])
async def test_conditional_requests(kind: str) -> None:
    """A known ETag is 304, an unknown one decides against the date; a new entry changes both."""
    async with FeedServer() as site:
        site.feed("/f", kind=kind)
        site.publish("x", feed="/f")
        async with aiohttp.ClientSession() as session, session.get(site.url + "/f") as answer:
            tag, date = answer.headers["ETag"], answer.headers["Last-Modified"]
        assert 304 == (await get(site.url + "/f", {"If-None-Match": tag}))[0]
        assert 304 == (await get(site.url + "/f", {"If-Modified-Since": date}))[0]
        assert 200 == (await get(site.url + "/f", {"If-None-Match": '"other"', "If-Modified-Since": date}))[0]
        site.publish("y", feed="/f")
        assert 200 == (await get(site.url + "/f", {"If-None-Match": tag}))[0]


async def test_only_the_newest_are_shown() -> None:
    """A feed is a window."""
    async with FeedServer() as site:
        site.feed("/f", shown=2)
        for number in range(4):
            site.publish(f"number {number}", feed="/f")
        body = (await get(site.url + "/f"))[1].decode()
        assert [False, False, True, True] == [f"number {number}" in body for number in range(4)]
        assert 404 == (await get(site.url + "/nowhere"))[0]
        with pytest.raises(ValueError, match="one of"):
            site.feed("/g", kind="json")
