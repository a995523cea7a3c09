"""The demo's written day: its clock, its file, and what the demo's rules make of what is said in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli import setup
from bot.cli.demo import forget
from bot.demo.day import QUIET, Day, DayClock, minutes, read_day
from bot.demo.place import CONFIG, DAY
from bot.demo.stage import STAFF
from bot.errors import StoreError
from bot.model import Facts, Kind, Verdict
from bot.rulebook import load_ruleset
from bot.settings.load import Settings, load
from bot.store.lock import Lock
from rules.ruleset import RuleSet

BEGAN = datetime(2026, 1, 5, 12, tzinfo=UTC)
SMALL = """
opens: "09:00"
closes: "10:00"
ours: velorbo
cast: {velorbo: {name: Velorbo}, ann: {name: Ann}}
scenes: [{at: "09:00", by: ann, says: Hello.}]
"""


@pytest.fixture(scope="module")
def day() -> Day:
    return read_day(DAY)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(CONFIG, setup.connectors(), env=setup.demo_environment())


@pytest.fixture(scope="module")
def rules(settings: Settings) -> RuleSet:
    return load_ruleset(settings)


def clock(day: Day, pace: float = 1.0) -> DayClock:
    return DayClock(day=day, began=BEGAN, pace=pace)


def test_the_clock_of_the_day(day: Day) -> None:
    """Before it opens real minutes of the past; then seconds; after it closes slower ones."""
    at = clock(day, pace=0.5).at
    assert BEGAN - timedelta(minutes=20) == at(minutes("08:40"))
    assert BEGAN == at(minutes("09:00"))
    assert BEGAN + timedelta(seconds=30) == at(minutes("10:00"))
    assert BEGAN + timedelta(seconds=270) == at(minutes("18:00"))
    assert BEGAN + timedelta(seconds=270 + 5 * QUIET) == at(minutes("18:10"))


@pytest.mark.parametrize(
    ("start", "length"), [("08:40", 5), ("08:40", 40), ("09:10", 25), ("17:50", 30), ("18:10", 7)]
)
def test_what_comes_after_is_where_it_would_stand_by_itself(day: Day, start: str, length: int) -> None:
    """So many minutes after a time is the same instant, whichever bounds lie between."""
    ticks = clock(day, pace=0.7)
    expected = ticks.at(minutes(start) + length)
    assert abs(expected - ticks.after(ticks.at(minutes(start)), length)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("by: ann, says: Hello.", "by: bob, says: Hello."),
        ('at: "09:00"', 'at: "9 am"'),
        ("says: Hello.", "saying: Hello."),
        ("says: Hello.}", 'says: Hello.}, {at: "08:00", by: ann, says: Early.}'),
        ("says: Hello.}", "says: Hello., platform: x, then: [{after: 1m, by: velorbo, says: Hello.}]}"),
    ],
)
def test_a_day_that_cannot_be_played_is_refused(tmp_path: Path, wrong: str, told: str) -> None:
    """Somebody who is not in the cast, a time that is none, a misspelt key, a scene out of order; X answered."""
    path = tmp_path / "day.yaml"
    path.write_text(SMALL)
    assert 1 == read_day(path).posts
    path.write_text(SMALL.replace(wrong, told))
    with pytest.raises(ValueError, match=r"day\.yaml: "):
        read_day(path)


def test_the_day_has_what_it_is_to_show(day: Day, settings: Settings) -> None:
    """About 150 posts in several languages; answers by all three brands; people known to the configuration."""
    assert 150 <= day.posts <= 200
    assert {"bluesky", "hackernews", "mastodon", "rss", "x"} == {scene.platform for scene in day.scenes}
    languages = Counter(day.cast[who].lang for who in day.speakers())
    assert {"en", "es", "de", "fr", "pt", "ja"} <= languages.keys()
    brands = {brand.name for brand in settings.brands}
    assert brands == {said.by for scene in day.scenes for said in scene.then} & brands
    known = {(person.key, identity) for person in settings.people for _, identity in person.identities}
    assert {(key, str(one.id)) for key, one in STAFF.items()} <= known
    assert {claim.by for scene in day.scenes for claim in scene.claims} <= STAFF.keys()
    assert [key for key in day.cast if key not in set(day.speakers())] == []


def verdicts(day: Day, settings: Settings, rules: RuleSet) -> Iterator[tuple[str, str, Verdict]]:
    """(time, text, verdict) of each scene's post that is about our brand."""
    own = settings.brands[0]
    for scene in day.scenes:
        member = day.cast[scene.by]
        if scene.by == day.ours or not any(word in scene.says.lower() for word in own.words):
            continue
        lang, signals = rules.measure(scene.says, (member.lang,))
        facts = Facts(
            mention_id="m",
            brand=own.name,
            platform="bluesky",
            kind=Kind.MENTION if f"@{own.name}" in scene.says else Kind.POST,
            text=scene.says,
            speaks_to_us=True,
            lang=lang,
            handle=f"{scene.by}.example",
            bio=member.bio,
            followers=member.followers,
            age=timedelta(days=member.since),
            signals=signals,
        )
        yield scene.at, scene.says, rules.judge(facts)


def test_the_rules_see_what_people_see(day: Day, settings: Settings, rules: RuleSet) -> None:
    """Danger is critical, in any of its languages at least high; spam is ignored; nearly all praise is low."""
    judged = list(verdicts(day, settings, rules))
    by_time = {at: verdict for at, _, verdict in judged}
    assert {"critical"} == {by_time[at].urgency.label for at in ("08:58", "09:01", "16:23")}
    assert {"high", "critical"} >= {by_time[at].urgency.label for at in ("08:59", "14:29", "11:50", "13:05")}
    assert "journalist" == by_time["09:44"].persona
    assert all(by_time[at].ignored for at in ("08:49", "09:40", "11:03", "15:01", "17:35"))
    assert {"low"} == {by_time[at].urgency.label for at in ("08:41", "09:17", "11:34", "16:46")}
    rings = sum(verdict.alert.value in {"ping", "message"} for _, _, verdict in judged)
    assert 15 <= rings <= 35, "a phone that rings all day is put away"


def test_the_rules_of_the_demo_are_clean(rules: RuleSet) -> None:
    """No warning, people learn from them; but Japanese words are found inside others, as they must be."""
    assert {"I401"} == {warning.code for warning in rules.warnings}


def test_a_new_day_forgets_the_last_one_and_nothing_else(tmp_path: Path) -> None:
    """The database and what SQLite keeps beside it; not while another demo uses it."""
    database = tmp_path / "demo.db"
    for name in ("demo.db", "demo.db-wal", "demo.db-shm", "outcare.db"):
        (tmp_path / name).write_bytes(b"x")
    lock = Lock(database)
    lock.take()
    try:
        # The kernel's lock is per open file: another opening of it in this process is refused all the same.
        with pytest.raises(StoreError, match="runs here already"):
            forget(database)
    finally:
        lock.release()
    forget(database)
    assert {"outcare.db", "demo.db.lock"} == {path.name for path in tmp_path.iterdir()}
