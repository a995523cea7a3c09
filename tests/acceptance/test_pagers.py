"""The running daemon with pagers: what calls somebody in the chat calls their phone, and both end together."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.testing.ntfy_server import NtfyServer
from bot.testing.pagerduty_server import PagerDutyServer
from bot.testing.telegram_server import CHAT
from tests.acceptance._world import ACME, ANN, CARL, World, until
from tests.acceptance.test_doctor import findings
from tests.acceptance.test_main_job import reply_to, running
from tests.acceptance.test_silence import RULES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

KEY = "0123456789abcdef0123456789abcdef"
TOPIC = "acme-anna-K3oXq9"
ON_CALL = {
    "care": {"people": ["anna"], "starts": "2020-01-06"},
    "press": {"people": ["ben"], "starts": "2020-01-06", "routes": ["press"]},
}
PEOPLE = {
    "anna": {"name": "Anna", "role": "agent", "telegram": 1, "pager": "ntfy:anna"},
    "ben": {"name": "Ben", "role": "lead", "telegram": 2, "pager": "pagerduty:ben"},
}
PRESS = RULES.replace("at_least: critical", "at_least: critical\n    cc: [press]") + (
    '  press: {to: "webhook:desk"}\n'
)


@asynccontextmanager
async def paged(folder: Path) -> AsyncIterator[tuple[World, NtfyServer, PagerDutyServer]]:
    """Anna is on call and has ntfy; Ben is for the press, and has PagerDuty."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World(folder))
        ntfy = await stack.enter_async_context(NtfyServer())
        duty = await stack.enter_async_context(PagerDutyServer())
        duty.keys.add(KEY)
        world.secrets["OUTCARE_CHANNELS__PAGERDUTY_BEN__ROUTING_KEY"] = KEY
        (folder / "rules" / "rules.yaml").write_text(PRESS)
        world.write_config(
            people=PEOPLE,
            on_call=ON_CALL,
            ntfy={"server": ntfy.url},
            pagerduty={"base_url": duty.url},
            web={"url": "https://outcare.acme.example"},
            channels={
                "telegram:care": {"chat": CHAT},
                "webhook:desk": {"url": f"{world.webhook.url}/desk"},
                "ntfy:anna": {"topic": TOPIC},
                "pagerduty:ben": {},
                "console": {},
            },
        )
        yield world, ntfy, duty


async def soon(ask: Callable[[], object]) -> None:
    await until(ask, within=60)


def states(world: World) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(world.database)) as conn:
        return set(conn.execute("SELECT channel, state FROM effects WHERE kind = 'alert'"))


async def test_a_critical_rings_all_and_ends_everywhere(tmp_path: Path) -> None:
    """Card, phone and incident; Claim in Telegram acknowledges, the answer resolves, over a restart too."""
    async with paged(tmp_path) as (world, ntfy, duty):
        async with running(world):
            fire = await world.jetstream.post(ANN, "acme is on fire")
            await soon(lambda: ntfy.messages and duty.all() and world.telegram.messages)
            [rang], [incident] = ntfy.messages, duty.all()
            assert (5, "critical") == (rang.priority, incident.payload["severity"])
            assert "https://outcare.acme.example/c/1" == rang.whole["click"]
            world.telegram.press(world.telegram.messages[0].message_id, "Claim", user=1)
            await soon(lambda: incident.status == "acknowledged")
            await soon(lambda: len(ntfy.messages) == 2)
            assert "Claimed by Anna" in ntfy.shown(TOPIC)[rang.sequence].title
        async with running(world):
            await world.jetstream.post(ACME, "We call you.", **reply_to(fire, fire))
            await soon(lambda: incident.status == "resolved")
            await soon(lambda: len(ntfy.messages) == 3)
        assert [5, 2, 2] == [one.priority for one in ntfy.messages]
        assert [1] == [one.called for one in duty.all()]


async def press(world: World, label: str) -> None:
    """As soon as the card has that button."""
    await soon(lambda: label in world.telegram.messages[0].labels)
    world.telegram.press(world.telegram.messages[0].message_id, label, user=1)


async def test_what_is_given_back_calls_anew(tmp_path: Path) -> None:
    """Released in Telegram: phone and incident call whoever is on call; claimed again, they are quiet."""
    async with paged(tmp_path) as (world, ntfy, duty), running(world):
        await world.jetstream.post(ANN, "acme is on fire")
        await soon(lambda: ntfy.messages and duty.all() and world.telegram.messages)
        for label in ("Claim", "More…", "Release"):
            await press(world, label)
        await soon(lambda: len(duty.all()) == 2 and len(ntfy.messages) == 3)
        await soon(lambda: [one.status for one in duty.all()] == ["resolved", "triggered"])
        assert [5, 2, 5] == [one.priority for one in ntfy.messages]
        await press(world, "Claim")
        await soon(lambda: [one.status for one in duty.all()] == ["resolved", "acknowledged"])
        assert [1, 1] == [one.called for one in duty.all()]


async def test_a_revoked_key_is_told_once(tmp_path: Path) -> None:
    """In the chat; what it was to ring for has no second copy, and the other pager rings as before."""
    async with paged(tmp_path) as (world, ntfy, duty):
        duty.keys.clear()
        chat = world.telegram
        async with running(world):
            await world.jetstream.post(ANN, "acme is on fire")
            await soon(lambda: any("pagerduty:ben" in message.text for message in chat.messages))
            await world.jetstream.post(CARL, "acme is on fire, I say")
            await soon(lambda: len(chat.messages) == 3 and len(ntfy.messages) == 2)
            await soon(lambda: ("pagerduty:ben", "dead") in states(world))
        told = [message.text for message in chat.messages if "pagerduty:ben" in message.text]
        assert 1 == len(told), told
        assert KEY not in told[0]
        assert not [one for one in states(world) if one[0] == "console"]


async def test_a_dead_chat_does_not_silence_the_pager(tmp_path: Path) -> None:
    """Telegram's token is revoked: the phone rings all the same."""
    async with paged(tmp_path) as (world, ntfy, _):
        async with running(world):
            world.telegram.token = "2:another"
            await world.jetstream.post(ANN, "acme is on fire")
            await soon(lambda: ntfy.messages)
        assert [] == world.telegram.messages


async def test_a_webhook_can_be_a_pager(tmp_path: Path) -> None:
    """A copy for a program of one's own: the alert, then its updates under the same `message`."""
    async with paged(tmp_path) as (world, _, __):
        hook = f"{world.webhook.url}/anna"
        world.write_config(
            people={**PEOPLE, "anna": {**PEOPLE["anna"], "pager": "webhook:anna"}},
            on_call={"care": ON_CALL["care"]},
            channels={"telegram:care": {"chat": CHAT}, "webhook:anna": {"url": hook}, "pagerduty:ben": {}},
        )
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        async with running(world):
            await world.jetstream.post(ANN, "acme is on fire")
            await soon(lambda: world.webhook.deliveries and world.telegram.messages)
            world.telegram.press(world.telegram.messages[0].message_id, "Claim", user=1)
            await soon(lambda: len(world.webhook.deliveries) == 2)
        alert, update = (one.told for one in world.webhook.deliveries)
        assert ("alert", "ping", "anna") == (alert["event"], alert["alert"], alert["data"]["on_call"])
        assert ("update", alert["message"]) == (update["event"], update["message"])


@pytest.mark.slow
async def test_the_doctor_looks_at_pagers(tmp_path: Path) -> None:
    """Both are there; a test card arrives when asked for."""
    async with paged(tmp_path) as (world, ntfy, duty):
        _, found = await findings(world)
        assert {"fine"} == {found[about]["health"] for about in ("ntfy", "pagerduty:ben")}
        assert ([], []) == (ntfy.messages, duty.all())
        (world.folder / "output.log").unlink()
        _, found = await findings(world, "--send")
        assert (1, 1) == (len(ntfy.messages), len(duty.all()))
