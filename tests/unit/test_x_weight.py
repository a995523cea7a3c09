"""How long a text is on X, by the cases of its documentation and of twitter-text's conformance suite."""

from __future__ import annotations

import pytest

from connectors.x import weight


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("a" * 280, 280),
        ("é" * 10, 10),
        ("e\u0301" * 10, 10),
        ("मनीष", 4),
        ("字" * 140, 280),
        ("こんにちは", 10),
        ("한국어", 6),
        ("ア" * 3, 6),
        ("‘quoted’", 8),
        ("“quoted”", 8),
        ("an em — dash", 12),
        ("and so on…", 11),
        ("😷", 2),
        ("👾👾", 4),
        ("🙋🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("👩‍👩‍👧", 2),
        ("👨🏿‍🎤", 2),
        ("🇩🇪🇯🇵", 4),
        ("1️⃣", 2),
        ("❤️", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        ("https://acme.com", 23),
        ("http://acme.com/" + "x" * 300, 23),
        ("see https://acme.com/a?b=c#d, please", 4 + 23 + 8),
        ("(https://acme.com/a)", 25),
        ("https://en.acme.com/a_(b)", 23),
        ("https://a.com https://b.com", 47),
        ("acme.com", 23),
        ("acme.com/help now", 27),
        ("x@acme.com", 10),
        ("@acme.com", 9),
        ("e.g. this, i.e. that", 20),
        ("3.5 of 4.0", 10),
        ("v1.2.3", 6),
    ],
)
def test_what_a_text_weighs(text: str, used: int) -> None:
    """Letters by their range, emoji by what they show, links always the same."""
    assert used == weight.length(text).used


@pytest.mark.parametrize(
    ("text", "fits"),
    [("a" * 280, True), ("a" * 281, False), ("字" * 140, True), ("字" * 141, False), ("", False)],
)
def test_what_fits(text: str, fits: bool) -> None:
    """280, and something."""
    assert fits is weight.length(text).fits


def test_links_are_told() -> None:
    """They cost more."""
    assert ["https://acme.com/a", "Acme.co.uk"] == weight.links("see https://acme.com/a. Or Acme.co.uk!")
    assert [] == weight.links("no link here, 3.5 of them; a@acme.com")


def test_what_x_shows_is_the_same() -> None:
    """Links are shortened there, letters composed, spaces squeezed."""
    assert weight.same("see https://t.co/abc, é ") == weight.same("see  https://acme.com/help?x=1, e\u0301")
    assert weight.same("see acme.com") != weight.same("see it")
