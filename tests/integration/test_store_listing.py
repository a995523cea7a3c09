"""What is listed of each conversation follows from the rest, whatever happens to it, also in an old database."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.changes import Change, Decision
from bot.listing import Listed, View, Wanted
from bot.model import ConversationState, Deletion, Urgency
from bot.staff import Verb
from bot.store import listing, schema
from bot.store.migrations import run
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s

ALL = (
    "SELECT conversation, brand, platform, mention, is_open, rank, wait_at, posted_at, state, ignored,"
    " persona, lang, claimed_by, due_at FROM listed ORDER BY conversation"
)


def derived(path: Path) -> list[tuple[object, ...]]:
    """The table as the migration would fill it from everything else."""
    source = (schema.VERSIONS / "0003_listed.py").read_text()
    (fill,) = re.findall(r'_FILL = """(.*?)"""', source, re.DOTALL)
    select = fill[fill.index("SELECT") :]
    return s.rows(path, f"{select} ORDER BY c.id")


def stands(path: Path) -> list[tuple[object, ...]]:
    return s.rows(path, ALL)


def _decision(number: int, verb: Verb, mention: str) -> Decision:
    return s.press(number, verb, mention)


def transition(_state: object, decision: Decision) -> Change:
    """Do what is asked, whatever state it is in."""
    states = {
        Verb.CLAIM: ConversationState.CLAIMED,
        Verb.RELEASE: ConversationState.OPEN,
        Verb.DISMISS: ConversationState.DISMISSED,
        Verb.REOPEN: ConversationState.OPEN,
    }
    return Change(
        outcome="done",
        reply="",
        state=states[decision.verb],
        claimed_by="pia",
        updates_all=True,
        reopens=decision.verb is Verb.REOPEN,
    )


STEPS = st.one_of(
    st.tuples(st.just("mention"), st.sampled_from("abc"), st.integers(0, 3), st.booleans(), st.booleans()),
    st.tuples(st.just("edit"), st.integers(0, 9), st.integers(0, 3)),
    st.tuples(st.just("answer"), st.sampled_from("abc"), st.integers(0, 60)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(
        st.just("press"),
        st.integers(0, 9),
        st.sampled_from([*(Verb.CLAIM, Verb.RELEASE, Verb.DISMISS, Verb.REOPEN)]),
    ),
    st.tuples(st.just("leave")),
)


async def act(store: SqliteStore, number: int, step: tuple[object, ...], made: list[tuple[str, str]]) -> None:
    match step:
        case ("mention", str(who), int(level), bool(asks), bool(ignored)):
            post = s.post(f"p{number}", author=who, root=f"at://{who}/root", minute=number)
            item = s.judged(
                post, uid=f"U{number}", urgency=Urgency(level), asks=asks and not ignored, ignored=ignored
            )
            await s.record(store, item)
            made.append((f"U{number}", post.id))
        case ("edit", int(which), int(level)) if made:
            _, id_ = made[which % len(made)]
            who = id_.split("/")[2]
            post = s.post(
                id_,
                author=who,
                root=f"at://{who}/root",
                minute=1,
                text=f"edited {number}",
                edited=True,
                seen=100 + number,
            )
            await s.record(store, s.judged(post, urgency=Urgency(level)))
        case ("answer", str(who), int(minute)):
            await s.record(store, s.answer(f"a{number}", minute=minute, to=who, root=f"at://{who}/root"))
        case ("delete", int(which)) if made:
            _, id_ = made[which % len(made)]
            gone = Deletion(platform="bluesky", author_id=id_.split("/")[2], post_id=id_)
            await store.record(s.entry(deleted=(gone,)), now=s.at(70), lease_for=s.LEASE)
        case ("press", int(which), Verb() as verb) if made:
            await store.decide(
                _decision(number, verb, made[which % len(made)][0]),
                transition,
                cursor=None,
                now=s.at(80 + number),
                lease_for=s.LEASE,
            )
        case ("leave",):
            await store.release_claims([], now=s.at(90), lease_for=s.LEASE)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=14))
@example(steps=[("mention", "a", 0, False, False), ("press", 0, Verb.CLAIM), ("answer", "a", 0), ("leave",)])
async def test_the_list_follows_from_the_rest(steps: list[tuple[object, ...]]) -> None:
    """After anything, it is what the migration would make of the other tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        async with s.opened(path) as store:
            made: list[tuple[str, str]] = []
            for number, step in enumerate(steps):
                await act(store, number, step, made)
            assert derived(path) == stands(path)


def test_the_migration_and_the_store_say_the_same() -> None:
    """One SELECT in two places: they differ in blanks, and in what people may say since 0009."""
    source = (schema.VERSIONS / "0003_listed.py").read_text()
    (fill,) = re.findall(r'_FILL = """(.*?)"""', source, re.DOTALL)
    select = listing._REFRESH[listing._REFRESH.index("SELECT") : listing._REFRESH.index(" WHERE c.id = ?")]
    said = re.sub(r"COALESCE\(json_extract\(c\.override, '\$\.\w+'\), (v\.\w+)\)", r"\1", select)
    assert said.split() == fill[fill.index("SELECT") :].split()


async def test_an_old_database_gets_its_list(tmp_path: Path) -> None:
    """0002 to 0003: filled from what is there, and decisions keep what they were."""
    path = tmp_path / "x.db"
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("q"), uid="A"), s.judged(s.post("r", author="bea", root=None)))
        await store.decide(
            _decision(1, Verb.CLAIM, "A"), transition, cursor=None, now=s.at(61), lease_for=s.LEASE
        )
    before = stands(path)
    with closing(schema.connect(path)) as connection:
        run.downgrade(connection, "0002")
    assert "listed" not in {name for (name,) in s.rows(path, "SELECT name FROM sqlite_master")}
    async with s.opened(path, upgrade=True) as store:
        assert before == stands(path)
        assert 2 == len((await store.listing(Wanted(brand="acme"), now=s.at(62))).rows)
    assert [("claim", None)] == s.rows(path, "SELECT verb, note FROM decisions")


async def test_of_an_ask_the_newest_of_the_most_urgent_is_shown(tmp_path: Path) -> None:
    """A harmless line after an urgent one must not hide it; once answered, the newest stands there."""
    async with s.opened(tmp_path / "x.db") as store:
        await s.record(store, s.judged(s.post("urgent", minute=1), urgency=Urgency.CRITICAL))
        await s.record(store, s.judged(s.post("calm", minute=2), urgency=Urgency.LOW))
        assert "urgent" in (await only(store)).mention_id
        await s.record(store, s.answer("re", minute=3), s.judged(s.post("ta", minute=4), asks=False))
        assert "ta" in (await only(store, View.ALL)).mention_id


async def only(store: SqliteStore, view: View = View.OPEN) -> Listed:
    (row,) = (await store.listing(Wanted(brand="acme", view=view), now=s.at(60))).rows
    return row


@pytest.mark.parametrize(
    ("text", "found"), [("leaks", 1), ("LEAKS", 1), ("100%", 0), ("%", 0), ("_", 0), ("\\", 0), ("", 1)]
)
async def test_a_search_means_what_it_says(tmp_path: Path, text: str, found: int) -> None:
    """Signs that SQL gives a meaning have none."""
    async with s.opened(tmp_path / "x.db") as store:
        await s.record(store, s.judged(s.post("q")))
        assert found == len((await store.listing(Wanted(brand="acme", text=text), now=s.at(60))).rows)
