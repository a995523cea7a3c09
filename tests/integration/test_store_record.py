"""What one batch becomes: conversations, asks, duplicates, edits, deletions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from bot.model import Alert, Author, Cursor, Deletion, Gap, Urgency
from bot.records import Answer, Judged
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(tmp_path / "x.db") as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_a_batch_is_written_with_its_cursor_and_gap(store: SqliteStore) -> None:
    """Mention, cursor and gap are there when the call returns."""
    gap = Gap(source="jetstream", started_at=s.at(-30), ended_at=s.at(-2), reason="connection")
    done = await s.record(store, s.judged(s.post("q")), cursor="17", gap=gap)
    status = await store.status(now=s.at(60))
    assert (len(done.stored), done.duplicates, done.answered) == (1, 0, 0)
    assert Cursor("17") == await store.cursor("jetstream")
    assert (gap,) == status.gaps
    assert (status.posts, status.mentions, status.open_asks) == (1, 1, 1)


async def test_an_entry_of_only_a_cursor_moves_it(store: SqliteStore) -> None:
    """A batch without posts is legal, and None leaves the position."""
    await s.record(store, cursor="1")
    await s.record(store, cursor="2")
    await s.record(store)
    assert Cursor("2") == await store.cursor("jetstream")


async def test_the_same_mention_again_is_a_duplicate(store: SqliteStore, path: Path) -> None:
    """Read again after a crash under new ids, a post is stored once, alerted once."""
    first = await s.record(store, s.judged(s.post("q"), uid="A"))
    again = await s.record(store, s.judged(s.post("q"), uid="B"))
    assert first.stored == ("A",)
    assert (again.stored, again.duplicates, again.leased) == ((), 1, ())
    assert s.effects(path) == [("alert", "leased")]


async def test_one_post_may_concern_two_brands(store: SqliteStore, path: Path) -> None:
    """Each brand has its own mention, conversation, ask and alert of it."""
    of = s.post("q")
    done = await s.record(store, s.judged(of), s.judged(of, brand="rival", channel=None))
    assert len(done.stored) == 2
    assert s.rows(
        path,
        "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM mentions),"
        " (SELECT count(*) FROM conversations), (SELECT count(*) FROM asks)",
    ) == [(1, 2, 2, 2)]
    assert {of.id: ("acme", "rival")} == dict(await store.held("bluesky", since=s.at(0)))
    assert s.rows(path, "SELECT brand FROM effects") == [("acme",)]


async def test_our_answer_ends_the_ask(store: SqliteStore, path: Path) -> None:
    """The first public answer to that author in that thread ends the wait at its own time."""
    await s.record(store, s.judged(s.post("q", minute=0)))
    done = await s.record(store, s.answer("a", minute=12))
    assert done.answered == 1
    assert s.asks(path) == [(0, 12, "answered")]
    assert s.state(path) == ["answered"]


async def test_an_answer_that_arrives_first_ends_the_ask_too(store: SqliteStore, path: Path) -> None:
    """The question is stored as answered and nobody is alerted."""
    await s.record(store, s.answer("a", minute=12))
    done = await s.record(store, s.judged(s.post("q", minute=0)))
    assert (done.answered, done.leased) == (1, ())
    assert s.asks(path) == [(0, 12, "answered")]
    assert s.state(path) == ["answered"]


async def test_a_third_person_is_answered_and_the_ask_stays_open(store: SqliteStore, path: Path) -> None:
    """An answer to somebody else in the same thread does not count."""
    await s.record(store, s.judged(s.post("q", minute=0)))
    done = await s.record(store, s.answer("a", minute=5, to="bob"))
    assert done.answered == 0
    assert s.asks(path) == [(0, None, None)]
    assert s.state(path) == ["open"]


@pytest.mark.parametrize(
    "given",
    [
        s.answer("a", minute=5, root="at://bob/other"),
        s.answer("a", minute=-5),
        s.answer("a", minute=5, brand="rival"),
        s.answer("a", minute=5, to="acme-care"),
        Answer(post=s.post("a", author="acme-care", minute=5), brand="acme"),
    ],
    ids=["another thread", "older than the question", "another brand", "to ourselves", "to nobody"],
)
async def test_an_answer_that_is_none_is_only_stored(store: SqliteStore, path: Path, given: Answer) -> None:
    """What does not answer this author here leaves the wait as it is."""
    await s.record(store, s.judged(s.post("q", minute=0)))
    await s.record(store, given)
    assert s.asks(path) == [(0, None, None)]
    assert s.rows(path, "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM answers)") == [(2, 1)]


async def test_thanks_after_the_answer_neither_reopen_nor_alert(store: SqliteStore, path: Path) -> None:
    """A mention that asks nothing leaves an answered conversation alone."""
    await s.record(store, s.judged(s.post("q", minute=0)), s.answer("a", minute=5))
    done = await s.record(store, s.judged(s.post("t", minute=6, text="thanks!"), asks=False))
    assert (done.leased, len(s.asks(path))) == ((), 1)
    assert s.state(path) == ["answered"]


async def test_a_new_question_after_the_answer_starts_a_new_ask(store: SqliteStore, path: Path) -> None:
    """The conversation is open again and there is a second alert."""
    await s.record(store, s.judged(s.post("q", minute=0)), s.answer("a", minute=5))
    done = await s.record(store, s.judged(s.post("q2", minute=9)))
    assert s.asks(path) == [(0, 5, "answered"), (9, None, None)]
    assert (s.state(path), len(done.leased)) == (["open"], 1)


async def test_an_older_question_that_comes_late_moves_the_start(store: SqliteStore, path: Path) -> None:
    """The wait began with the older one and is due at the earlier time."""
    await s.record(store, s.judged(s.post("q2", minute=10), due=5))
    await s.record(store, s.judged(s.post("q1", minute=2), due=30))
    assert s.asks(path) == [(2, None, None)]
    found = await store.inbox(limit=1)
    assert s.at(15) == found[0].due_at


def _thread() -> list[Judged | Answer]:
    return [
        s.judged(s.post("q1", minute=1)),
        s.answer("a1", minute=2),
        s.judged(s.post("q2", minute=3)),
        s.judged(s.post("q3", minute=4)),
        s.answer("a2", minute=6),
    ]


@pytest.mark.parametrize("order", list(permutations(range(5)))[::13])
async def test_asks_do_not_depend_on_the_order_of_arrival(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Whatever arrives first, the same waits come out, and the conversation ends answered."""
    thread = _thread()
    async with s.opened(tmp_path / "y.db") as store:
        for place in order:
            await s.record(store, thread[place])
    assert s.asks(tmp_path / "y.db") == [(1, 2, "answered"), (3, 6, "answered")]
    assert s.state(tmp_path / "y.db") == ["answered"]


async def test_a_late_answer_does_not_end_what_was_asked_after_it(store: SqliteStore, path: Path) -> None:
    """Two questions waited as one; an answer between them ends only the first, and the card stays open."""
    first = await s.record(store, s.judged(s.post("q1", minute=1)))
    await s.settle(store, first.leased[0])
    await s.record(store, s.judged(s.post("q2", minute=5)))
    done = await s.record(store, s.answer("a", minute=3))
    assert s.asks(path) == [(1, 3, "answered"), (5, None, None)]
    assert (s.state(path), done.answered) == (["open"], 1)
    card = await store.card(first.leased[0])
    assert card is not None
    assert (s.at(5), "at://ann/q2") == (card.ask.started_at if card.ask else None, card.mention.post.id)


async def test_of_the_same_second_only_the_post_that_is_answered_is_older(
    store: SqliteStore, path: Path
) -> None:
    """Some clients write whole seconds: a question in the second of our answer may be a new one."""
    await s.record(store, s.judged(s.post("q1", minute=1)), s.judged(s.post("q2", minute=5)))
    direct = Answer(
        post=s.post("a", author="acme-care", minute=5, parent=("at://ann/q1", "ann")), brand="acme"
    )
    await s.record(store, direct)
    assert [(1, 5, "answered"), (5, None, None)] == s.asks(path)
    same = Answer(post=s.post("b", author="acme-care", minute=5, parent=("at://ann/q2", "ann")), brand="acme")
    await s.record(store, same)
    assert [(1, 5, "answered"), (5, 5, "answered")] == s.asks(path)


async def test_what_is_known_of_an_author_is_not_forgotten(store: SqliteStore) -> None:
    """A later, poorer lookup leaves the known facts."""
    full = Author(platform="bluesky", id="ann", handle="ann.example", name="Ann", followers=7, verified=True)
    await s.record(store, s.judged(s.post("q1"), author=full))
    done = await s.record(
        store, s.judged(s.post("q2", root=None), author=Author(platform="bluesky", id="ann", followers=9))
    )
    card = await store.card(done.leased[0])
    assert card is not None
    assert (
        Author(platform="bluesky", id="ann", handle="ann.example", name="Ann", followers=9, verified=True)
        == card.author
    )
    assert card.memory.earlier == 1


async def test_the_line_above_is_shown_and_is_no_mention(store: SqliteStore) -> None:
    """The parent is stored for the card, but replies to it are not watched for."""
    parent = s.post("up", author="bob", minute=-3, text="who knows kettles?")
    of = s.post("q", parent=(parent.id, "bob"))
    done = await s.record(store, s.judged(of, parent=parent))
    card = await store.card(done.leased[0])
    assert card is not None
    assert parent == card.parent
    assert [of.id] == list(await store.held("bluesky", since=s.at(0)))


async def test_an_edit_brings_a_new_verdict_and_updates_the_card(store: SqliteStore, path: Path) -> None:
    """No second mention, no second ask: the post has its new text, the delivered card is edited."""
    first = await s.record(store, s.judged(s.post("q"), uid="A"))
    await s.settle(store, first.leased[0])
    edit = s.post("q", text="it leaks on the cat?", edited=True, revision="2", seen=8)
    done = await s.record(store, s.judged(edit, uid="B"))
    card = await store.card(done.leased[0])
    assert card is not None
    assert (card.mention_id, card.mention.post.text, card.messages) == ("A", "it leaks on the cat?", 1)
    assert ("A", edit.searchable) == (card.verdict.mention_id, card.facts.text)
    assert (s.rows(path, "SELECT count(*) FROM verdicts"), len(s.asks(path))) == ([(2,)], 1)
    assert s.effects(path) == [("alert", "sent"), ("update", "leased")]


async def test_an_edit_that_is_worse_alerts_again(store: SqliteStore, path: Path) -> None:
    """A higher urgency is a new message, the old card is updated."""
    first = await s.record(store, s.judged(s.post("q"), uid="A"))
    await s.settle(store, first.leased[0])
    edit = s.post("q", text="it is on fire!", edited=True, seen=8)
    await s.record(store, s.judged(edit, urgency=Urgency.CRITICAL, alert=Alert.PING))
    assert s.effects(path) == [("alert", "sent"), ("update", "leased"), ("alert", "leased")]


async def test_an_old_edit_that_comes_late_changes_nothing(store: SqliteStore, path: Path) -> None:
    """The text seen last stays."""
    third = s.post("q", text="third", edited=True, seen=3)
    second = s.post("q", text="second", edited=True, seen=2)
    await s.record(store, s.judged(s.post("q", text="first", seen=1)), s.judged(third))
    done = await s.record(store, s.judged(second))
    assert done.duplicates == 1
    assert s.rows(path, "SELECT text FROM posts") == [("third",)]


async def test_edits_are_in_the_order_of_the_platform_s_clock(store: SqliteStore, path: Path) -> None:
    """Ours may be put back between two of them: the newer text wins although it was seen "earlier"."""
    second = s.post("q", text="second", edited=True, seen=9)
    third = s.post("q", text="third", edited=True, seen=2)
    await s.record(store, s.judged(replace(s.post("q", text="first", seen=8), revised_at=s.at(1))))
    await s.record(store, s.judged(replace(second, revised_at=s.at(2))))
    await s.record(store, s.judged(replace(third, revised_at=s.at(3))))
    await s.record(store, s.judged(replace(second, revised_at=s.at(2))))
    assert s.rows(path, "SELECT text FROM posts") == [("third",)]


async def test_an_edit_that_begins_to_ask_starts_the_ask(store: SqliteStore, path: Path) -> None:
    """A remark that becomes a question waits from its posting."""
    await s.record(store, s.judged(s.post("q", text="kettle."), asks=False, alert=Alert.NONE))
    done = await s.record(store, s.judged(s.post("q", text="kettle?", edited=True, seen=3)))
    assert (s.asks(path), len(done.leased)) == ([(0, None, None)], 1)


async def test_an_edit_of_an_answered_question_does_not_ask_again(store: SqliteStore, path: Path) -> None:
    """The old wait is over; an edit of its words is no new one."""
    await s.record(store, s.judged(s.post("q")), s.answer("a", minute=4))
    done = await s.record(store, s.judged(s.post("q", text="still: why?", edited=True, seen=9)))
    assert s.asks(path) == [(0, 4, "answered")]
    assert not [one for one in done.leased if one.effect.kind == "alert"]


_WORDS = ("kettle", "puddle", "boil", "drips", "whatnow")


async def test_a_deleted_post_leaves_no_words(store: SqliteStore, path: Path) -> None:
    """Text, title, alts, links, facts and evidence go from every table; the ask ends as deleted."""
    of = s.post("q")
    await s.record(store, s.judged(of))
    await s.record(store, deleted=(Deletion(platform="bluesky", author_id="ann", post_id=of.id),))
    assert s.asks(path) == [(0, None, "deleted")]
    stored = str(s.rows(path, "SELECT * FROM posts") + s.rows(path, "SELECT facts, verdict FROM verdicts"))
    assert [word for word in _WORDS if word in stored] == []
    assert s.rows(path, "SELECT spans FROM mentions") == [("[]",)]
    assert await store.inbox(limit=9) == ()


async def test_the_words_are_there_before_the_deletion(store: SqliteStore, path: Path) -> None:
    """What the test above looks for can be found: otherwise it would prove nothing."""
    await s.record(store, s.judged(s.post("q")))
    stored = str(s.rows(path, "SELECT * FROM posts") + s.rows(path, "SELECT facts, verdict FROM verdicts"))
    assert list(_WORDS) == [word for word in _WORDS if word in stored]


async def test_a_deleted_question_passes_its_ask_to_the_next(store: SqliteStore, path: Path) -> None:
    """Who deletes and asks again still waits, from the second question on."""
    first = s.post("q1", minute=1)
    await s.record(store, s.judged(first), s.judged(s.post("q2", minute=5)))
    await s.record(store, deleted=(Deletion(platform="bluesky", author_id="ann", post_id=first.id),))
    assert s.asks(path) == [(5, None, None)]
    await s.record(store, deleted=(Deletion(platform="bluesky", author_id="ann", post_id="at://ann/q2"),))
    assert s.asks(path) == [(5, None, "deleted")]


async def test_a_deletion_updates_the_card(store: SqliteStore) -> None:
    """The delivered card says that the post is gone."""
    of = s.post("q")
    first = await s.record(store, s.judged(of))
    await s.settle(store, first.leased[0])
    done = await s.record(store, deleted=(Deletion(platform="bluesky", author_id="ann", post_id=of.id),))
    card = await store.card(done.leased[0])
    assert card is not None
    assert (card.post_deleted, card.mention.post.text) == (True, "")


async def test_a_deleted_author_leaves_no_trace_of_who_they_were(store: SqliteStore, path: Path) -> None:
    """All posts are blanked, and handle, name and bio go too."""
    who = Author(platform="bluesky", id="ann", handle="ann.example", name="Ann", bio="I boil water")
    await s.record(store, s.judged(s.post("q1"), author=who), s.judged(s.post("q2", minute=1, root=None)))
    await s.record(store, s.judged(s.post("q3", author="bob")))
    await s.record(store, deleted=(Deletion(platform="bluesky", author_id="ann"),))
    stored = str(
        s.rows(path, "SELECT * FROM authors")
        + s.rows(path, "SELECT text, author_handle FROM posts WHERE author_id = 'ann'")
        + s.rows(
            path,
            "SELECT v.facts FROM verdicts v JOIN mentions m ON m.id = v.mention"
            " JOIN posts p ON p.id = m.post WHERE p.author_id = 'ann'",
        )
    )
    assert [word for word in ("ann.example", "Ann", "boil", "kettle") if word in stored] == []
    assert s.rows(path, "SELECT count(*) FROM posts WHERE text != ''") == [(1,)]


async def test_a_deleted_parent_goes_from_the_facts_of_its_replies(store: SqliteStore, path: Path) -> None:
    """The line above was copied into facts for the rules: it is blanked there too."""
    parent = s.post("up", author="bob", text="a secret plan")
    await s.record(store, s.judged(s.post("q", parent=(parent.id, "bob")), parent=parent))
    await s.record(store, deleted=(Deletion(platform="bluesky", author_id="bob", post_id=parent.id),))
    assert s.rows(path, "SELECT count(*) FROM verdicts WHERE facts LIKE '%secret plan%'") == [(0,)]
    assert s.rows(path, "SELECT text FROM posts WHERE post_id = ?", parent.id) == [("",)]


async def test_our_own_deleted_answer_still_counts(store: SqliteStore, path: Path) -> None:
    """It was given: only its text goes."""
    given = s.answer("a", minute=4)
    await s.record(store, s.judged(s.post("q")), given)
    await s.record(
        store, deleted=(Deletion(platform="bluesky", author_id="acme-care", post_id=given.post.id),)
    )
    assert s.asks(path) == [(0, 4, "answered")]
    assert s.rows(path, "SELECT text FROM posts WHERE post_id = ?", given.post.id) == [("",)]


async def test_a_deletion_of_what_we_do_not_hold_is_nothing(store: SqliteStore, path: Path) -> None:
    """Most deletions of the network are of posts that never concerned us."""
    done = await s.record(
        store, deleted=(Deletion(platform="bluesky", author_id="x", post_id="at://x/1"),), cursor="4"
    )
    assert (done.leased, s.rows(path, "SELECT * FROM posts")) == ((), [])


async def test_a_deleted_post_does_not_come_back(store: SqliteStore, path: Path) -> None:
    """Read again after its deletion (a replay from an older cursor), it stays blank."""
    of = s.post("q")
    await s.record(
        store, s.judged(of), deleted=(Deletion(platform="bluesky", author_id="ann", post_id=of.id),)
    )
    done = await s.record(store, s.judged(of), s.judged(of, brand="rival"))
    assert (done.duplicates, s.rows(path, "SELECT text FROM posts")) == (2, [("",)])


async def test_hostile_text_is_stored_as_it_is(store: SqliteStore, path: Path) -> None:
    """Quotes, NULs, emoji and right-to-left marks come back unchanged; nothing of it is SQL."""
    text = "'); DROP TABLE posts;-- \x00 \u202e 🫖 \U0010ffff"
    done = await s.record(store, s.judged(s.post("q", text=text)))
    card = await store.card(done.leased[0])
    assert card is not None
    assert text == card.mention.post.text
