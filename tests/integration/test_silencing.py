"""Silences with a scope, as commands on a real database: who may, what is wrong, what is told and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model import Author
from bot.silenced import Scope
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration.test_commands import Office, office

TROLL = Author(platform="bluesky", id="did:plc:troll", handle="troll.test")
REFUSED = ENGLISH.say("silence.refused")
UNTIL = "until 17:00 UTC"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def with_troll(it: Office, *, held_by: tuple[str, ...] = (), name: str = "1") -> None:
    """A post by somebody whom we know from then on."""
    heard = s.judged(s.post(name, author="did:plc:troll", root=None), author=TROLL)
    await s.record(it.store, replace(heard, held_by=held_by))


def scopes(it: Office) -> list[tuple[Scope, str, bool]]:
    return [(one.scope, one.name, one.criticals) for one in it.standing[-1]]


@pytest.mark.parametrize(
    ("said", "scope", "name", "what"),
    [
        ("author bluesky:@troll.test", Scope.AUTHOR, "bluesky:did:plc:troll", "the author bluesky:@troll.test"),
        ("author @troll.test", Scope.AUTHOR, "bluesky:did:plc:troll", "the author bluesky:@troll.test"),
        ("words “Known  outage”", Scope.WORDS, "known outage", "the words “known outage”"),
        ("words known outage", Scope.WORDS, "known outage", "the words “known outage”"),
        ('words "2h down" OR "status page"', Scope.WORDS, "(2h down OR status page)", "the words “(2h down OR status page)”"),
        ("source bluesky", Scope.SOURCE, "bluesky", "the source bluesky"),
        ("route press", Scope.ROUTE, "press", "the route press"),
    ],
)  # fmt: skip
async def test_each_scope_begins_and_ends(path: Path, said: str, scope: Scope, name: str, what: str) -> None:
    """Told what, until when, by whom, why and how to end it; listed with what is left; ended by the same words."""
    async with office(path) as it:
        await with_troll(it)
        told = await it.say(f"/silence {said} 30m everybody knows")
        until = ENGLISH.time_in_zone(s.at(30), now=s.at(0), zone=s.at(0).tzinfo)  # type: ignore[arg-type]
        line = f"No alerts about {what} until {until} (Li: everybody knows)"
        scoped, named = scope.value, what.partition(":@")[2] and what.removeprefix("the author ")
        off = f"/silence {scoped} {named or ' '.join(said.split()[1:])} off"
        assert f"Silenced. {line}\nTo end it: {off}" == told
        assert [(scope, name, False)] == scopes(it)
        assert f"{line}; 30m left" == await it.say("/silences", who=1)
        assert f"Alerts about {what} go out again." == await it.say(f"/silence {said} off")
        assert "Nothing is silenced." == await it.say("/silences")


async def test_what_is_critical_needs_a_word_of_its_own(path: Path) -> None:
    """`+critical` behind the time; the same word in a reason means nothing, and a rule's silence needs none."""
    async with office(path) as it:
        await it.say("/silence route press 1d it is critical that they sleep")
        assert [(Scope.ROUTE, "press", False)] == scopes(it)
        told = await it.say("/silence route press 1d +critical everybody is on the phone")
        assert [(Scope.ROUTE, "press", True)] == scopes(it)
        assert "(Li: everybody is on the phone), critical ones included" in told
        await it.say("/silence rule safety 1d +critical film")
        assert (Scope.RULE, "safety", False) in scopes(it)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/silence everything 8h x", ENGLISH.say("silence.usage")),
        ("/silence words 8h x", ENGLISH.say("silence.usage")),
        ("/silence words known outage", ENGLISH.say("silence.usage")),
        ("/silence words $bad 8h x", ENGLISH.say("silence.no_words", text="$bad")),
        ("/silence route pres 8h x", "There is no route “pres”. Did you mean “press”?"),
        ("/silence route zzzzz 8h x", "There is no route “zzzzz”."),
        ("/silence source blusky 8h x", "There is no source “blusky”. Did you mean “bluesky”?"),
        ("/silence author @nobody 8h x", ENGLISH.say("command.no_such_account", account="@nobody")),
        ("/silence route press 8h", "Say why as well: /silence route press 8h why"),
        ("/silence route press 31d x", "“31d” is no time between 1m and 30d. Write it like 30m, 8h or 2d."),
        ("/silence route press off", "“press” is not silenced."),
    ],
)
async def test_what_is_wrong_is_said(path: Path, text: str, told: str) -> None:
    """One line that says what to do; nothing is silenced."""
    async with office(path) as it:
        assert told == await it.say(text)
        assert () == it.standing[-1]


async def test_anybody_silences_an_author_for_a_day(path: Path) -> None:
    """Not longer, not what is critical, nothing else; and ends only what was their own."""
    async with office(path) as it:
        await with_troll(it)
        for said in (
            "author @troll.test 25h provokes",
            "author @troll.test 1h +critical provokes",
            "words troll 1h provokes",
            "route press 1h provokes",
        ):
            assert REFUSED == await it.say(f"/silence {said}", who=1)
        assert "Silenced." in await it.say("/silence author @troll.test 24h provokes", who=1)
        assert "go out again" in await it.say("/silence author @troll.test off", who=1)
        await it.say("/silence author @troll.test 24h provokes", who=2)
        assert REFUSED == await it.say("/silence author @troll.test off", who=1)


async def test_how_much_was_held_is_told(path: Path) -> None:
    """While it stands, when it is ended, and once in the staff's chat where it ran out by itself."""
    async with office(path) as it:
        await with_troll(it)
        await it.say("/silence author @troll.test 1h provokes")
        await it.say("/silence route press 2h calm")
        await with_troll(it, held_by=("author:bluesky:did:plc:troll", "route:press"), name="2")
        await with_troll(it, held_by=("author:bluesky:did:plc:troll",), name="3")
        first, second = (await it.say("/silences")).split("\n")
        assert first.endswith("; 1h left; 2 mentions so far")
        assert second.endswith("; 2h left; 1 mention so far")
        ended = "Alerts about the route press go out again. 1 mention was silenced."
        assert ended == await it.say("/silence route press off")
        later, since = s.at(60), s.at(60) - timedelta(days=1)
        assert () == await it.store.silences_over(since=since, now=later - timedelta(seconds=1))
        (over,) = await it.store.silences_over(since=since, now=later)
        assert (Scope.AUTHOR, 2) == (over.silence.scope, over.silence.held)
        await it.store.notice(f"silence_over:{over.id}", "telegram:care", "over", now=later)
        assert () == await it.store.silences_over(since=since, now=later)


async def test_a_mention_that_comes_again_is_counted_once(path: Path) -> None:
    """A batch that is read again after a crash silences nothing more."""
    async with office(path) as it:
        await it.say("/silence source bluesky 1h maintenance")
        await with_troll(it, held_by=("source:bluesky",))
        await with_troll(it, held_by=("source:bluesky",))
        (one,) = await it.store.silences(now=s.at(1))
        assert 1 == one.held


async def test_the_button_under_a_card(path: Path) -> None:
    """A day, with a reason of its own; the staff is told, for only who pressed sees the answer."""
    uid = "01M82MY5JGFZWZMSJ6F8KHNWWJ"
    async with office(path) as it:
        heard = s.judged(s.post("1", author="did:plc:troll", root=None), uid=uid, author=TROLL)
        facts = replace(heard.facts, author_id="did:plc:troll", handle="troll.test")
        await s.record(it.store, replace(heard, facts=facts))
        told = await it.say(f"silence:{uid}", who=1)
        assert told.startswith("Silenced. No alerts about the author bluesky:@troll.test until")
        assert "(Anna: said on the card)" in told
        assert [(Scope.AUTHOR, "bluesky:did:plc:troll", False)] == scopes(it)
        assert it.noticed[0].startswith("Anna set a silence. No alerts about the author")
        assert ENGLISH.say("press.stale") == await it.say("silence:01M82MY5JGFZWZMSJ6F8KHNWWK", who=1)
