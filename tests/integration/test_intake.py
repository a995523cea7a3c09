"""Intake with a real database: who hears of what, what is known in time, and what counts as a question."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import BotError, Rejected, Unavailable
from bot.intake import Intake
from bot.matcher.plain import PlainMatcher
from bot.measured import Tally
from bot.metrics import Metrics
from bot.model import (
    Account,
    Author,
    AuthorFacts,
    Batch,
    Brand,
    Cursor,
    Deletion,
    Facts,
    Measured,
    Post,
    PostRef,
    Signal,
    Verdict,
)
from bot.records import Leased, Recorded
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.watchlist import LiveWatch, Watchlist
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.outbox_world import until

NOW = s.at(60)
BRANDS = (
    Brand(
        name="acme",
        words=("acme",),
        accounts=(Account(brand="acme", platform="bluesky", handle="acme.test", id="did:acme"),),
    ),
    Brand(
        name="globex",
        words=("globex",),
        is_rival=True,
        accounts=(Account(brand="globex", platform="bluesky", handle="globex.test", id="did:globex"),),
    ),
)


class Rules:
    """A judge of one rule: a text that ends in "?" asks; "loud" is routed by a rule; "spam" is ignored."""

    version = "r1"
    waits: Sequence[timedelta] = ()

    def __init__(self) -> None:
        self.judged: list[Facts] = []
        self.authors: list[AuthorFacts | None] = []
        self.interval: timedelta | None = None

    def looks_at(self, condition: str) -> bool:
        return True

    def measure(self, text: str, langs: tuple[str, ...], author: AuthorFacts | None = None) -> Measured:
        self.authors.append(author)
        return "en", {"question": Signal(value=0.9 if "?" in text else 0.1)}

    @property
    def counters(self) -> Mapping[str, timedelta]:
        return {}

    def tallies(self, facts: Facts) -> tuple[Tally, ...]:
        return ()

    def judge(self, facts: Facts) -> Verdict:
        self.judged.append(facts)
        is_routed, ignored = "loud" in facts.text, "spam" in facts.text
        cc = ("desk", "same") if "copy" in facts.text else ()
        return replace(s.A_VERDICT, mention_id=facts.mention_id, is_routed=is_routed, ignored=ignored, cc=cc)

    def route(self, name: str) -> Route:
        to = "webhook:desk" if name == "desk" else "telegram:care"
        return Route(name=name, to=to, interval=self.interval)


@dataclass(kw_only=True)
class Directory:
    """A lookup that knows Ann; `trouble` answers instead, `gate` keeps it waiting."""

    platform: str = "bluesky"
    trouble: BotError | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0
    answered: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    async def author(self, author_id: str) -> Author:
        await self._answer()
        return Author(platform="bluesky", id=author_id, handle="ann.test", name="Ann Other", followers=7)

    async def resolve(self, handle: str) -> str:
        raise Rejected("not asked here")

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        await self._answer()
        return (post("at://above", text="the line above"),)

    async def _answer(self) -> None:
        self.asked += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.trouble:
            raise self.trouble
        self.answered += 1


def post(name: str, **parts: Any) -> Post:
    base: dict[str, Any] = {
        "platform": "bluesky",
        "id": name,
        "author_id": "did:ann",
        "text": "acme leaks, what now?",
        "posted_at": NOW,
        "seen_at": NOW,
    }
    return Post(**{**base, **parts})


@dataclass(kw_only=True)
class Office:
    path: Path
    store: SqliteStore
    intake: Intake
    rules: Rules
    directory: Directory
    watch: LiveWatch
    leased: list[Leased]

    async def take(self, *posts: Post, deleted: tuple[Deletion, ...] = ()) -> Recorded:
        """What a source and its loop do: ask the watch, hand over what is wanted."""
        wanted = tuple(one for one in posts if self.watch.wants(one.searchable, one.author_id, one.refs))
        batch = Batch(posts=wanted, deleted=deleted, cursor=Cursor("c"), seen=len(posts))
        return await self.intake.take("bluesky", batch)

    def alerts(self) -> list[str]:
        """The texts of the posts that staff hears of."""
        return [text for (text,) in s.rows(
            self.path,
            "SELECT p.text FROM effects e JOIN mentions m ON m.id = e.mention JOIN posts p ON p.id = m.post"
            " WHERE e.kind = 'alert' ORDER BY e.id",
        )]  # fmt: skip

    def mentions(self) -> list[tuple[str, str, int]]:
        """(brand, kind, asks) in the order stored."""
        return s.rows(self.path, "SELECT brand, kind, asks FROM mentions ORDER BY id")


@asynccontextmanager
async def office(
    path: Path, *, delivers: bool = True, directory: Directory | None = None
) -> AsyncIterator[Office]:
    leased: list[Leased] = []
    rules, directory = Rules(), directory or Directory()
    watch = LiveWatch(Watchlist(BRANDS, ids={}, matcher=PlainMatcher), {}, "bluesky")
    async with s.opened(path) as store:
        await store.save_brands(BRANDS)
        intake = Intake(
            store=store,
            judge=rules,
            watches={"bluesky": watch},
            lookups={"bluesky": directory},
            clock=ManualClock(NOW),
            metrics=Metrics(),
            lookup_budget=timedelta(milliseconds=80),
            deliver=leased.extend if delivers else None,
        )
        yield Office(
            path=path,
            store=store,
            intake=intake,
            rules=rules,
            directory=directory,
            watch=watch,
            leased=leased,
        )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


# --- who hears of it ----------------------------------------------------------------------------------


async def test_rivals_are_judged_and_ring_nobody(path: Path) -> None:
    """Unless a rule names a route; and not when the same post concerns us, who hear of it anyway."""
    async with office(path) as it:
        await it.take(post("1", text="globex leaks?", author_id="did:a"))
        assert ([("globex", "post", 1)], [], 1) == (it.mentions(), it.alerts(), len(it.rules.judged))
        await it.take(post("2", text="globex loud?", author_id="did:b"))
        assert ["globex loud?"] == it.alerts()
        await it.take(post("3", text="acme or globex, loud?", author_id="did:c"))
        assert ["globex loud?", "acme or globex, loud?"] == it.alerts()
        assert [("acme", "post", 1), ("globex", "post", 1)] == sorted(it.mentions()[2:])
        assert 2 == len(it.leased)


@pytest.mark.parametrize(
    ("hours", "effects"), [(0.5, ["alert"]), (0.51, ["digest"]), (23.9, ["digest"]), (24.1, [])]
)
async def test_how_old_it_is_decides_who_hears_of_it(path: Path, hours: float, effects: list[str]) -> None:
    """Alerted, on the catch-up card, or nobody; it is stored, judged and counted in each case."""
    async with office(path) as it:
        await it.take(post("1", posted_at=NOW - timedelta(hours=hours)))
        assert ([("acme", "post", 1)], effects) == (it.mentions(), [kind for kind, _ in s.effects(path)])


async def test_copies_go_to_other_channels(path: Path) -> None:
    """One card per channel, the verdict's own route first; a route to the same channel adds none."""
    async with office(path) as at:
        await at.take(post("a", text="acme leaks, copy?"))
        assert [("default", "telegram:care"), ("desk", "webhook:desk")] == s.rows(
            path, "SELECT route, channel FROM effects ORDER BY id"
        )


async def test_a_rivals_mention_rings_where_a_rule_sends_a_copy(path: Path) -> None:
    """A copy is a route that a rule names; the default one is not (decision 4)."""
    async with office(path) as at:
        await at.take(post("a", text="globex leaks, copy?"))
        assert [("desk",), ("same",)] == s.rows(path, "SELECT route FROM effects ORDER BY id")


async def test_what_waits_for_its_group_wakes_the_outbox(path: Path) -> None:
    """It sleeps until what it knows of is due; an alert that was leased is in its hands anyway."""
    async with office(path) as at:
        woken: list[bool] = []
        at.intake.wake = lambda: woken.append(True)
        await at.take(post("a"))
        assert [] == woken
        at.rules.interval = timedelta(minutes=5)
        await at.take(post("b"))
        assert [True] == woken


async def test_what_is_ignored_is_stored_and_rings_nobody(path: Path) -> None:
    """A rule that ignores hides; it does not lose."""
    async with office(path) as it:
        await it.take(post("1", text="acme spam?"))
        assert ([("acme", "post", 0)], []) == (it.mentions(), it.alerts())


async def test_without_delivery_no_alert_is_even_stored(path: Path) -> None:
    """A replay leaves no wish behind that a daemon would carry out."""
    async with office(path, delivers=False) as it:
        await it.take(post("1"))
        assert ([("acme", "post", 1)], []) == (it.mentions(), s.effects(path))


async def test_our_own_posts_are_answers_and_never_judged(path: Path) -> None:
    """Ours ends the ask of whom it answers; a rival's ends only the rival's."""
    async with office(path) as it:
        asked = post("1", text="acme or globex, why?")
        to = PostRef(id="1", author_id="did:ann")
        await it.take(asked)
        await it.take(post("2", author_id="did:globex", text="we are fine", parent=to, root=to))
        ended = "SELECT brand FROM asks WHERE outcome = 'answered' ORDER BY brand"
        assert [("globex",)] == s.rows(path, ended)
        await it.take(post("3", author_id="did:acme", text="acme is here?", parent=to, root=to))
        assert [("acme",), ("globex",)] == s.rows(path, ended)
        assert 2 == len(it.rules.judged)


async def test_the_same_batch_twice_changes_nothing(path: Path) -> None:
    """A crash repeats a batch: no second mention, no second alert."""
    async with office(path) as it:
        first, second = await it.take(post("1")), await it.take(post("1"))
        assert ((1, 0), (0, 1)) == (
            (len(first.stored), first.duplicates), (len(second.stored), second.duplicates),
        )  # fmt: skip
        assert 1 == len(it.alerts())


async def test_edits_and_deletions(path: Path) -> None:
    """New words are judged again and the card is updated; a deleted text is forgotten."""
    async with office(path) as it:
        await it.take(post("1", text="acme is nice"))
        edited = post("1", text="acme leaks, what now?", is_edit=True, revision="2")
        await it.take(replace(edited, seen_at=NOW + timedelta(minutes=1)))
        assert ([("acme", "post", 1)], 2) == (it.mentions(), len(it.rules.judged))
        await it.take(deleted=(Deletion(platform="bluesky", author_id="did:ann", post_id="1"),))
        assert [("", True)] == s.rows(path, "SELECT text, deleted_at IS NOT NULL FROM posts")
        assert [] == [text for (text,) in s.rows(path, "SELECT facts FROM verdicts") if "leaks" in text]


async def test_an_edit_that_takes_the_words_out_is_followed(path: Path) -> None:
    """Somebody edits the brand out of a held post: what they took back is not kept as their text."""
    async with office(path) as it:
        await it.take(post("1", text="acme, my number is 12345"))
        edited = post("1", text="never mind", is_edit=True, revision="2")
        await it.take(replace(edited, seen_at=NOW + timedelta(minutes=1)))
        assert [("never mind",)] == s.rows(path, "SELECT text FROM posts")


# --- know who -------------------------------------------------------------------------------------


async def test_what_is_told_in_time_is_a_fact(path: Path) -> None:
    """Author and the line above; asked for mentions only."""
    above = PostRef(id="at://above")
    async with office(path) as it:
        await it.take(post("0", text="nothing of interest"), post("1", parent=above, root=above))
        facts = it.rules.judged[0]
        assert ("Ann Other", 7, "the line above") == (facts.name, facts.followers, facts.parent_text)
        assert 2 == it.directory.asked
        assert [7] == [author and author.followers for author in it.rules.authors]


@pytest.mark.parametrize("trouble", [Unavailable("down"), Rejected("no such author")])
async def test_a_lookup_that_fails_leaves_it_unknown(path: Path, trouble: BotError) -> None:
    """The card goes all the same."""
    async with office(path) as it:
        it.directory.trouble = trouble
        await it.take(post("1"))
        assert (None, 1) == (it.rules.judged[0].followers, len(it.alerts()))


async def test_a_slow_lookup_is_not_waited_for(path: Path) -> None:
    """Forty mentions of a slow directory cost one budget together, not forty; nothing goes on behind us."""
    async with office(path) as it:
        it.directory.gate.clear()
        began = asyncio.get_running_loop().time()
        await it.take(*(post(f"{number}", author_id=f"did:{number}") for number in range(40)))
        assert asyncio.get_running_loop().time() - began < 1
        assert (40, 40, 40) == (len(it.alerts()), it.directory.asked, it.directory.cancelled)


async def test_stopping_amid_lookups_leaves_none_behind(path: Path) -> None:
    """Nothing is written, and every question that was asked is taken back."""
    above = PostRef(id="at://above")
    async with office(path) as it:
        it.intake.lookup_budget = timedelta(hours=1)
        it.directory.gate.clear()
        task = asyncio.create_task(it.take(post("1", parent=above, root=above), post("2")))
        await until(lambda: it.directory.asked == 3)
        task.cancel()
        await asyncio.wait([task])
        assert (3, []) == (it.directory.cancelled, it.mentions())
        assert await it.store.cursor("bluesky") is None


@pytest.mark.parametrize("steps", range(6))
async def test_stopping_before_anybody_was_asked_is_quiet(path: Path, steps: int) -> None:
    """A daemon that ends just then has no crash in its log: no question is made and never put."""
    async with office(path) as it:
        it.directory.gate.clear()
        task = asyncio.create_task(it.take(post("1", parent=PostRef(id="at://above"))))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        gc.collect()  # what is never awaited says so in its finalizer, and warnings are errors


# --- is it asked of us ------------------------------------------------------------------------------


async def test_a_question_among_others_is_not_asked_of_us(path: Path) -> None:
    """Two people talk under a post about us: their questions to each other wait for nobody here."""
    first = PostRef(id="1", author_id="did:ann")
    async with office(path) as it:
        await it.take(post("1", text="acme is nice"))
        it.rules.judged.clear()
        await it.take(post("2", author_id="did:bo", text="is it raining?", parent=first, root=first))
        await it.take(post("3", author_id="did:cy", text="is acme open?", parent=first, root=first))
        ours = PostRef(id="4", author_id="did:acme")
        await it.take(post("5", author_id="did:di", text="and when?", parent=ours, root=first))
        measured = [facts.signals["question"].value for facts in it.rules.judged]
        assert [0.0, 0.9, 0.9] == measured
        assert ["comment", "comment", "reply"] == [kind for _, kind, _ in it.mentions()[1:]]
