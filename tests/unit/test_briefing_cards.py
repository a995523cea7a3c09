"""What is told as a shift begins, as it is read, in every language; and as the page on being on call has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import briefing_cards, handing_over
from bot.briefing import Briefing, BriefingState, Burst, Due, Running, Share, Summary
from bot.catchup import Since, Why, text
from bot.handing_over import Book, due_of
from bot.hours import NEVER
from bot.incidents import Incident
from bot.listing import Listed
from bot.model import ConversationState, Gap, Kind, Urgency
from bot.orders import Silence
from bot.overview import Row, Rows
from bot.pausing import Paused
from bot.rostering import posting
from bot.settings.load import Settings
from bot.shifts import Roster
from bot.texts.catalogue import Texts
from bot.texts.languages import LANGUAGES
from bot.told_rows import Reader
from bot.wishes import Route
from tests.unit.settings_world import TOKEN, load_text
from tests.unit.test_cards import a_state

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "oncall.md").read_text(encoding="utf-8")
FOLDER = ROOT / "tests" / "golden" / "briefings"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 9, tzinfo=BERLIN)
NAMES = {"anna": "Anna", "ben": "Ben", "li": "Li"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def reader(texts: Texts) -> Reader:
    return Reader(
        texts=texts,
        zone=BERLIN,
        now=NOW,
        people=lambda key: NAMES.get(key, key),
        link=lambda _channel, _: None,
    )


def a_row(
    number: int, due: str, words: str, *, urgency: Urgency = Urgency.HIGH, holder: str | None = None
) -> Row:
    state = ConversationState.CLAIMED if holder else ConversationState.OPEN
    listed = Listed(
        conversation=number,
        mention_id=f"m{number}",
        brand="acme",
        platform="bluesky",
        urgency=urgency,
        state=state,
        ignored=False,
        persona=None,
        lang="en",
        claimed_by=holder,
        claimed_at=None,
        due_at=at(due),
        wait_at=at(due),
        posted_at=at(due) - timedelta(minutes=30),
        text=words,
        title="",
        spans=(),
        kind=Kind.MENTION,
        url=f"https://bsky.example/{number}",
        is_deleted=False,
        author="Ann",
        handle="ann.example",
        author_id="ann",
        verdict=a_state().verdict,
        messages=1,
        asked_at=None,
        answered_at=None,
    )
    return Row(listed=listed)


def rows(*found: Row, more: int = 0) -> Rows:
    return Rows(rows=found, count=len(found) + more)


LEFT = a_row(1, "2026-11-29T21:10", "still no parcel", holder="li")
FIRE = a_row(2, "2026-11-30T09:10", "it is on fire", urgency=Urgency.CRITICAL)
SUMMARY = Summary(
    open=3,
    critical=1,
    overdue=1,
    claimed=rows(LEFT),
    snoozed=2,
    wakes_at=at("2026-11-30T10:00"),
    alerts=41,
    answered=38,
    missed=2,
)
INCIDENT = Incident(
    uid="i1",
    brand="acme",
    route="default",
    begun_at=at("2026-11-30T08:20"),
    ended_at=None,
    posts=212,
    authors=190,
    lately=7,
    critical=2,
    conversations={"open": 88, "claimed": 3, "answered": 100},
)
ENDED = replace(
    INCIDENT,
    begun_at=at("2026-11-29T21:00"),
    ended_at=at("2026-11-29T22:10"),
    posts=1,
    authors=1,
    conversations={"answered": 1},
)
RUNNING = Running(
    bursts=(Burst(incident=INCIDENT, cards=(("telegram:care", "7"),)), Burst(incident=ENDED)),
    more_bursts=1,
    gaps=(
        Gap(
            source="jetstream",
            started_at=at("2026-11-30T02:10"),
            ended_at=at("2026-11-30T02:40"),
            reason="connection",
        ),
    ),
    more_gaps=1,
    silences=(
        Silence(name="refund", until=at("2026-11-30T12:00"), person="li", reason="known", begun_at=NOW),
    ),
    paused=Paused(person="li", reason="a wave", since=at("2026-11-30T08:00")),
)
BRIEFING = Briefing(
    person="ben",
    since=at("2026-11-20T18:00"),
    mine=rows(a_row(3, "2026-11-27T17:00", "and my invoice?", holder="ben")),
    urgent=rows(LEFT, FIRE, more=2),
    running=RUNNING,
    missed=rows(LEFT, more=1),
    still_missed=1,
    handled={"anna": 12, None: 1, "li": 25},
    mentions=Share(name="", count=240, usual=130.4),
    topics=(Share(name="refund", count=90, usual=12.0), Share(name="core/outage", count=1)),
    platforms=(Share(name="bluesky", count=200, usual=100.0), Share(name="hackernews", count=40, usual=0.0)),
)
DUE = Due(
    person="ben", before="li", rotation="care", until=at("2026-12-07T09:00"), since=at("2026-11-27T18:00"),
    is_summary=True,
)  # fmt: skip


def states() -> Iterator[tuple[str, BriefingState]]:
    """Every kind of card."""
    yield "summary", BriefingState(due=DUE, summary=SUMMARY)
    yield "summary of much", BriefingState(due=DUE, summary=replace(SUMMARY, running=RUNNING, wakes_at=None))
    yield "summary of nothing", BriefingState(due=DUE, summary=Summary())
    mine = replace(DUE, is_summary=False)
    yield "who takes over", BriefingState(due=mine, summary=SUMMARY, briefing=BRIEFING)
    nobody = replace(mine, before=None, since=None)
    quiet = replace(Briefing(person="ben", since=NOW), mentions=Share(name="", count=0, usual=7.6))
    yield "who begins", BriefingState(due=nobody, briefing=quiet)
    yield (
        "for good",
        BriefingState(due=replace(nobody, until=NEVER), briefing=Briefing(person="ben", since=NOW)),
    )
    morning = Due(person="ben", until=at("2026-11-30T17:00"))
    yield "morning", BriefingState(due=morning, briefing=replace(BRIEFING, missed=rows(LEFT), still_missed=0))


def shown(state: BriefingState, texts: Texts) -> str:
    card = briefing_cards.card(state, reader(texts))
    return "\n".join([card.headline, *(line.text for line in card.lines)])


def told(texts: Texts) -> str:
    said = [(name, shown(state, texts)) for name, state in states()]
    for why in Why:
        whole = text(BRIEFING, Since(at=BRIEFING.since, why=why), reader(texts))
        said += [(f"/catchup: {why}", "\n".join(whole if why is Why.ASKED else whole[:1]))]
    return "\n".join(f"--- {name}\n{words}\n" for name, words in said)


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_staff_reads_is_as_it_was_read_through(code: str) -> None:
    """A file that is missing is written, for a person to read."""
    file, now = FOLDER / f"{code}.txt", told(LANGUAGES[code])
    if not file.exists():
        file.write_text(now, encoding="utf-8")
        pytest.fail(f"{file} is new: read it through")
    assert file.read_text(encoding="utf-8") == now


def test_programs_get_numbers() -> None:
    """What a webhook is sent of a hand-over, without anybody's words."""
    card = briefing_cards.card(BriefingState(due=DUE, summary=SUMMARY), reader(LANGUAGES["en"]))
    assert {
        "event": "hand_over", "person": "ben", "rotation": "care", "before": "li", "open": 3, "critical": 1,
        "overdue": 1, "snoozed": 2, "alerts": 41, "answered": 38, "missed": 2, "claimed": 1,
    } == card.data  # fmt: skip


# --- the page ------------------------------------------------------------------------------------


@pytest.fixture
def example(tmp_path: Path) -> Settings:
    text, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return load_text(text, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})


def test_the_page_shows_what_its_example_tells(example: Settings) -> None:
    """The configuration on the page hands over just then, from Li to Ben, since Friday evening."""
    routes = {name: Route(name=name, to="telegram:care") for name in ("default", "press")}
    on_call = example.on_call
    roster = Roster(postings=tuple(posting(one, on_call, routes) for one in on_call.rotations.values()))
    book = Book()
    for now in (at("2026-11-27T12:00"), at("2026-11-27T18:00"), NOW):
        step = handing_over.step(roster, book, (), now)
        book = Book(rotations={**book.rotations, **step.book.rotations})
    [effect] = step.effects
    due = due_of(effect.payload)
    assert due is not None
    assert (due.before, due.person, due.since, due.routes) == (
        "li",
        "ben",
        at("2026-11-27T18:00"),
        ("default",),
    )
    [page] = [one for one in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) if "→" in one]
    assert page.rstrip("\n") == shown(BriefingState(due=due, summary=SUMMARY), LANGUAGES["en"])


def test_the_page_has_a_morning_on_weekdays(example: Settings) -> None:
    """As it says: not on Sunday."""
    [morning] = example.on_call.mornings
    assert "anna" == morning.person
    assert at("2026-11-30T08:30") == morning.following(at("2026-11-27T08:30"))
