"""What feeds look like, and what of them becomes a post; whatever a document is, reading it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Reason, Unavailable
from bot.model import Post
from connectors.feeds.entries import LONGEST_TEXT, Entry, parse
from connectors.feeds.posts import alert_target, post_of
from connectors.hackernews.hits import page_of, sorted_out
from connectors.hackernews.hits import post_of as hackernews_post

SAMPLES = Path(__file__).parents[1] / "samples"
NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
RSS = "application/rss+xml"


def entries(body: bytes, content_type: str = RSS) -> tuple[Entry, ...]:
    return parse(body, content_type=content_type, where="blog.example/feed.xml").entries


def sample(name: str) -> Post:
    (entry,) = entries((SAMPLES / "rss" / name).read_bytes())
    return post_of(entry, feed="blog.example/feed.xml", seen_at=NOW)


def feed(item: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel><item>{item}</item></channel></rss>".encode()


def posted(item: str) -> Post:
    (entry,) = entries(feed(item))
    return post_of(entry, feed="blog.example/feed.xml", seen_at=NOW)


def refused(body: bytes, content_type: str = RSS) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        entries(body, content_type)
    assert Reason.PROTOCOL is caught.value.reason
    return caught.value


# --- the kinds of feeds -------------------------------------------------------------------------


def test_a_blog() -> None:
    """The whole content before a summary; language, author, pictures; an id of its own for a bare number."""
    post = sample("blog.xml")
    assert ("Acme im Test", "Der Lift von Acme ist gut & leise.") == (post.title, post.text)
    assert ("https://blog.example/acme", "https://acme.example/5") == post.links
    assert (("Ein Lift",), ("de-AT",)) == (post.alts, post.langs)
    assert ("eva-huber@blog.example", "Eva Huber") == (post.author_id, post.author_handle)
    assert "blog.example/feed.xml#1042" == post.id
    assert datetime(2026, 11, 20, 12, 30, tzinfo=UTC) == post.posted_at


def test_a_review_in_an_app_store() -> None:
    """Its stars; the form is Apple's (itunes.apple.com/us/rss/customerreviews/id=…/xml)."""
    review = (
        "<entry xmlns='http://www.w3.org/2005/Atom'><id>1</id><title>Crashes</title><content type='text'>no"
        "</content><im:voteSum>0</im:voteSum><im:rating>{}</im:rating><author><name>Ann</name></author></entry>"
    )
    head = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:im='http://itunes.apple.com/rss'>"
    stars = ("2", "5", "6", "many")
    body = head + "".join(map(review.format, stars)) + "</feed>"
    assert [2.0, 5.0, None, None] == [one.rating for one in entries(body.encode(), "application/atom+xml")]


def test_what_is_enclosed() -> None:
    """The kinds of attached files, each once; of an odd type nothing is said."""
    enclosed = "<enclosure url='https://a.example/x' length='1' type='{}'/>"
    item = "".join(map(enclosed.format, ("video/mp4", "audio/mpeg", "video/webm", "application/pdf", "")))
    assert ("video", "audio") == posted(f"<title>x</title>{item}").media
    assert () == posted("<title>x</title>").media


def test_a_google_alert() -> None:
    """The article's own address is link and id, its site the author; the marks are gone."""
    post = sample("alert.xml")
    assert "Acme recalls a lift & two ladders" == post.title
    assert "The maker Acme said on Friday that it would ..." == post.text
    assert "https://www.paper.example/2026/acme-recall?id=7" == post.url == post.id
    assert ("paper.example", "paper.example") == (post.author_id, post.author_handle)


def test_a_subreddit() -> None:
    """Without what is written below each post; Reddit's ids are everybody's."""
    post = sample("subreddit.xml")
    assert ("t3_1abc2d", "Is the Acme 5 any good?") == (post.id, post.text)
    assert ("ann_b@reddit.com", "ann_b") == (post.author_id, post.author_handle)
    assert post.parent is None


def test_comments_of_a_subreddit() -> None:
    """Each stands below its post, whose title is not the comment's."""
    post = sample("comments.xml")
    assert ("t1_kx9z8y", "", "Mine squeaks.") == (post.id, post.title, post.text)
    assert ("t3_1abc2d", "t3_1abc2d") == (post.parent and post.parent.id, post.root_id)


def test_hacker_news() -> None:
    """The page as the search gives it."""
    hits, strange = sorted_out(page_of((SAMPLES / "hackernews" / "page.json").read_bytes(), "x").hits)
    story, comment = (hackernews_post(hit, NOW) for hit in hits)
    assert [] == strange
    assert ("45000001", "Acme's lifts are down", "ann") == (story.id, story.title, story.author_id)
    assert "Ours has been stuck since nine. It's on their page" == comment.text.partition(":")[0]
    assert ("https://status.acme.example/incidents/2026-11-20",) == comment.links
    assert story.id == comment.root_id


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://www.google.com/url?sa=t&url=https://a.example/x%3Fy%3D1", "https://a.example/x?y=1"),
        ("https://www.google.co.uk/url?q=http://a.example/", "http://a.example/"),
        ("https://google.com/url?url=javascript:alert(1)", ""),
        ("https://www.google.com/search?url=https://a.example/", ""),
        ("https://www.google.evil.example/url?url=https://a.example/", ""),
        ("https://notgoogle.com/url?url=https://a.example/", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_where_an_alert_leads(link: str, expected: str) -> None:
    """Only Google's own redirects are followed by eye, and only to the web."""
    assert expected == alert_target(link)


# --- ids and times ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<guid>https://a.example/1</guid>", "https://a.example/1"),
        ("<guid isPermaLink='false'>urn:uuid:5</guid><title>x</title>", "urn:uuid:5"),
        ("<guid>7</guid><title>x</title>", "blog.example/feed.xml#7"),
        ("<link>https://a.example/2</link>", "https://a.example/2"),
        ("<guid>t3_abc</guid><link>https://a.example/</link>", "blog.example/feed.xml#t3_abc"),
    ],
)
def test_ids(item: str, expected: str) -> None:
    """The entry's own where nobody else can have it, the link where it has none."""
    assert expected == posted(item).id


def test_an_entry_without_any_id() -> None:
    """What it says names it: the same at each reading, another for another text."""
    first, again = posted("<title>x</title>"), posted("<title>x</title>")
    other = posted("<title>y</title>")
    assert first.id == again.id != other.id
    assert "blog.example" == first.author_id


def test_an_id_beyond_measure() -> None:
    """Ids stay short enough for an index."""
    assert len(posted(f"<guid>https://a.example/{'x' * 9_000}</guid><title>t</title>").id) < 200


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Fri, 20 Nov 2026 12:00:00 GMT", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20T12:00:00+02:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Fri, 20 Nov 2099 12:00:00 GMT", NOW),
        ("Fri, 99 Xxx 99999 99:99", NOW),
        ("", NOW),
    ],
)
def test_times(date: str, expected: datetime) -> None:
    """Never later than seen, and seen where nothing can be read."""
    assert expected == posted(f"<title>x</title><pubDate>{date}</pubDate>").posted_at


def test_long_texts() -> None:
    """A book is cut."""
    assert LONGEST_TEXT == len(posted(f"<title>x</title><description>{'word ' * 30_000}</description>").text)


# --- documents as they come ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (feed("<title>Größe</title>"), RSS),
        (feed("<title>Größe</title>"), "text/xml"),
        (feed("<title>Größe</title>").decode().encode("utf-16"), RSS),
        (feed("<title>Größe</title>").decode().encode("utf-8-sig"), RSS),
        (feed("<title>Größe</title>").decode().encode("latin-1"), "text/xml; charset=ISO-8859-1"),
        (
            feed("<title>Größe</title>", "<?xml version='1.0' encoding='windows-1252'?>")
            .decode()
            .encode("cp1252"),
            RSS,
        ),
        (feed("<title>Gr&ouml;&szlig;e</title>"), RSS),
        (feed("<title>Gr\x0bö\x00ße</title>"), RSS),
        (feed("<title>Gr&amp;ouml;ße</title>"), RSS),
    ],
)
def test_encodings_and_slips(body: bytes, content_type: str) -> None:
    """By mark, header or declaration; what is not quite XML is mended."""
    assert ["Größe"] == [entry.title for entry in entries(body, content_type)]


def test_a_bare_ampersand_and_a_cut() -> None:
    """Short broken documents are read as far as they go."""
    assert "A & B" == entries(feed("<title>A & B</title>"))[0].title
    assert "x" == entries(feed("<title>x</title><link>https://a.example/</link>")[:-30])[0].title


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Not found</body></html>",
        b'{"version": "https://jsonfeed.org/version/1"}',
        b"/etc/hostname",
        b"http://127.0.0.1/",
        b"\x00" * 1_000,
        feed("<title>x</title>", "<?xml version='1.0' encoding='no-such'?>"),
        feed("<title>x</title>", "<?xml version='1.0' encoding='hex'?>"),
    ],
)
def test_what_is_no_feed(body: bytes) -> None:
    """Other documents, nothing, and what a library would open as a file or an address."""
    refused(body)


BOMBS = {
    "entities": b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + feed("<title>&b;</title>"),
    "one entity": b'<!DOCTYPE r [<!ENTITY a "x">]>' + feed("<title>&a;</title>"),
    "utf-16 entities": ('<!DOCTYPE r [<!ENTITY a "x">]>' + feed("").decode()).encode("utf-16"),
    "utf-7 entities": b"<?xml version='1.0' encoding='utf-7'?><!DOCTYPE r [+ADwAIQ-ENTITY a 'x'>]>"
    + feed(""),
    "an outside entity": b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    + feed("<title>&a;</title>"),
    "depth": b"<rss version='2.0'><channel>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</channel></rss>",
    "attributes": b"<rss " + b" ".join(b"a%d=''" % number for number in range(100_000)) + b"/>",
    "elements": b"<rss version='2.0'><channel>" + b"<item/>" * 200_000 + b"</channel></rss>",
    "broken and long": b"<rss><channel><item><title>" + b"<a " * 1_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str) -> None:
    """Refused before anything expands."""
    refused(BOMBS[name])


def test_an_outside_doctype_is_not_fetched() -> None:
    """No file and no address comes in by way of a document."""
    (entry,) = entries(b'<!DOCTYPE rss SYSTEM "file:///etc/passwd">' + feed("<title>&passwd; x</title>"))
    assert "&passwd; x" == entry.title


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(st.sampled_from("<>/&;!?[]-\"' =xmlitemrs:0"), max_size=200).map(str.encode)
)
def test_no_bytes_make_it_crash(body: bytes) -> None:
    """A feed, or Unavailable; never another error."""
    for whole in (body, feed(body.decode(errors="replace"))):
        try:
            for entry in entries(whole):
                post_of(entry, feed="blog.example/feed.xml", seen_at=NOW)
        except Unavailable:
            pass
