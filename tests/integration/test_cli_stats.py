"""`outcare stats` and what `outcare status` says of answers: the numbers, the words, who waits longest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from tests.integration import store_samples as s
from tests.integration.test_cli_reports import BRANDS, HOSTILE, Shell, shell  # noqa: F401 - a fixture


def fill(shell: Shell) -> None:  # noqa: F811
    """Ann was answered in time a day ago, Ben late; Cy has waited for two hours, for what nobody promised."""
    now = (datetime.now(UTC) - s.NOON).total_seconds() / 60
    a_day = now - 24 * 60

    async def filled() -> None:
        async with s.opened(shell.database) as store:
            await store.save_brands(BRANDS)
            for who, minute, due, text in (
                ("ann", a_day, 30, "acme?"),
                ("ben", a_day, 30, "acme?"),
                ("cy", now - 120, None, HOSTILE),
            ):
                post = s.post(f"p-{who}", author=who, root=f"at://{who}/r", minute=minute, text=text)
                await s.record(store, s.judged(post, due=due), minute=minute)
            for who, after in (("ann", 10), ("ben", 60)):
                reply = s.answer(f"a-{who}", minute=a_day + after, to=who, root=f"at://{who}/r")
                await s.record(store, reply, minute=a_day + after)

    asyncio.run(filled())


def test_the_numbers(shell: Shell) -> None:  # noqa: F811
    """For scripts in seconds; a median that nobody knows is null; a shorter span holds less."""
    fill(shell)
    told = shell.outcare("stats", "--json").json
    assert (3, {"kept": 1, "missed": 1, "open": 0, "void": 0}) == (told["asks"], told["promises"])
    answered = told["paces"]["answered"]
    assert (2, 1, 3600.0) == (answered["reached"], answered["waiting"], answered["median"])
    assert told["paces"]["claimed"]["median"] is None
    assert 3 == told["by_urgency"]["high"]["asks"]
    assert {"high": 1} == told["waiting"]
    (longest,) = told["longest"]
    assert 120 == longest["waits"] // 60
    assert (HOSTILE, "high") == (longest["text"], longest["urgency"])
    assert 1 == shell.outcare("stats", "--since", "3h", "--json").json["asks"]


def test_the_words(shell: Shell) -> None:  # noqa: F811
    """Tables for people; whatever a stranger wrote stays on its line."""
    fill(shell)
    lines = shell.outcare("stats").out.splitlines()
    assert "promises       1 kept, 1 missed" in lines
    answered = next(line for line in lines if line.split()[:1] == ["answered"])
    assert ["answered", "2", "1", "1h", "1h"] == answered.split()
    assert ["high", "3", "2", "1", "1h", "1", "1"] in [line.split() for line in lines]
    assert "waiting now    1 high" in lines
    longest = next(line for line in lines if line.startswith("               2h"))
    assert "high, cy.example · bluesky: acme" in longest
    assert "\x1b" not in "".join(lines)


def test_nothing_was_asked(shell: Shell) -> None:  # noqa: F811
    """Then there is no table, and nobody waits."""
    shell.store()
    out = shell.outcare("stats").out
    assert "nothing was promised" in out
    assert "waiting now    nobody" in out
    assert "stage" not in out
    assert "answers        last 7d: nobody asked" in shell.outcare("status").out.splitlines()


def test_the_status_tells_it_in_a_line(shell: Shell) -> None:  # noqa: F811
    """The last seven days, and who waits longest; all of it for scripts."""
    fill(shell)
    lines = shell.outcare("status").out.splitlines()
    assert "answers        last 7d: 2 of 3 asks, median 1h; 1 kept, 1 missed" in lines
    assert [line for line in lines if line.startswith("longest wait   2h: high, cy.example")]
    assert 3 == shell.outcare("status", "--json").json["answers"]["asks"]
