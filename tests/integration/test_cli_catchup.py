"""`outcare catchup` as a command: lines for people, JSON for scripts."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integration import store_samples as s
from tests.integration.test_cli_reports import HOSTILE, Shell
from tests.integration.test_cli_reports import shell as shell  # noqa: PLC0414 - the fixture

PEOPLE = """
people: {anna: {name: Anna}}
"""

BURST = (
    "INSERT INTO incidents (uid, brand, route, channel, begun_at, looked_at, shown)"
    " SELECT 'i1', 'acme', 'care', 'chat:care', min(posted_at), min(posted_at), '' FROM posts"
)


def test_what_happened(shell: Shell) -> None:
    """In reading order; and the same for programs. What a post says commands no terminal."""
    config = shell.folder / "config" / "outcare.yaml"
    config.write_text(config.read_text() + PEOPLE)
    now = (datetime.now(UTC) - s.NOON).total_seconds() / 60
    posts = (s.post("p", author=who, root=None, text=HOSTILE, minute=now - 120) for who in ("cy", "ed"))
    shell.store(*(s.judged(post, uid=post.author_id) for post in posts), minute=now - 120)
    s.execute(shell.database, BURST)
    s.execute(
        shell.database,
        "INSERT INTO burst_posts SELECT m.id, 'chat:care', 1, m.brand, 'care', m.conversation, p.platform,"
        " p.author_id, 1, p.posted_at FROM mentions m JOIN posts p ON p.id = m.post",
    )
    ended = shell.outcare("catchup", "--person", "anna")
    assert (0, "") == (ended.code, ended.err)
    head, urgent, first, *_ = ended.out.splitlines()
    assert head.startswith("You have not acted yet. Since ")
    assert "Critical or high, and open: 2" == urgent
    assert "cy.example: “acme" in first
    assert "\x1b" not in ended.out
    assert "2 promises missed, still open: 2" in ended.out.splitlines()
    told = shell.outcare("catchup", "--person", "anna", "--since", "1h", "--json").json
    assert ("anna", "asked", 2, 0) == (
        told["person"],
        told["why"],
        told["urgent"]["count"],
        told["mentions"]["count"],
    )
    assert ["high", "high"] == [row["urgency"] for row in told["urgent"]["rows"]]
    [burst] = told["incidents"]
    assert ("i1", "care", 2, 2, 2, None, 0) == (
        burst["incident"], burst["route"], burst["posts"], burst["authors"], burst["open"], burst["ended_at"],
        told["more_incidents"],
    )  # fmt: skip
    assert {"mine", "gaps", "silences", "missed", "answered", "topics", "platforms"} <= set(told)


def test_nobody_of_that_name(shell: Shell) -> None:
    """With a suggestion, and no traceback."""
    config = shell.folder / "config" / "outcare.yaml"
    config.write_text(config.read_text() + PEOPLE)
    ended = shell.outcare("catchup", "--person", "ana")
    assert 1 == ended.code
    assert "did you mean anna?" in ended.err
