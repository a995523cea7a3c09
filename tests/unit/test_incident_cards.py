"""Cards of incidents, as they are read, in every language: a file for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import incident_cards
from bot.buttons import Choices
from bot.expenses import Money
from bot.incidents import LOOK_FOR, AnswerState, Incident, Incidents, PlatformPreview, SharedAnswer, next_look
from bot.model import Alert, Urgency
from bot.records import DigestState
from bot.staff import Card
from bot.texts.languages import LANGUAGES
from tests.unit.test_cards import BERLIN, NOW
from tests.unit.test_digests import a_row

FOLDER = Path(__file__).parents[1] / "golden" / "cards"
ROWS = tuple(
    replace(
        a_row(number),
        mention_id=f"m{number}",
        urgency=list(Urgency)[number % 4],
        is_waiting=True,
        due_at=NOW + timedelta(minutes=20 * number - 30),
    )
    for number in range(6)
)
RUNS = Incident(
    uid="01KAJ4ZC00ABCDEFGHJKMNPQRS",
    brand="acme",
    route="care",
    begun_at=NOW - timedelta(minutes=7),
    ended_at=None,
    posts=1204,
    authors=870,
    lately=96,
    critical=2,
    platforms={"bluesky": 1100, "hackernews": 104},
    conversations={"open": 800, "claimed": 60, "snoozed": 1, "answered": 9, "dismissed": 3},
    first=("m0", "m1", "m2"),
    urgent=("m3", "gone"),
)
ENDED = replace(RUNS, ended_at=NOW, lately=0, critical=0, waiting=("m4", "m5"))
SMALL = replace(ENDED, posts=15, conversations={"answered": 15}, first=(), urgent=(), waiting=())


PREVIEW = (
    PlatformPreview(platform="bluesky", to=60, too_long=3, over=12, left={"answered": 9, "taken": 1}),
    PlatformPreview(platform="x", to=20, price=Money(4_000_000, "USD")),
    PlatformPreview(platform="hackernews", left={"no_account": 104}),
)


def states() -> Iterator[tuple[str, Incident]]:
    yield "it runs", RUNS
    yield "it ended", ENDED
    yield "all are answered", SMALL
    yield "a rule has a text", replace(RUNS, offered="Hi {author.name}, we know.")
    for name, answer in answers():
        yield name, replace(SMALL, conversations={"open": 80}, answer=answer)
    said = SharedAnswer(id=7, text="It works again.", state=AnswerState.OPEN, person="anna", to=184)
    before = replace(SMALL, conversations={"open": 80}, answer=said, preview=PREVIEW)
    yield "what would come of it", before
    prepared = replace(said, state=AnswerState.PREPARED, drafts=80)
    yield "what would come of the drafts", replace(before, answer=prepared)


def answers() -> Iterator[tuple[str, SharedAnswer]]:
    """From the text to the last that is published."""
    said = SharedAnswer(
        id=7, text="Hi {author.name}, it works again.", state=AnswerState.OPEN, person="anna", to=80
    )
    yield "a text for all", said
    yield "a text for nobody", replace(said, to=0)
    yield "it is being prepared", replace(said, drafts=2100, to=1900, is_preparing=True)
    yield "it is prepared", replace(said, state=AnswerState.PREPARED, to=2, drafts=78)
    going = replace(said, state=AnswerState.APPROVED, to=2, published=12, under_way=63, refused=3)
    yield "it goes out", going
    yield "it is out", replace(going, published=75, under_way=0)
    yield "more than are answered at once", replace(said, to=4000)


def card(incident: Incident, code: str = "en") -> Card:
    state = DigestState(route="care", rows=ROWS, incident=incident)
    choices = Choices(people={"anna": "Anna"})
    return incident_cards.render(
        state, incident, texts=LANGUAGES[code], zone=BERLIN, now=NOW, choices=choices
    )


def shown(one: Card) -> str:
    lines = [one.headline, *(line.text for line in one.lines)]
    return "\n".join([*lines, *(" ".join(f"[{button.label}]" for button in row) for row in one.buttons)])


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_staff_reads_is_as_it_was_read_through(code: str) -> None:
    """A file that is missing is written, for a person to read."""
    file = FOLDER / f"incidents.{code}.txt"
    now = "\n".join(f"--- {name}\n{shown(card(one, code))}\n" for name, one in states())
    if not file.exists():
        file.write_text(now, encoding="utf-8")
        pytest.fail(f"{file} is new: read it through")
    assert file.read_text(encoding="utf-8") == now


def test_it_rings_while_it_runs() -> None:
    """Its end disturbs nobody."""
    assert (Alert.PING, Alert.MESSAGE) == (card(RUNS).alert, card(ENDED).alert)


def test_programs_get_its_numbers() -> None:
    """By the names of docs/operations.md."""
    data = card(RUNS).data
    assert ("incident", 1204, 870, 861, 9) == tuple(
        data[key] for key in ("event", "posts", "authors", "open", "answered")
    )


@pytest.mark.parametrize(
    ("mentions", "authors", "begins"), [(15, 5, True), (14, 14, False), (500, 4, False), (0, 0, False)]
)
def test_when_one_begins(mentions: int, authors: int, *, begins: bool) -> None:
    """Enough of both."""
    assert begins is Incidents().begins(mentions=mentions, authors=authors)


def test_a_card_is_looked_at_as_long_as_it_may_change() -> None:
    """Four times a minute, then once a minute for a day, as long as somebody waits."""
    ended = NOW - timedelta(hours=1)
    assert NOW + timedelta(seconds=15) == next_look(NOW, ended_at=None, waits=False)
    assert NOW + timedelta(minutes=1) == next_look(NOW, ended_at=ended, waits=True)
    assert next_look(NOW, ended_at=ended, waits=False) is None
    assert next_look(NOW, ended_at=NOW - LOOK_FOR, waits=True) is None
