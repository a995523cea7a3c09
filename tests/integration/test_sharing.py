"""One answer for all who wait in an incident: written once, approved twice, published once each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.buttons import token
from bot.errors import Reason, Rejected
from bot.incidents import AnswerState, Incident, Incidents, SharedAnswer
from bot.model import Author
from bot.records import Leased, Sent, Settlement
from bot.sharing import Sharing
from bot.staff import Receipt, Verb
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._answers import Office, office

TEXT = "Hi {author.name}, the shop is back. Sorry!"


@dataclass(kw_only=True)
class Crisis:
    """An office in which six people complain of the same; the incident's card is message `incident`."""

    it: Office
    path: Path

    async def incident(self) -> Incident:
        await self.it.clock.advance(60)
        for one in await self.it.store.lease(limit=100, now=self.it.clock.now(), lease_for=s.LEASE):
            await self._sent(one)
        uid = s.rows(self.path, "SELECT uid FROM incidents")[0][0]
        found = await self.it.store.incident(uid)
        assert found is not None
        return found[1]

    async def _sent(self, leased: Leased) -> None:
        now = self.it.clock.now()
        sent = Sent(receipt=Receipt(ref="incident" if leased.is_of_many else f"m{leased.id}", at=now))
        await self.it.store.settle(Settlement(leased=leased, outcome=sent, started_at=now, ended_at=now))

    async def answer(self) -> SharedAnswer:
        answer = (await self.incident()).answer
        assert answer is not None
        return answer

    async def say(self, text: str = TEXT, *, who: int = 1) -> str:
        return await self.it.write(text, who=who, receipt="incident")

    async def press(self, verb: Verb, argument: str, *, who: int = 1, number: int | None = None) -> str:
        uid = (await self.incident()).uid
        press = self.it._of(who)
        again = press if number is None else replace(press, id=f"p{number}")
        return await self.it._take(replace(again, token=token(verb, uid, argument)))

    async def prepare(self) -> SharedAnswer:
        await self.say()
        await self.press(Verb.ALL_PREPARE, str((await self.answer()).id))
        await self.go_on()
        return await self.answer()

    async def go_on(self) -> None:
        """What was begun is prepared, as by the daemon's own task; after a restart, too."""
        sharing = self.it.desk.incidents
        assert isinstance(sharing, Sharing)
        await sharing.preparing.once(self.it.desk.one_of_many)

    async def publish(self) -> str:
        answer = await self.prepare()
        return await self.press(Verb.ALL_PUBLISH, f"{answer.id}.{answer.drafts}")

    async def go_out(self) -> None:
        for _ in range(12):
            await self.it.go_on()


@asynccontextmanager
async def crisis(path: Path, *, draft: str | None = None, people: int = 6) -> AsyncIterator[Crisis]:
    async with office(path) as it:
        it.store.incidents = Incidents(at_least=4, authors=3)
        it.desk.incidents = Sharing(
            store=it.store,
            clock=it.clock,
            personal=lambda wanted, text: wanted.filled(text, None),
            wake=lambda: None,
        )
        made = Crisis(it=it, path=path)
        items = []
        for number in range(people):
            name = f"b{number}"
            one = s.judged(
                s.post(f"c{number}", author=name, minute=61, root=None, text=f"complaint {number}"),
                channel="chat:care",
                draft=draft,
            )
            items.append(replace(one, author=Author(platform="bluesky", id=name, name=f"Bob{number}")))
        recorded = await it.store.record(s.entry(*items), now=it.clock.now(), lease_for=s.LEASE)
        for leased in recorded.leased:
            await made._sent(leased)
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_one_text_answers_each_by_name_and_once(path: Path) -> None:
    """Written, prepared, approved with the count, published one after another; the card counts along."""
    async with crisis(path) as all_:
        assert ENGLISH.say("share.kept") == await all_.say()
        answer = await all_.answer()
        assert (AnswerState.OPEN, 6, 0) == (answer.state, answer.to, answer.drafts)
        await all_.go_out()
        told = await all_.press(Verb.ALL_PREPARE, str(answer.id))
        assert ENGLISH.say("share.prepared", count=6) == told
        await all_.go_on()
        await all_.go_out()
        assert [] == all_.it.wall.posts
        told = await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.6")
        assert ENGLISH.say("share.published", count=6, left=0) == told
        await all_.go_out()
        said = sorted(text for _, text, _ in all_.it.wall.posts)
        assert [TEXT.replace("{author.name}", f"Bob{number}") for number in range(6)] == said
        answer, incident = await all_.answer(), await all_.incident()
        assert (6, 0, 0, 0) == (answer.published, answer.under_way, answer.refused, answer.to)
        assert (6, 0) == (incident.answered, incident.open)
        approved = s.rows(
            path, "SELECT count(*), count(DISTINCT conversation) FROM decisions WHERE verb = 'approve'"
        )
        assert [(6, 6)] == approved
        assert ENGLISH.say("share.outdated") == await all_.press(Verb.ALL_PREPARE, "99")


async def test_nobody_is_answered_whom_somebody_else_has_or_had(path: Path) -> None:
    """Claimed by a colleague, dismissed, answered already, opted out: none of them gets it."""
    async with crisis(path) as all_:
        s.execute(
            path, "UPDATE conversations SET state = 'claimed', claimed_by = 'ben' WHERE author_id = 'b0'"
        )
        s.execute(path, "UPDATE conversations SET state = 'dismissed' WHERE author_id = 'b1'")
        s.execute(path, "INSERT INTO opt_outs (platform, author_id, at) VALUES ('bluesky', 'b2', 1)")
        await all_.it.hear(s.answer("a", minute=61, to="b3", root="at://b3/c3", text="Done."))
        s.execute(path, "UPDATE conversations SET state = 'answered' WHERE author_id = 'b3'")
        assert 2 == (await all_.prepare()).drafts
        s.execute(path, "UPDATE conversations SET claimed_by = 'ben' WHERE author_id = 'b4'")
        answer = await all_.answer()
        told = await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.{answer.drafts}")
        assert ENGLISH.say("share.published", count=1, left=1) == told
        await all_.go_out()
        assert ["at://b5/c5"] == [to for _, _, to in all_.it.wall.posts]


async def test_an_approval_is_of_what_was_read(path: Path) -> None:
    """Of no more answers than the button says, of the newest text, and of none whose author wrote since."""
    async with crisis(path) as all_:
        answer = await all_.prepare()
        assert ENGLISH.say("share.outdated") == await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.5")
        assert ENGLISH.say("share.outdated") == await all_.press(Verb.ALL_PUBLISH, f"{answer.id + 1}.6")
        await all_.it.hear(
            s.judged(
                s.post("more", author="b1", minute=62, root="at://b1/c1", text="never mind"), channel=None
            )
        )
        told = await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.6")
        assert ENGLISH.say("share.published", count=5, left=1) == told


async def test_the_same_press_twice_publishes_once(path: Path) -> None:
    """A crash in between is such a press: what was done stays done, the rest follows."""
    async with crisis(path) as all_:
        answer = await all_.prepare()
        for _ in range(2):
            await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.6", number=900)
        await all_.go_out()
        assert (6, 6) == (len(all_.it.wall.posts), len({to for _, _, to in all_.it.wall.posts}))


async def test_it_can_be_stopped(path: Path) -> None:
    """Before the approval, and while it goes out: what is said is said, the others are free again."""
    async with crisis(path) as all_:
        answer = await all_.prepare()
        assert ENGLISH.say("share.stopped", count=6) == await all_.press(Verb.ALL_STOP, str(answer.id))
        assert (0, 6) == ((await all_.answer()).drafts, (await all_.answer()).to)
        await all_.publish()
        await all_.it.go_on()
        assert 0 < len(all_.it.wall.posts) < 6
        answer = await all_.answer()
        left = 6 - len(all_.it.wall.posts)
        assert ENGLISH.say("share.stopped", count=left) == await all_.press(Verb.ALL_STOP, str(answer.id))
        posts = len(all_.it.wall.posts)
        await all_.go_out()
        assert posts == len(all_.it.wall.posts)
        states = s.rows(
            path, "SELECT count(*) FROM conversations WHERE state = 'open' AND author_id LIKE 'b%'"
        )
        assert [(left,)] == states


async def test_what_a_platform_refuses_is_counted(path: Path) -> None:
    """The others go out."""
    async with crisis(path) as all_:
        all_.it.wall.before.append(Rejected("blocked", reason=Reason.FORBIDDEN))
        await all_.publish()
        await all_.go_out()
        answer = await all_.answer()
        assert (5, 0, 1) == (answer.published, answer.under_way, answer.refused)


async def test_the_rule_has_a_text_for_it(path: Path) -> None:
    """Offered on the card; one press takes it. What has a field that there is not is refused."""
    async with crisis(path, draft="Hello {author.name}, we know.") as all_:
        assert "Hello {author.name}, we know." == (await all_.incident()).offered
        assert ENGLISH.say("share.kept") == await all_.press(Verb.ALL_USE, "")
        assert "Hello {author.name}, we know." == (await all_.answer()).text
        assert ENGLISH.say("share.unknown_field", field="price") == await all_.say("It is {price}")
        assert "Hello {author.name}, we know." == (await all_.answer()).text


async def test_another_text_takes_the_place_of_the_first(path: Path) -> None:
    """Its drafts are thrown away with it; while answers go out there is no other text."""
    async with crisis(path) as all_:
        await all_.prepare()
        await all_.say("Something else")
        answer = await all_.answer()
        assert ("Something else", 0, 6) == (answer.text, answer.drafts, answer.to)
        await all_.press(Verb.ALL_PREPARE, str(answer.id))
        await all_.go_on()
        answer = await all_.answer()
        await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.6")
        assert ENGLISH.say("share.under_way") == await all_.say("And now for something")
        await all_.go_out()
        assert {"Something else"} == {text for _, text, _ in all_.it.wall.posts}


async def test_only_staff(path: Path) -> None:
    """A stranger in the chat."""
    async with crisis(path) as all_:
        await all_.say(who=9)
        assert (await all_.incident()).answer is None
