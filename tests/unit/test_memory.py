"""What holds much is let go of bit by bit."""

from __future__ import annotations

from bot.memory import empty


def test_everything_is_emptied() -> None:
    """Lists, mappings and sets, whoever else holds them."""
    some, by_name, numbers = [1, 2], {"a": 1}, {1, 2, 3}
    empty(some, by_name, numbers)
    assert ([], {}, set()) == (some, by_name, numbers)
