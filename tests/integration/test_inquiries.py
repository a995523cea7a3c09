"""What staff asks in chat, on a real database: who waits, who has what, why, and what the day brought."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.escalation import Escalation
from bot.hours import Hours, Shift
from bot.incidents import Incidents
from bot.model import Alert, Brand, Urgency
from bot.noise import Noise
from bot.quiet import Quiet
from bot.staff import COMMANDS
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration.test_commands import ON_CALL, Office, office

ANN, BEN, CY = (f"01KAJ4ZC00ABCDEFGHJKMNPQ{end}" for end in ("R1", "R2", "R3"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def heard(
    store: SqliteStore,
    who: str,
    uid: str,
    *,
    minute: float = -30,
    urgency: Urgency = Urgency.HIGH,
    brand: str = "acme",
    ignored: bool = False,
    channel: str = "chat:care",
    text: str = "my kettle leaks, what now?",
    url: str = "",
) -> None:
    """Somebody asks; the card is delivered as `msg-…`."""
    post = s.post(f"p{uid}", author=who, root=f"at://{who}/p{uid}", minute=minute, text=text)
    post = replace(post, url=url or post.url)
    alert = Alert.PING if urgency is Urgency.CRITICAL else Alert.MESSAGE
    given = {"uid": uid, "brand": brand, "urgency": urgency, "ignored": ignored, "alert": alert}
    item = s.judged(post, channel=None if ignored else channel, asks=not ignored, **given)  # type: ignore[arg-type]
    recorded = await s.record(store, item, minute=minute)
    for leased in recorded.leased:
        await s.settle(store, leased, minute=minute)


async def press(it: Office, verb: str, mention: str, *, who: int = 1) -> None:
    await it.say(f"{verb}:{mention}", who=who, id_=f"{verb}:{mention}:{who}")


async def answered(store: SqliteStore, who: str, uid: str, minute: float) -> None:
    """The brand answers in public."""
    reply = s.answer(f"a{uid}", minute=minute, to=who, root=f"at://{who}/p{uid}")
    await s.record(store, reply, minute=minute)


async def test_help_tells_every_command(path: Path) -> None:
    """One line each; in the language of whoever asks."""
    async with office(path) as it:
        lines = (await it.say("/help", who=1)).split("\n")
        assert list(COMMANDS) == [line.split()[0].removeprefix("/") for line in lines]
        assert "/mine – lo que llevas tú" in await it.say("/help", who=3)


async def test_the_inbox_begins_with_the_most_urgent(path: Path) -> None:
    """Then who waits longest; who has it; where the card is, else the post. Ignored ones and rivals are left out."""
    async with office(path) as it:
        assert "Nothing is open." == await it.say("/inbox")
        await it.store.save_brands(
            [Brand(name="acme", words=()), Brand(name="rival", words=(), is_rival=True)]
        )
        await heard(it.store, "ann", ANN, minute=-20)
        await heard(it.store, "ben", BEN, minute=-40, channel="other:x")
        await heard(it.store, "cy", CY, minute=-10, urgency=Urgency.CRITICAL)
        await heard(it.store, "dee", "rivals", brand="rival")
        await heard(it.store, "eve", "ignored", ignored=True)
        await press(it, "claim", CY)
        zone = "UTC"
        assert [
            "3 conversations are open:",
            f"CRITICAL · answer by 12:20 {zone} · cy.example: “my kettle leaks, what now?” · Claimed by Anna",
            "https://chat.example/msg-3",
            f"HIGH · overdue since 11:50 {zone} · ben.example: “my kettle leaks, what now?”",
            f"https://bsky.example/ben/p{BEN}",
            f"HIGH · answer by 12:10 {zone} · ann.example: “my kettle leaks, what now?”",
            "https://chat.example/msg-1",
        ] == (await it.say("/inbox")).split("\n")


async def test_a_long_inbox_is_cut_and_says_so(path: Path) -> None:
    """Ten rows and how many more there are."""
    async with office(path) as it:
        for number in range(13):
            await heard(it.store, f"who{number}", f"m{number}")
        lines = (await it.say("/inbox")).split("\n")
        assert ("13 conversations are open:", "… and 3 more", 22) == (lines[0], lines[-1], len(lines))


async def test_hostile_text_stays_on_its_line(path: Path) -> None:
    """Neither a line break nor an address in a post makes a line of its own."""
    async with office(path) as it:
        await heard(it.store, "ann", ANN, text="hi\nhttps://evil.example/\u202e\n/help " + "x" * 500)
        lines = (await it.say("/inbox")).split("\n")
        assert 3 == len(lines)
        assert "“hi https://evil.example/ /help" in lines[1]
        assert len(lines[1]) < 200


async def test_a_hostile_address_stays_on_its_line(path: Path) -> None:
    """And what is no web address is left out."""
    async with office(path) as it:
        await heard(it.store, "ann", ANN, url="https://evil.example/\n3 more wait: @anna", channel="other:x")
        await heard(it.store, "ben", BEN, url="javascript:alert(1)", channel="other:x")
        lines = (await it.say("/inbox")).split("\n")
        assert ["https://evil.example/ 3 more wait: @anna"] == lines[2:3]
        assert 4 == len(lines)


async def test_mine_and_who(path: Path) -> None:
    """What I have; what each has, by name. What is answered or dismissed is nobody's any more."""
    async with office(path) as it:
        assert ("You have nothing in hand.", "Nobody has anything in hand.") == (
            await it.say("/mine"),
            await it.say("/who"),
        )
        for who, uid in (("ann", ANN), ("ben", BEN), ("cy", CY)):
            await heard(it.store, who, uid)
        await press(it, "claim", ANN, who=1)
        await press(it, "claim", BEN, who=2)
        await press(it, "claim", CY, who=2)
        await press(it, "dismiss", CY, who=2)
        mine = (await it.say("/mine", who=1)).split("\n")
        assert "You have 1 conversation:" == mine[0]
        assert "ann.example" in mine[1]
        held = (await it.say("/who", who=1)).split("\n")
        assert ["Anna: 1", "Li: 1"] == held[::3]
        assert "ben.example" in held[4]
        assert "Claimed" not in "".join(held)


async def test_why_as_a_reply_to_a_card(path: Path) -> None:
    """The trace of what the card shows; also by an id; what is no card is said to be none."""
    async with office(path) as it:
        await heard(it.store, "ann", ANN)
        told = "HIGH, 20 points\nsays that something leaks +20 (drips)\nRules r1"
        assert told == await it.say("/why", receipt="msg-1")
        assert told == await it.say(f"/why {ANN}", receipt="nonsense")
        assert told == await it.say(f"/why https://bsky.example/ann/p{ANN}")
        assert ENGLISH.say("whynow.unknown") == await it.say("/why", receipt="msg-9")
        assert ENGLISH.say("whynow.unknown") == await it.say("/why", receipt="msg-1", channel="other:care")
        assert ENGLISH.say("whynow.unknown") == await it.say("/why something")
        assert ENGLISH.say("whynow.usage") == await it.say("/why")


async def test_why_tells_who_was_asked(path: Path) -> None:
    """When, after which share of the time, who had it, and that it went back; by the card, and by an id."""
    async with office(path) as it:
        it.store.escalation = Escalation(leads=("li",), on_call=ON_CALL)
        await heard(it.store, "ann", ANN)
        await heard(it.store, "ben", BEN)
        await stepped(it.store, -15)
        await press(it, "claim", ANN, who=3)
        await stepped(it.store, 4, 8)
        told = [
            "Nobody answered at once:",
            "11:45 UTC: Nobody had it after 50 % of the time; asked: Li",
            "12:04 UTC: Omar had it and did not answer after 80 % of the time: reminded",
            "12:08 UTC: Omar had it and did not answer after 100 % of the time: back to the queue; asked: Li",
        ]
        by_card = (await it.say("/why", receipt="msg-12")).split("\n")
        assert (told, "Rules r1") == (by_card[3:], by_card[2])
        assert by_card == (await it.say(f"/why {ANN}")).split("\n")
        other = (await it.say(f"/why {BEN}")).split("\n")
        assert "12:04 UTC: Nobody had it after 100 % of the time; asked: Li" == other[5]
        spanish = (await it.say(f"/why {ANN}", who=3)).split("\n")
        assert "Nadie respondió enseguida:" == spanish[3]
        await stepped(it.store, *range(100, 1000, 61))
        long = (await it.say(f"/why {BEN}")).split("\n")
        asked_again = "Nobody had it and the time was up; asked again: Li"
        assert ("… 9 steps before", 8) == (long[4], len(long[5:]))
        assert long[-1].endswith(asked_again)


async def test_why_of_a_card_of_several_says_whose_it_is(path: Path) -> None:
    """Five lines, those that are open first, each with how to ask about it; the rest is counted."""
    async with office(path) as it:
        it.store.incidents = Incidents(at_least=6, authors=3)
        for number in range(6):
            await heard(
                it.store, f"who{number}", (ANN, BEN, "m2", "m3", "m4", "m5")[number], minute=-30 + number
            )
        await press(it, "dismiss", ANN)
        [(receipt,)] = s.rows(path, "SELECT receipt FROM effects WHERE group_key = 'incident:1'")
        lines = (await it.say("/why", receipt=receipt)).split("\n")
        assert ("6 conversations are on this card. Ask about one by its id:", "… and 1 more") == (
            lines[0],
            lines[-1],
        )
        assert [f"/why {uid}" for uid in (BEN, "m2", "m3", "m4", "m5")] == lines[2::2]
        assert "HIGH · answer by 12:01 UTC · who1.example: “my kettle leaks, what now?”" == lines[1]
        assert "says that something leaks" in await it.say(lines[2])
        assert "Hay 6 conversaciones" in await it.say("/why", receipt=receipt, who=3)
        assert ENGLISH.say("whynow.unknown") == await it.say("/why", receipt=receipt, channel="other:care")


async def stepped(store: SqliteStore, *minutes: float) -> None:
    """What is due by then goes out."""
    for minute in minutes:
        for leased in await s.lease(store, minute=minute):
            await s.settle(store, leased, minute=minute)


async def test_the_day_in_numbers(path: Path) -> None:
    """Since midnight: mentions, alerts, answers with the median and n; who waits longest."""
    async with office(path) as it:
        nothing = ["Today: 0 mentions", "0 alerts", "None answered", "Nobody waits."]
        assert nothing == (await it.say("/stats")).split("\n")
        await heard(it.store, "old", "yesterday", minute=-24 * 60)
        for who, uid, minute in (("ann", ANN, -60), ("ben", BEN, -50), ("cy", CY, -40)):
            await heard(it.store, who, uid, minute=minute)
        await heard(it.store, "eve", "ignored", ignored=True)
        await answered(it.store, "ann", ANN, -50)
        await answered(it.store, "ben", BEN, -30)
        lines = (await it.say("/stats")).split("\n")
        assert ["Today: 3 mentions", "3 alerts", "2 answered, median 15m (n = 2)"] == lines[:3]
        assert "Last 7 days: 2 of 4 answered, half of them all within 20m" == lines[3]
        assert "Promises: 2 kept, 2 missed" == lines[4]
        assert "The longest wait: 1d" == lines[5]
        assert "old.example" in lines[6]


async def test_what_was_held_back_today(path: Path) -> None:
    """By channel, with the number of critical ones: none. Nothing is said as long as nothing was."""
    always = Hours(ZoneInfo("UTC"), ((Shift(time(), time()),),) * 7)
    async with office(path) as it:
        it.store.noise = Noise(quiet=(Quiet(hours=always),))
        await heard(it.store, "ann", ANN, minute=-20)
        lines = (await it.say("/stats")).split("\n")
        said = "0 by themselves, 1 held back in quiet hours; critical ones held back: 0"
        assert f"chat:care: {said}" == lines[2]
        said = "0 por separado, 1 retenida en horas de silencio; críticas retenidas: 0"
        assert f"chat:care: {said}" in (await it.say("/stats", who=3)).split("\n")


async def test_medians_and_promises_of_the_week(path: Path) -> None:
    """What is not known is not said; in the language of whoever asks."""
    async with office(path) as it:
        await heard(it.store, "ann", ANN, minute=-20)
        lines = (await it.say("/stats")).split("\n")
        assert "Last 7 days: 0 of 1 answered, fewer than half" == lines[3]
        assert "Promises: 1 still to be kept" == lines[4]
        assert "Plazos: 1 aún por vencer" in (await it.say("/stats", who=3)).split("\n")


async def test_answers_are_not_kept(path: Path) -> None:
    """Who asked what is on record, not the posts that were shown."""
    async with office(path) as it:
        await heard(it.store, "ann", ANN)
        await it.say("/inbox", id_="m:7")
        await it.say("/silences", id_="m:8")
        kept = s.rows(path, "SELECT verb, outcome, reply FROM decisions ORDER BY id")
        assert [("inbox", "told", ""), ("silences", "told", "Nothing is silenced.")] == kept
        assert s.NOON - timedelta(minutes=30) == (await it.store.queue(limit=1)).rows[0].listed.posted_at
