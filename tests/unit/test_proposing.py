"""What the file of answers would say of a reply: of which words, in which language, and where it cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.http import HttpClient
from bot.model import Author, Kind, Mention
from bot.proposing import Proposing
from bot.replies import Patch, Reply, ReplyState
from bot.settings.answers import parse_answers
from bot.testing.clock import ManualClock
from bot.voice import Voice
from tests.unit._values import NOW, card_state, post
from tests.unit.settings_world import MINIMAL, load_text

BEFORE = """answers:
  hours:
    questions: [When are you open?]
    answer: {en: "From 9 to 17."}
    platforms: [bluesky]
"""
FILE = Path("answers.yaml")
CONFIG = f"{MINIMAL}voice: {{bluesky: {{signature: — Acme}}}}\n"
POST = post(
    text="@mara.example do you repair kettles? Call me: +49 171 555 0123", author_handle="ann.example"
)
STATE = card_state(
    mention=Mention(post=POST, brand="acme", kind=Kind.MENTION),
    author=Author(platform="bluesky", id="did:plc:ann", handle="ann.example", name="Ann"),
)
REPLY = Reply(
    id=9,
    text="Hi Ann, write to us at ann@home.example, and we repair any kettle.\n— Acme",
    state=ReplyState.PUBLISHED,
    approved_by="anna",
    approved_at=NOW,
    due_at=NOW,
    lang="de",
)


@pytest.fixture
async def proposing(tmp_path: Path) -> AsyncIterator[Proposing]:
    (tmp_path / "answers.yaml").write_text(BEFORE, "utf-8")
    http = HttpClient(ManualClock())
    yield Proposing(load_text(CONFIG, tmp_path), http, ManualClock())
    await http.close()


def added(patch: Patch) -> list[str]:
    return [line[1:].strip() for line in patch.text.splitlines()[2:] if line[0] == "+"]


async def test_what_is_personal_is_hidden_and_the_signature_left_out(proposing: Proposing) -> None:
    """The signature is put under each draft anyway; the language is the one that it reads as."""
    patch = await proposing.patch(STATE, REPLY)
    assert ("repair-kettles-call", False, "") == (patch.entry, patch.is_known, patch.reason)
    assert [
        "repair-kettles-call:",
        "questions:",
        '- "[person] do you repair kettles? Call me: [phone]"',
        "answer:",
        'en: "Hi {author.name}, write to us at [e-mail], and we repair any kettle."',
    ] == added(patch)
    assert patch.path.endswith("answers.yaml")
    assert patch.text.startswith(f"--- {patch.path}\n+++ {patch.path} (proposed)\n")


async def test_the_file_is_the_one_that_was_read_last(proposing: Proposing) -> None:
    """As a reload takes it over; line ends are no difference."""
    proposing.reading(parse_answers(BEFORE.replace("17", "18").replace("\n", "\r\n"), FILE, ("bluesky",)))()
    patch = await proposing.patch(STATE, REPLY)
    assert "From 9 to 18." in patch.text
    assert "\r" not in patch.text
    proposing.reading(None)()
    begun = await proposing.patch(STATE, REPLY)
    assert ("", "answers:") == (begun.path, begun.text.splitlines()[0])


async def test_where_there_is_no_patch_it_says_why(proposing: Proposing) -> None:
    """A post that is gone, words in no language, a file that nothing can be put into."""
    gone = await proposing.patch(replace(STATE, post_deleted=True), REPLY)
    assert ("deleted", "") == (gone.reason, gone.text)
    assert "language" == (await proposing.patch(STATE, replace(REPLY, text="42!", lang=None))).reason
    proposing.reading(parse_answers("answers: {}\n", FILE, ()))()
    braces = await proposing.patch(STATE, REPLY)
    assert ("by_hand", True, "") == (braces.reason, "by hand" in braces.detail, braces.text)


@pytest.mark.parametrize(
    ("signature", "text", "bare"),
    [
        ("— Acme", "Hello.\n— Acme\n", "Hello."),
        ("— Acme", "Hello. — Acme", "Hello."),
        ("— Acme", "— Acme", "— Acme"),
        ("— Acme", "Hello. ", "Hello."),
        ("", "Hello. ", "Hello."),
    ],
)
def test_a_signature_is_taken_off_where_it_stands(signature: str, text: str, bare: str) -> None:
    """At the end, once."""
    assert bare == Voice(signature=signature).unsigned(text)
