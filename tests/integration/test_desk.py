"""Presses, decided on a real database: who may, what repeats, what each card then shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.buttons import token
from bot.desk import Desk
from bot.errors import Unavailable
from bot.metrics import Metrics
from bot.model import Cursor, Urgency
from bot.ports import DecisionFeed
from bot.records import Leased
from bot.staff import FEEDBACK_VERBS, Person, Press, Presses, Role, Staff, Verb
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.texts.en import ENGLISH
from bot.wishes import EffectKind
from tests.integration import store_samples as s
from tests.unit._values import IN_BERLIN

ANNA = Person(key="anna", name="Anna", role=Role.AGENT, identities=(("chat", "1"),))
BEN = Person(key="ben", name="Ben", role=Role.AGENT, identities=(("chat", "2"),))
FIRST, SECOND, UNKNOWN = (f"01KAJ4ZC00ABCDEFGHJKMNPQ{end}" for end in ("R1", "R2", "R9"))


@dataclass(kw_only=True)
class Chat:
    """A decision feed that keeps what people are told; `is_down` refuses to tell them."""

    name: str = "chat"
    told: list[tuple[str, str, bool]] = field(default_factory=list)
    is_down: bool = False

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        nothing: tuple[Presses, ...] = ()
        for presses in nothing:
            yield presses

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        if self.is_down:
            raise Unavailable("down")
        self.told.append((press.id, text, is_loud))


@dataclass(kw_only=True)
class Office:
    path: Path
    store: SqliteStore
    chat: Chat
    desk: Desk
    leased: list[Leased]

    async def press(
        self, id_: str, verb: Verb | str, *, who: int = 1, mention: str = FIRST, channel: str = "chat:care"
    ) -> None:
        """One press of `who`, with its own position."""
        text = token(verb, mention) if isinstance(verb, Verb) else verb
        press = Press(id=id_, channel=channel, person=f"chat:{who}", token=text, at=s.at(61))
        await self.desk.take(self.chat, Presses(presses=(press,), cursor=Cursor(id_)))

    def outcomes(self) -> list[tuple[str, str | None]]:
        """(outcome, person) of each press on record."""
        return s.rows(self.path, "SELECT outcome, person FROM decisions ORDER BY id")

    def updated(self) -> list[int]:
        """The alerts whose cards were to be updated, as leased to be delivered at once."""
        return subjects(self.path, self.leased)


def subjects(path: Path, leased: Iterable[Leased]) -> list[int]:
    """The alerts that these updates are about."""
    about = dict(s.rows(path, "SELECT id, subject FROM effects WHERE kind = 'update'"))
    return [about[one.id] for one in leased if one.effect.kind is EffectKind.UPDATE]


@asynccontextmanager
async def office(path: Path, *people: Person) -> AsyncIterator[Office]:
    """Two open questions, their cards on two channels each delivered."""
    leased: list[Leased] = []
    staff = Staff(by_identity={who: one for one in people or (ANNA, BEN) for who in one.identities})
    async with s.opened(path) as store:
        for number, uid in enumerate((FIRST, SECOND)):
            asked = s.post(f"q{number}", author=f"a{number}", root=None)
            recorded = await s.record(store, s.judged(asked, uid=uid, channel="chat:care"))
            for one in recorded.leased:
                await s.settle(store, one)
        desk = Desk(
            store=store,
            staff=staff,
            clock=ManualClock(s.at(61)),
            metrics=Metrics(),
            texts=ENGLISH,
            **IN_BERLIN,
            deliver=leased.extend,
        )
        yield Office(path=path, store=store, chat=Chat(), desk=desk, leased=leased)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_of_two_claims_at_once_one_wins(path: Path) -> None:
    """The loser is told who has it; the card is updated once; both presses are on record."""
    async with office(path) as it:
        await asyncio.gather(it.press("p1", Verb.CLAIM, who=1), it.press("p2", Verb.CLAIM, who=2))
        assert ["claimed", "lost"] == sorted(outcome for outcome, _ in it.outcomes())
        (winner,) = [who for outcome, who in it.outcomes() if outcome == "claimed"]
        name = {"anna": "Anna", "ben": "Ben"}[str(winner)]
        assert {ENGLISH.say("press.claimed"), ENGLISH.taken(name)} == {text for _, text, _ in it.chat.told}
        assert [1] == it.updated()


@pytest.mark.parametrize(
    ("press", "outcome"),
    [
        ({"verb": Verb.CLAIM, "who": 99}, "not_staff"),
        ({"verb": "claim:nonsense"}, "unreadable"),
        ({"verb": ""}, "unreadable"),
        ({"verb": Verb.CLAIM, "mention": UNKNOWN}, "stale"),
    ],
)
async def test_what_leads_to_nothing_is_told_and_kept(
    path: Path, press: dict[str, object], outcome: str
) -> None:
    """A stranger, a button that is none, one of another life: an answer, a row, the position moved."""
    async with office(path) as it:
        await it.press("p1", **press)  # type: ignore[arg-type]
        assert [outcome] == [one for one, _ in it.outcomes()]
        assert ["p1"] == [id_ for id_, _, _ in it.chat.told]
        assert Cursor("p1") == await it.store.cursor("chat")
        assert ["open", "open"] == s.state(path)
        assert [] == it.leased


async def test_a_press_that_comes_again_is_one_decision(path: Path) -> None:
    """Read again after a crash: the same answer, no second row, no second update."""
    async with office(path) as it:
        await it.press("p1", Verb.CLAIM)
        await it.press("p1", Verb.CLAIM)
        assert [("claimed", "anna")] == it.outcomes()
        assert [("p1", ENGLISH.say("press.claimed"), False)] * 2 == it.chat.told
        assert [1] == it.updated()


async def test_an_answer_that_cannot_be_given_undoes_nothing(path: Path) -> None:
    """The chat is down for the moment: the decision stands, and the card will show it."""
    async with office(path) as it:
        it.chat.is_down = True
        await it.press("p1", Verb.CLAIM)
        assert (["claimed", "open"], [1]) == (s.state(path), it.updated())


async def test_more_and_less_change_the_pressed_card_only(path: Path) -> None:
    """Of the conversation's cards on two channels, and of nobody else's."""
    async with office(path) as it:
        urgent = s.post("q9", author="a0", minute=1, root="at://a0/q0")
        more = s.judged(urgent, uid=UNKNOWN, urgency=Urgency.CRITICAL, channel="chat:press")
        for one in (await s.record(it.store, more)).leased:
            await s.settle(it.store, one)
        await it.press("p1", Verb.MORE, mention=UNKNOWN, channel="chat:press")
        assert [(3, "more")] == [
            (subject, one.effect.payload["menu"])
            for subject, one in zip(it.updated(), it.leased, strict=True)
        ]
        it.leased.clear()
        await it.press("p2", Verb.MORE, channel="chat:care")
        assert [1] == it.updated()
        for one in it.leased:
            await s.settle(it.store, one)
        it.leased.clear()
        await it.press("p3", Verb.LESS, channel="chat:care")
        assert [""] == [one.effect.payload["menu"] for one in it.leased]


async def test_feedback_is_kept_with_the_verdict(path: Path) -> None:
    """Who said what of which verdict; two people may differ."""
    async with office(path) as it:
        await it.press("p1", Verb.TOO_HIGH, who=1)
        await it.press("p2", Verb.NOT_ABOUT_US, who=2)
        kept = s.rows(
            path,
            "SELECT f.person, f.says, m.uid FROM feedback f JOIN verdicts v ON v.id = f.verdict"
            " JOIN mentions m ON m.id = v.mention ORDER BY f.id",
        )
        assert [("anna", "too_high", FIRST), ("ben", "not_about_us", FIRST)] == kept
        assert ["open", "open"] == s.state(path)


async def test_of_what_one_says_of_a_verdict_the_last_counts(path: Path) -> None:
    """Changing one's mind is no second vote; what was said before stays in the audit."""
    async with office(path) as it:
        for number, verb in enumerate(FEEDBACK_VERBS):
            await it.press(f"p{number}", verb)
        await it.press("p9", Verb.RIGHT, who=2)
        kept = s.rows(path, "SELECT person, says FROM feedback ORDER BY person")
        assert [("anna", "spam"), ("ben", "right")] == kept
        assert 6 == len(it.outcomes())
        on_record = s.rows(path, "SELECT verb FROM decisions WHERE id IN (SELECT decision FROM feedback)")
        assert [("spam",), ("right",)] == on_record


async def test_a_stranger_has_no_say_of_a_verdict(path: Path) -> None:
    """Feedback is of the staff: who is not in the configuration leaves no word."""
    async with office(path) as it:
        await it.press("p1", Verb.SPAM, who=99)
        assert [] == s.rows(path, "SELECT * FROM feedback")
        assert [("not_staff", "chat:99")] == it.outcomes()


async def test_who_left_has_no_say_and_keeps_nothing(path: Path) -> None:
    """Removed from the configuration: presses are refused, claims are open again, and cards say so."""
    async with office(path) as it:
        await it.press("p1", Verb.CLAIM, who=1)
        await it.press("p2", Verb.CLAIM, who=2, mention=SECOND)
        for one in it.leased:
            await s.settle(it.store, one)
    async with office(path, BEN) as it:
        leased = await it.store.release_claims({"ben"}, now=s.at(70), lease_for=s.LEASE)
        assert ["open", "claimed"] == s.state(path)
        assert [1] == subjects(path, leased)
        assert () == await it.store.release_claims({"ben"}, now=s.at(71), lease_for=s.LEASE)
        await it.press("p3", Verb.CLAIM, who=1)
        await it.press("p4", Verb.CLAIM, who=2)
        assert ["claimed", "claimed", "not_staff", "claimed"] == [one for one, _ in it.outcomes()]


async def test_who_left_is_not_given_what_reopens(path: Path) -> None:
    """A conversation that they had answered opens for everybody when its author asks again."""
    async with office(path) as it:
        await it.press("p1", Verb.CLAIM, who=1)
        await s.record(it.store, s.answer("a", minute=62, to="a0", root="at://a0/q0"))
        await it.store.release_claims({"ben"}, now=s.at(70), lease_for=s.LEASE)
        again = s.post("q5", author="a0", minute=75, root="at://a0/q0")
        await s.record(it.store, s.judged(again, uid=UNKNOWN), minute=76)
        assert ["open", "open"] == s.state(path)


async def test_the_position_moves_with_the_last_press_of_many(path: Path) -> None:
    """A crash between two presses of one reading repeats both, and decides neither twice."""
    async with office(path) as it:
        presses = tuple(
            Press(id=id_, channel="chat:care", person=who, token=token(Verb.CLAIM, FIRST), at=s.at(61))
            for id_, who in (("p1", "chat:1"), ("p2", "chat:2"))
        )
        feed: DecisionFeed = it.chat
        first = Presses(presses=presses[:1])
        await it.desk.take(feed, first)
        assert await it.store.cursor("chat") is None
        await it.desk.take(feed, Presses(presses=presses, cursor=Cursor("2")))
        assert Cursor("2") == await it.store.cursor("chat")
        assert [("claimed", "anna"), ("lost", "ben")] == it.outcomes()
