"""Commands, carried out on a real database: who may, what is wrong with them, what is kept and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.commands import Commands
from bot.covering import Covering
from bot.desk import Desk
from bot.inquiries import Inquiries
from bot.metrics import Metrics
from bot.model import Cursor
from bot.oncall import Layer, OnCall, Rotation
from bot.orders import RulesInUse, Silence
from bot.pausing import Paused
from bot.staff import Person, Press, Presses, Role, Staff
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.texts.catalogue import Texts
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._silencing import silencing
from tests.integration.test_desk import Chat
from tests.unit._values import IN_BERLIN

PEOPLE = {
    "1": Person(key="anna", name="Anna", role=Role.AGENT),
    "2": Person(key="li", name="Li", role=Role.LEAD),
    "3": Person(key="omar", name="Omar", role=Role.OPS, language="es"),
}
STAFF = Staff(by_identity={("chat", id_): one for id_, one in PEOPLE.items()})
ON_CALL = OnCall(
    rotations={
        "care": Rotation(
            name="care", layers=(Layer(people=("anna",), zone=ZoneInfo("UTC"), starts=date(2020, 1, 6)),)
        )
    }
)
USAGE = ENGLISH.say("silence.usage")


@dataclass(kw_only=True)
class Office:
    path: Path
    store: SqliteStore
    clock: ManualClock
    chat: Chat
    desk: Desk
    standing: list[tuple[Silence, ...]]
    noticed: list[str]
    problem: list[str] = field(default_factory=list)
    pauses: list[Paused | None] = field(default_factory=list)
    said: int = 0

    async def say(
        self, text: str, *, who: int = 2, channel: str = "chat:care", id_: str = "", receipt: str = ""
    ) -> str:
        """One command; what is answered."""
        self.said += 1
        id_ = id_ or f"m:{self.said}"
        press = Press(
            id=id_,
            channel=channel,
            person=f"chat:{who}",
            token=text,
            at=self.clock.now(),
            receipt=receipt,
        )
        before = len(self.chat.told)
        await self.desk.take(self.chat, Presses(presses=(press,), cursor=Cursor(str(self.said))))
        return "".join(text for _, text, _ in self.chat.told[before:])

    def audit(self) -> list[tuple[str, str | None, str, str | None]]:
        return s.rows(self.path, "SELECT person, verb, outcome, note FROM decisions ORDER BY id")

    def silenced(self) -> dict[str, str]:
        return {one.name: one.person for one in self.standing[-1]} if self.standing else {}


def _rules(problem: list[str]) -> RulesInUse:
    return RulesInUse(
        version="3aeb446a",
        names=("safety", "praise"),
        since=s.at(-5),
        problem="".join(problem),
        routes=("default", "press"),
    )


async def _reload(texts: Texts) -> str:
    return texts.say("notice.rules_loaded", version="3aeb446a")


def inquiries(store: SqliteStore) -> Inquiries:
    """Cards in the channel `chat:care` have addresses, others have none."""
    return Inquiries(
        store=store,
        zone=ZoneInfo("UTC"),
        people=lambda key: {one.key: one.name for one in PEOPLE.values()}.get(key, key),
        link=lambda channel, ref: f"https://chat.example/{ref}" if channel == "chat:care" else None,
        on_call=lambda: ON_CALL,
    )


async def covering(store: SqliteStore, clock: ManualClock) -> Covering:
    found = Covering(store=store, zone=ZoneInfo("UTC"), staff=tuple(PEOPLE.values()), on_call=ON_CALL)
    await found.refresh(clock.now())
    return found


@asynccontextmanager
async def office(path: Path) -> AsyncIterator[Office]:
    standing: list[tuple[Silence, ...]] = []
    noticed: list[str] = []
    problem: list[str] = []
    pauses: list[Paused | None] = []
    clock = ManualClock(s.at(0))
    names = {one.key: one.name for one in PEOPLE.values()}
    async with s.opened(path) as store:
        rules = partial(_rules, problem)
        commands = Commands(
            store=store,
            clock=clock,
            metrics=Metrics(),
            texts=ENGLISH,
            zone=ZoneInfo("UTC"),
            people=names.__getitem__,
            rules=rules,
            reload=_reload,
            use_silences=standing.append,
            tell=lambda _, text: noticed.append(text),
            inquiries=inquiries(store),
            use_pause=pauses.append,
            covering=await covering(store, clock),
            silencing=silencing(store, people=names.__getitem__, rules=rules),
        )
        desk = Desk(
            store=store,
            staff=STAFF,
            clock=clock,
            metrics=Metrics(),
            texts=ENGLISH,
            **IN_BERLIN,
            deliver=lambda _: None,
            commands=commands,
        )
        told: dict[str, Any] = {"standing": standing, "noticed": noticed, "problem": problem}
        told["pauses"] = pauses
        yield Office(path=path, store=store, clock=clock, chat=Chat(), desk=desk, **told)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_a_lead_silences_a_rule_and_ends_it(path: Path) -> None:
    """Told until when and how to end it; kept with who, when and why; in the list; then gone."""
    async with office(path) as it:
        told = await it.say("/silence rule safety 8h a film called Smoke is out")
        until = ENGLISH.time_in_zone(s.at(8 * 60), now=s.at(0), zone=ZoneInfo("UTC"))
        line = f"safety counts for nothing until {until} (Li: a film called Smoke is out)"
        assert f"Silenced. {line}\nTo end it: /silence rule safety off" == told
        (standing,) = it.standing[-1]
        assert ("safety", s.at(8 * 60), "li") == (standing.name, standing.until, standing.person)
        assert f"{line}; 8h left" == await it.say("/silences", who=1)
        assert "“safety” counts again." == await it.say("/silence rule safety off")
        assert {} == it.silenced()
        assert "Nothing is silenced." == await it.say("/silences", who=1)
        assert "“safety” is not silenced." == await it.say("/silence rule safety off")
        assert [
            ("li", "silence", "silenced", "rule safety 8h a film called Smoke is out"),
            ("anna", "silences", "told", None),
            ("li", "silence", "lifted", "rule safety off"),
            ("anna", "silences", "told", None),
            ("li", "silence", "not_silenced", "rule safety off"),
        ] == it.audit()
        assert [("li", "li")] == s.rows(path, "SELECT person, ended_by FROM silences")
        assert [] == it.noticed


async def test_an_agent_silences_nothing(path: Path) -> None:
    """Neither begins nor ends one; it is on record that they tried."""
    async with office(path) as it:
        await it.say("/silence rule safety 8h why not")
        for text in ("/silence rule praise 8h why not", "/silence rule safety off"):
            assert ENGLISH.say("silence.refused") == await it.say(text, who=1)
        assert {"safety": "li"} == it.silenced()
        assert ["silenced", "refused", "refused"] == [outcome for _, _, outcome, _ in it.audit()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/silence", USAGE),
        ("/silence rule safety", USAGE),
        ("/silence safety 8h reason", USAGE),
        ("/silence rule praisee 8h reason", "There is no rule “praisee”. Did you mean “praise”?"),
        ("/silence rule zzz 8h reason", "There is no rule “zzz”."),
        ("/silence rule safety 8h", "Say why as well: /silence rule safety 8h why"),
        ("/silence rule safety soon x", "“soon” is no time between 1m and 30d. Write it like 30m, 8h or 2d."),
        ("/silence rule safety 1s x", "“1s” is no time between 1m and 30d. Write it like 30m, 8h or 2d."),
        ("/silence rule safety 31d x", "“31d” is no time between 1m and 30d. Write it like 30m, 8h or 2d."),
        ("/rules please", "Say it like this: /rules status"),
        ("/dance", "This is no command. All there are: /help"),
        ("/", "This is no command. All there are: /help"),
    ],
)
async def test_what_is_wrong_is_said(path: Path, text: str, told: str) -> None:
    """One line that says what to do; nothing is silenced."""
    async with office(path) as it:
        assert told == await it.say(text)
        assert {} == it.silenced()


async def test_rules_status(path: Path) -> None:
    """Version, since when, how many, how the last reload ended, what is silenced."""
    async with office(path) as it:
        since = ENGLISH.time_in_zone(s.at(-5), now=s.at(0), zone=ZoneInfo("UTC"))
        first = f"2 rules, version 3aeb446a, in use since {since}."
        assert f"{first}\n{ENGLISH.say('command.reload_ok')}" == await it.say("/rules status", who=1)
        it.problem.append("rules NOT loaded: billing.yaml:12:8 R012 unknown route")
        await it.say("/silence rule safety 1h x")
        lines = (await it.say("/rules")).split("\n")
        assert [first, "rules NOT loaded: billing.yaml:12:8 R012 unknown route"] == lines[:2]
        assert lines[2].startswith("safety counts for nothing until")


async def test_a_silence_outlives_a_restart_and_ends_by_itself(path: Path) -> None:
    """It is a row; nothing has to be running at the moment when it ends."""
    async with office(path) as it:
        await it.say("/silence rule safety 8h reason")
    async with office(path) as it:
        assert 1 == len(await it.store.silences(now=s.at(8 * 60) - timedelta(seconds=1)))
        assert () == await it.store.silences(now=s.at(8 * 60))


async def test_a_new_silence_ends_the_one_before(path: Path) -> None:
    """One a rule: shorter or longer, the last order counts; the history is kept."""
    async with office(path) as it:
        await it.say("/silence rule safety 8h first")
        await it.say("/silence rule safety 1h second", who=3)
        (standing,) = it.standing[-1]
        assert (s.at(60), "omar", "second") == (standing.until, standing.person, standing.reason)
        ended = s.rows(path, "SELECT reason, ended_by FROM silences ORDER BY id")
        assert [("first", "omar"), ("second", None)] == ended


async def test_a_command_that_comes_again_is_carried_out_once(path: Path) -> None:
    """Read again after a crash: the same answer, no second row; what was ended meanwhile stays so."""
    async with office(path) as it:
        first = await it.say("/silence rule safety 8h reason", id_="m:7")
        await it.say("/silence rule safety off")
        assert first == await it.say("/silence rule safety 8h reason", id_="m:7")
        assert {} == it.silenced()
        assert ["silenced", "lifted"] == [outcome for _, _, outcome, _ in it.audit()]


async def test_a_stranger_is_refused_in_our_chat_and_not_heard_elsewhere(path: Path) -> None:
    """Anybody may write to a bot in private: that leaves no row and gets no answer, but moves the position."""
    async with office(path) as it:
        assert "You are not in the list" in await it.say("/silence rule safety 8h x", who=9)
        assert "" == await it.say("/silence rule safety 8h x", who=9, channel="chat:?")
        assert [("chat:9", None, "not_staff", None)] == it.audit()
        assert Cursor("2") == await it.store.cursor("chat")


async def test_what_is_ordered_aside_is_told_to_the_staff(path: Path) -> None:
    """A lead who silences a rule in a private chat with the bot, or on the page, does so before everybody."""
    async with office(path) as it:
        await it.say("/silence rule safety 8h reason", channel="chat:?")
        await it.say("/silence rule safety off", channel="page")
        begun, ended = it.noticed
        assert begun.startswith("Li set a silence. safety counts for nothing until")
        assert "Li ended a silence: “safety” counts again." == ended


async def test_people_are_answered_in_their_language(path: Path) -> None:
    """Omar's is Spanish."""
    async with office(path) as it:
        assert "No hay nada silenciado." == await it.say("/silences", who=3)


async def test_ops_and_leads_reload(path: Path) -> None:
    """The answer says what came of it; anybody else is refused, and the audit keeps both."""
    async with office(path) as it:
        assert await it.say("/reload") == "rules loaded: 3aeb446a"
        assert await it.say("/reload", who=1) == "Only ops and leads may reload."
        assert it.audit() == [("li", "reload", "told", None), ("anna", "reload", "refused", None)]
