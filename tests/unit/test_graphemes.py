"""How long a text is in what a person takes for one character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.graphemes import count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("hello", 5),
        ("a\r\nb", 3),
        ("\n\r", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("Z\u0351\u036b\u0343\u036a\u0302\u036b", 1),
        ("👩‍👩‍👧", 1),
        ("👍🏽", 1),
        ("❤️", 1),
        ("🇩🇪🇫🇷", 2),
        ("🇩🇪🇫", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1),
        ("한국어", 3),
        ("\u1112\u1161\u11ab", 1),
        ("\u1112\u1161\u11ab\u1112", 2),
        ("क्षत्रिय", 3),
        ("சி", 1),
        ("กำ", 1),
        ("العربية", 7),
        ("\u0600\u0661", 1),
        ("a\u200db", 2),
        ("👩\u200d", 1),
        ("a\u200d👧", 2),
        ("\u200b\u200b", 2),
        ("\ufeffx", 2),
        ("日本", 2),
        ("\ud83d", 1),
    ],
)
def test_what_is_one_character(text: str, expected: int) -> None:
    """Accents, families, flags, syllables and conjuncts are one each; blanks that nobody sees are too."""
    assert expected == count(text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_texts_are_no_longer_together(left: str, right: str) -> None:
    """Put together they may join at the seam, by a character or two, and are never longer."""
    assert max(count(left), count(right)) <= count(left + right) <= count(left) + count(right)
    assert count(left) <= len(left)


@given(st.text(max_size=40))
def test_a_line_end_stands_alone(text: str) -> None:
    """So texts in lines are as long as their lines."""
    assert count(text) + 2 == count(f"{text}\nx") or text.endswith("\r")
