"""Slack as the staff chat: the whole program, slack-sdk as it is, a loopback Slack that keeps its limits."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from bot.model import ConversationState
from bot.testing.pds_server import PdsServer
from bot.testing.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackServer
from bot.testing.slack_workspace import Sent
from tests.acceptance._world import ACME, ANN, World, until
from tests.acceptance.test_life import ended, started
from tests.acceptance.test_main_job import running, state_of

PASSWORD = "aaaa-bbbb-cccc-dddd"
BEN = "U0BEN"
WORDS = "So sorry, Ann! 😀 Which order is it? https://acme.example/help"


@asynccontextmanager
async def office(folder: Path, *, burst: int = 5) -> AsyncIterator[tuple[World, SlackServer, PdsServer]]:
    """The daemon's files with Slack as the chat, and a webhook to fall back to."""
    async with World(folder) as world, SlackServer(burst=burst) as slack, PdsServer() as pds:
        pds.account(ACME, "acme.test", PASSWORD)
        rules = world.folder / "rules" / "rules.yaml"
        rules.write_text(
            rules.read_text().replace(
                'default: {to: "telegram:care"}', 'default: {to: "slack:care", fallback: "webhook:desk"}'
            )
        )
        world.secrets = {
            "OUTCARE_SLACK__BOT_TOKEN": BOT_TOKEN,
            "OUTCARE_SLACK__APP_TOKEN": APP_TOKEN,
            "OUTCARE_BLUESKY__APP_PASSWORD": PASSWORD,
        }
        world.write_config(
            telegram=None,
            slack={"base_url": slack.api},
            bluesky={"handle": "acme.test", "service": pds.url},
            channels={
                "slack:care": {"channel": CHANNEL, "ping": ["U0ANNA"]},
                "webhook:desk": {"url": f"{world.webhook.url}/desk"},
                "console": {},
            },
            people={
                "anna": {"name": "Anna", "role": "lead", "slack": "U0ANNA"},
                "ben": {"name": "Ben", "role": "agent", "slack": BEN},
            },
        )
        yield world, slack, pds


async def asked(world: World, slack: SlackServer, pds: PdsServer) -> tuple[str, Sent]:
    """Ann's question, and its card in the channel."""
    uri = await world.jetstream.post(ANN, "hey acme, how do I get my refund? <!channel>")
    pds.appview.post(uri, "hey acme, how do I get my refund? <!channel>")
    await until(lambda: slack.messages, what="the card arrives")
    await until(lambda: slack.sockets.links, what="the feed is connected")
    return uri, slack.messages[0]


def shows(card: Sent, text: str) -> Callable[[], bool]:
    return lambda: text in card.shown


async def test_from_a_question_to_its_answer(tmp_path: Path) -> None:
    """One of two claims wins; a reply in the thread, Publish: one post in Ann's thread, and the card tells it."""
    async with office(tmp_path) as (world, slack, pds), running(world) as app:
        uri, card = await asked(world, slack, pds)
        assert card.shown.startswith("HIGH · answer by")
        assert "how do I get my refund? <!channel>" in card.shown
        assert [] == card.pinged

        slack.press(card, "Claim")
        slack.press(card, "Claim", user=BEN, name="Ben")
        await until(lambda: len(slack.workspace.whispers) == 2, what="both presses are answered")
        winner, loser = slack.workspace.whispers
        assert ("U0ANNA", BEN) == (winner.to, loser.to)
        assert "Yours" in winner.shown
        assert "Anna has it" in loser.shown
        await until(shows(card, "Claimed by Anna"), what="the card shows the claim")

        slack.say("Which order?", thread=card)
        await until(shows(card, "Which order?"), what="the draft is on the card")
        slack.say(WORDS, thread=card)
        await until(shows(card, WORDS), what="the other draft is on the card")
        assert [] == pds.posts(ACME)
        slack.press(card, "Publish")
        await until(lambda: pds.posts(ACME), what="it is published")
        await until(shows(card, "Published on Bluesky by Anna"), what="the card tells it")
        assert [(WORDS, uri)] == [(one["text"], one["reply"]["parent"]["uri"]) for one in pds.posts(ACME)]
        assert {ConversationState.ANSWERED} == await state_of(app, "ann")
        assert ([], 1) == (slack.sockets.failed, len(slack.messages))


async def test_an_answer_is_written_and_changed_in_a_form(tmp_path: Path) -> None:
    """The button opens it, with the draft in it once there is one; what is sent is a draft, not an answer."""
    async with office(tmp_path) as (world, slack, pds), running(world):
        _, card = await asked(world, slack, pds)
        slack.press(card, "Claim")
        await until(lambda: "Your answer" in card.buttons, what="an answer can be written")
        slack.press(card, "Your answer")
        await until(lambda: len(slack.workspace.views) == 1, what="the form opens")
        first = next(iter(slack.workspace.views.values()))
        assert "initial_value" not in first["blocks"][0]["element"]
        slack.submit(first["id"], WORDS)
        await until(shows(card, WORDS), what="the draft is on the card")
        slack.press(card, "Edit")
        await until(lambda: len(slack.workspace.views) == 2, what="the form opens again")
        second = list(slack.workspace.views.values())[1]
        begins = second["blocks"][0]["element"]["initial_value"]["elements"][0]["elements"][0]["text"]
        assert WORDS == begins
        slack.submit(second["id"], "Which order is it?")
        await until(shows(card, "\nWhich order is it?\n"), what="the new words are on the card")
        assert WORDS not in card.shown
        assert [] == pds.posts(ACME)
        assert ([], []) == (slack.sockets.failed, slack.sockets.strays)


async def test_commands_and_strangers(tmp_path: Path) -> None:
    """Who is in the configuration is told what waits; whoever is not is told nothing of it."""
    async with office(tmp_path) as (world, slack, pds), running(world) as app:
        _, card = await asked(world, slack, pds)
        slack.command("inbox", user=BEN, name="Ben")
        await until(lambda: slack.workspace.whispers, what="the command is answered")
        assert (BEN, True) == (
            slack.workspace.whispers[0].to,
            "how do I get my refund?" in slack.workspace.whispers[0].shown,
        )
        slack.say("<@U0BOT> why", thread=card)
        await until(lambda: len(slack.workspace.whispers) == 2, what="why is answered")
        assert "question" in slack.workspace.whispers[1].shown
        slack.press(card, "Claim", user="U0MALLORY", name="Mallory")
        slack.command("inbox", user="U0MALLORY", name="Mallory")
        await until(lambda: len(slack.workspace.whispers) == 4, what="the stranger is told so")
        for whisper in slack.workspace.whispers[2:]:
            assert "slack:U0MALLORY" in whisper.shown
            assert "refund" not in whisper.shown
        assert {ConversationState.OPEN} == await state_of(app, "ann")


async def test_an_app_that_was_uninstalled_is_not_silent(tmp_path: Path) -> None:
    """Its tokens are revoked: alerts go to the fallback, staff is told there, and readiness says so."""
    async with office(tmp_path) as (world, slack, pds), running(world) as app:
        await asked(world, slack, pds)
        slack.revoke()
        slack.cut()
        await world.jetstream.post(ANN, "acme, are you there?")
        await until(lambda: len(world.webhook.deliveries) >= 3, what="the fallback gets it all")
        told = "\n".join(one.body.decode() for one in world.webhook.deliveries)
        assert "are you there?" in told
        assert "slack:care refuses our messages" in told
        assert "Buttons on slack do not reach us" in told
        failing = {check.name: check.detail for check in app.readiness.checks() if not check.ok}
        assert {"channel:slack:care": "unauthorized", "feed:slack": "unauthorized"} == failing
        assert BOT_TOKEN not in told


async def test_a_burst_loses_nothing(tmp_path: Path) -> None:
    """A channel takes one message a second: twelve questions come at that pace, the last of them on one card."""
    async with office(tmp_path, burst=3) as (world, slack, _), running(world):
        await until(lambda: slack.sockets.links)
        for number in range(12):
            await world.jetstream.post(f"did:plc:w{number}", f"acme, where is order {number}x?")

        def missing() -> list[int]:
            shown = "\n".join(card.shown for card in slack.messages)
            return [number for number in range(12) if f"order {number}x?" not in shown]

        await until(lambda: not missing(), within=40, what="all questions arrive")
        assert 12 >= len(slack.messages)


async def test_a_killed_daemon_has_kept_what_it_acknowledged(tmp_path: Path) -> None:
    """SIGKILL after a press: what Slack was told arrived is decided after the restart, once."""
    async with office(tmp_path) as (world, slack, pds):
        daemon = await started(world)
        _, card = await asked(world, slack, pds)
        slack.press(card, "Claim")
        await until(lambda: slack.sockets.acknowledged, what="the press is acknowledged")
        daemon.kill()
        await daemon.wait()
        again = await started(world)
        await until(shows(card, "Claimed by Anna"), what="the claim stands")
        slack.say(WORDS, thread=card)  # nobody may be connected yet: Slack sends it again
        await until(shows(card, WORDS), within=30, what="the draft is on the card")
        assert await ended(again) < 5
        assert 0 == again.returncode
        assert 0 == world.output.count("Traceback")
        assert BOT_TOKEN not in world.output
        assert "secret-ticket" not in world.output


async def test_a_press_while_the_database_is_locked(tmp_path: Path) -> None:
    """It cannot be stored in time, and so it is not acknowledged: Slack shows that; pressed again, it counts once."""
    async with office(tmp_path) as (world, slack, pds), running(world):
        _, card = await asked(world, slack, pds)
        slack.sockets.patience = 1.0
        with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            slack.press(card, "Claim")
            await until(lambda: slack.sockets.failed, what="Slack tells that it failed")
            other.execute("ROLLBACK")
        slack.sockets.patience = 3.0
        await until(lambda: any(not link.is_leaving for link in slack.sockets.links))
        slack.press(card, "Claim")
        await until(shows(card, "Claimed by Anna"), what="the card shows the claim")
        await until(lambda: slack.is_read, what="the second press is acknowledged")
        with closing(sqlite3.connect(world.database)) as connection:
            outcomes = [row[0] for row in connection.execute("SELECT outcome FROM decisions")]
        assert 1 == outcomes.count("claimed")


async def test_a_lost_connection_is_made_again(tmp_path: Path) -> None:
    """Slack restarts: the feed comes back by itself."""
    async with office(tmp_path) as (world, slack, pds), running(world):
        _, card = await asked(world, slack, pds)
        slack.cut()
        await asyncio.sleep(0.1)
        await until(lambda: slack.sockets.links, what="it is connected again")
        slack.press(card, "Claim")
        await until(shows(card, "Claimed by Anna"), what="the card shows the claim")
