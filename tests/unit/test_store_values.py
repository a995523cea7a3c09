"""Values as rows, and the pure decisions of the store's edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Alert, Facts, Fired, Kind, Post, PostRef, Signal, Span, Urgency, Verdict
from bot.store import place, rows, verdicts
from bot.store.schema import Age, age

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_comes_back_exactly(at: datetime) -> None:
    """To the microsecond, over all zones and their turns of the clock, as UTC."""
    assert at.astimezone(UTC) == rows.moment(rows.micros(at))
    assert rows.moment(rows.micros(at)).utcoffset() == timedelta(0)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_times_sort_as_their_numbers(one: datetime, other: datetime) -> None:
    """SQL may compare them."""
    assert (one < other) == (rows.micros(one) < rows.micros(other))


def test_a_naive_time_has_no_number() -> None:
    """Nobody knows which moment it is."""
    with pytest.raises(ValueError, match="aware"):
        rows.micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


_texts = st.text(st.characters(exclude_categories=["Cs"]))
_refs = st.none() | st.builds(PostRef, id=_texts, author_id=st.none() | _texts, revision=st.none() | _texts)
_posts = st.builds(
    Post,
    platform=_texts,
    id=_texts,
    author_id=_texts,
    text=_texts,
    posted_at=st.just(NOON),
    seen_at=st.just(NOON),
    author_handle=st.none() | _texts,
    title=_texts,
    alts=st.lists(_texts).map(tuple),
    links=st.lists(_texts).map(tuple),
    langs=st.lists(_texts).map(tuple),
    mentions=st.lists(_texts).map(tuple),
    parent=_refs,
    root=_refs,
    quoted=_refs,
    revision=st.none() | _texts,
    url=st.none() | _texts,
)


@given(_posts)
def test_a_post_comes_back_from_its_row(post: Post) -> None:
    """Column by column, in the order of the list."""
    assert post == rows.post(rows.post_values(post))
    assert len(rows.POST) == len(rows.post_values(post))


FACTS = Facts(
    mention_id="A",
    brand="acme",
    platform="bluesky",
    kind=Kind.REPLY,
    text="it leaks",
    handle="ann.example",
    name="Ann",
    bio="tea",
    followers=3,
    age=timedelta(days=2, microseconds=1),
    parent_text="what?",
    signals={"b": Signal(value=None), "a": Signal(value=0.5, evidence=(("leaks", 1.0),))},
)
VERDICT = Verdict(
    mention_id="A",
    rules_version="r",
    engine_version="e",
    urgency=Urgency.HIGH,
    ignored=False,
    score=3,
    persona=None,
    route="default",
    tags=("x",),
    respond_in=timedelta(minutes=90),
    alert=Alert.PING,
    fired=(
        Fired(
            rule="r", points=3, why="w", location="f:1", evidence=("leaks",), spans=(Span(start=3, end=8),)
        ),
    ),
    notes=("seen: leaks",),
    signals=FACTS.signals,
)


def test_facts_and_verdicts_come_back_from_json() -> None:
    """Enough is kept to judge again, durations and enums included."""
    assert rows.facts(rows.dump(FACTS)) == FACTS
    assert rows.verdict(rows.dump(VERDICT)) == VERDICT


def test_what_is_blanked_keeps_the_numbers_and_no_words() -> None:
    """Which rules fired and how strong a signal was may stay; the author's words may not."""
    facts = verdicts.blank_facts(FACTS, author=True)
    verdict = verdicts.blank_verdict(VERDICT)
    kept = rows.dump(facts) + rows.dump(verdict)
    assert [word for word in ("leaks", "Ann", "ann.example", "tea", "what?") if word in kept] == []
    assert (facts.signals["a"].value, verdict.fired[0].rule, facts.followers) == (0.5, "r", 3)


@pytest.mark.parametrize(
    ("found", "has_tables", "expected"),
    [
        (None, False, Age.FRESH),
        (None, True, Age.FOREIGN),
        ("", True, Age.OLDER),
        ("0001", True, Age.OLDER),
        ("0002", True, Age.CURRENT),
        ("0003", True, Age.NEWER),
    ],
)
def test_the_age_of_a_database(found: str | None, has_tables: bool, expected: Age) -> None:
    """What a revision row means to a program that knows two revisions."""
    assert age(found, has_tables=has_tables, known=("0001", "0002")) == expected


_MOUNTS = """\
22 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /scratch rw,nosuid - tmpfs tmpfs rw
31 22 0:27 / /scratch/disk rw - ext4 /dev/vdb rw
32 22 0:28 / /with\\040blank rw - overlay overlay rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/x.db", "ext4"),
        ("/scratch/x.db", "tmpfs"),
        ("/scratchfoo/x.db", "ext4"),
        ("/scratch/disk/x.db", "ext4"),
        ("/with blank/x.db", "overlay"),
    ],
)
def test_the_file_system_of_a_path(path: str, kind: str) -> None:
    """The innermost mount counts."""
    assert place.filesystem(Path(path), _MOUNTS) == kind


def test_a_heroku_dyno_forgets() -> None:
    """Its variable says so, whatever the mounts look like."""
    assert "Heroku" in (place.is_ephemeral(Path("/app/x.db"), environ={"DYNO": "web.1"}) or "")


def test_memory_and_container_layers_forget(tmp_path: Path) -> None:
    """Said in words that name what to do."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(_MOUNTS)
    said = [
        place.is_ephemeral(Path(path), environ={}, mounts=mounts)
        for path in ("/data/x.db", "/scratch/x.db", "/with blank/x.db")
    ]
    assert said[:2] == [None, "it lies in memory (tmpfs)"]
    assert "mount a volume" in (said[2] or "")


def test_where_nothing_is_known_nothing_is_said(tmp_path: Path) -> None:
    """Systems without /proc get no warning."""
    assert place.is_ephemeral(Path("/x.db"), environ={}, mounts=tmp_path / "none") is None


@pytest.mark.parametrize("variable", ["FLY_APP_NAME", "RENDER", "RAILWAY_ENVIRONMENT_ID", "K_SERVICE"])
def test_a_platforms_own_disk_does_not_last(tmp_path: Path, variable: str) -> None:
    """What lies on the root goes with the next deploy; what lies on a volume stays."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text("1 0 8:1 / / rw - ext4 /dev/vda rw\n2 1 8:2 / /data rw - ext4 /dev/vdb rw\n")
    found = [
        place.is_ephemeral(Path(path), environ={variable: "x"}, mounts=mounts)
        for path in ("/app/x.db", "/data/x.db")
    ]
    assert ["mount a volume", None] == [why and why[-14:] for why in found]
    assert place.is_ephemeral(Path("/app/x.db"), environ={}, mounts=mounts) is None
