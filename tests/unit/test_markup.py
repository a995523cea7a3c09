"""HTML becomes plain text, whatever it is, and in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markup import LONGEST, is_web, plain, said


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("It&#x27;s 5 &gt; 3 &amp; <b>bo</b>ld", "It's 5 > 3 & bold"),
        ("one<p>two<p>three", "one\n\ntwo\n\nthree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>x</li><li>y</li></ul>", "x\n\ny"),
        ("a <script>alert('</p>')</script>b<STYLE>p{}</Style>", "a b"),
        ("a<!-- hidden > --> b", "a b"),
        ("a<![CDATA[x]]>b", "ab"),
        ('<a title="1 > 0" href=x>link</a>', "link"),
        ("3 < 4 and <5 and a<b", "3 < 4 and <5 and a<b"),
        ("&lt;script&gt;", "<script>"),
        ("never ends <!-- x", "never ends"),
        ("&nonsense; &#9999999999999; &", "&nonsense; \ufffd &"),
        ("x\x00\x1b[31my\x9b", "x[31my"),
    ],
)
def test_what_it_says(markup: str, expected: str) -> None:
    """Tags go, paragraphs stay, references are read."""
    assert expected == plain(markup)


def test_where_it_leads() -> None:
    """Targets on the web, each once, as they are and not as they are shown; alt texts."""
    told = said(
        '<a href="https:&#x2F;&#x2F;a.example&#x2F;?x=1&amp;y=2" rel="nofollow">https:&#x2F;&#x2F;a.ex...</a>'
        "<a href='https://b.example/'>b</a><a href=https://b.example/>b</a><a href=\"javascript:alert(1)\">j</a>"
        '<a href="/inside">i</a><img src="x.png" alt="a broken  lift">'
    )
    assert ("https://a.example/?x=1&y=2", "https://b.example/") == told.links
    assert ("a broken lift",) == told.alts


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://a.example", True),
        ("HTTP://a.example/x", True),
        ("https:///x", False),
        ("javascript:alert(1)", False),
        ("ftp://a.example", False),
        ("https://a.example/\nx", False),
        ("", False),
    ],
)
def test_what_is_on_the_web(link: str, expected: bool) -> None:
    """Only http and https, with a host, without blanks."""
    assert expected == is_web(link)


HOSTILE = {
    "tags that never end": "<a " * LONGEST,
    "brackets": "<" * LONGEST,
    "comments": "<!--" * LONGEST,
    "declarations": "<!" * LONGEST,
    "end tags": "</" * LONGEST,
    "open quotes": '<a x="' * LONGEST,
    "attributes": "<a" + " b=c" * LONGEST,
    "scripts": "<script>" * LONGEST,
    "references": "&#" * LONGEST,
    "a huge number": "&#" + "9" * LONGEST + ";",
    "links": '<a href="https://x.example/' * LONGEST,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_comes_to_an_end(name: str) -> None:
    """Reading is linear: the standard library's parser is stopped by the time limit of the tests."""
    assert len(said(HOSTILE[name]).text) <= LONGEST


@given(st.text(alphabet=st.sampled_from("<>/a!-&;\"'= #x9\n"), max_size=300) | st.text(max_size=200))
def test_nothing_makes_it_fail(markup: str) -> None:
    """Total; control characters and halves of characters do not come through."""
    told = said(markup)
    assert not set(told.text) & {"\x00", "\x1b", "\ud800", "\x07"}
    assert all(is_web(link) for link in told.links)
