"""Who asks to be left alone, and who only uses the word."""

from __future__ import annotations

import pytest

from bot.model import Kind
from bot.optout import wants_no_answers


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop!", "@acme.example please stop.", "Don’t reply to me", "¡No me escriban!", "Lasst mich in Ruhe",
     "@acme @other  Leave me   alone…", "Laissez-moi tranquille"],
)  # fmt: skip
def test_a_wish_to_be_left_alone(text: str) -> None:
    """Whatever stands around it: handles, signs, capitals."""
    assert wants_no_answers(text, Kind.REPLY)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("when will this stop?", Kind.REPLY),
        ("the bus stop is broken", Kind.REPLY),
        ("stop charging me twice!", Kind.REPLY),
        ("", Kind.REPLY),
        ("@acme", Kind.REPLY),
        ("stop", Kind.POST),
        ("stop " * 100, Kind.REPLY),
    ],
)
def test_what_is_none(text: str, kind: Kind) -> None:
    """A complaint with the word in it, what is said to nobody, and what is long."""
    assert not wants_no_answers(text, kind)
