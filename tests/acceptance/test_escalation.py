"""Nobody answers: the next is asked; whoever claims and sleeps is reminded, over a restart, and loses it again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.acceptance._world import ANN, World, until
from tests.acceptance.test_life import ended, started
from tests.acceptance.test_main_job import inbox, reply_to, running
from tests.acceptance.test_on_call import rung
from tests.acceptance.test_reload import hangup, lines

RULES = """
rules:
  fire: {why: Possible harm to a person, when: {text: fire}, at_least: critical}
urgency:
  critical: {respond_in: 16s}
routes:
  default: {to: "telegram:care"}
"""
PEOPLE = {
    "anna": {"name": "Anna", "role": "agent", "telegram": 1},
    "ben": {"name": "Ben", "role": "agent", "telegram": 2},
    "li": {"name": "Li", "role": "lead", "telegram": 3},
}
ON_CALL = {
    "care": {
        "people": ["anna"],
        "starts": "2020-01-06",
        "layers": [{"people": ["ben"], "starts": "2020-01-06"}],
    }
}


def steps(world: World) -> list[tuple[str, int, str]]:
    """What was done, in order."""
    with closing(sqlite3.connect(world.database)) as conn:
        return conn.execute("SELECT kind, share, whom FROM escalations ORDER BY id").fetchall()


async def test_the_next_is_asked_and_a_claim_that_comes_to_nothing_goes_back(tmp_path: Path) -> None:
    """Anna, then Ben, who claims and sleeps through a restart; then Li, until the answer comes."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(people=PEOPLE, on_call=ON_CALL)
        chat = world.telegram
        async with running(world):
            asked = await world.jetstream.post(ANN, "acme is on fire")
            await until(lambda: len(chat.messages) == 1, what="the alert")
            assert [1] == rung(chat.messages[0])
            await until(lambda: len(chat.messages) == 2, what="Ben is asked")
            assert chat.messages[1].text.startswith("Nobody has it after 50 %")
            assert [2] == rung(chat.messages[1])
            await until(lambda: "see the card below" in chat.messages[0].text, what="the alert steps back")
            chat.press(chat.messages[1].message_id, "Claim", user=2)
            await until(lambda: "Claimed by Ben" in chat.messages[1].text, what="Ben has it")
        async with running(world) as app:
            await until(lambda: len(chat.messages) == 3, what="Ben is reminded")
            assert chat.messages[2].text.startswith("Reminder · Claimed by Ben")
            assert [2] == rung(chat.messages[2])
            await until(lambda: len(chat.messages) == 4, what="it is back in the queue")
            assert chat.messages[3].text.startswith("Ben had it, no answer")
            assert [3, 2] == rung(chat.messages[3])
            (row,) = await inbox(app, "ann")
            assert ("open", None) == (row.state, row.claimed_by)
            await world.jetstream.post("did:plc:acme", "on it", **reply_to(asked, asked))
            await until(lambda: "Answered" in chat.messages[3].text, what="the answer")
            assert 0 == (await app.store.status(now=app.clock.now())).steps.asks
        assert [("ask", 50, '["ben"]'), ("remind", 80, '["ben"]'), ("return", 100, '["li"]')] == steps(world)


async def test_a_reload_changes_whom_it_asks_and_when(tmp_path: Path) -> None:
    """Of what waits already too; the log and the metrics tell of the step, and `outcare status`."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES.replace("16s", "1h"))
        world.write_config(people=PEOPLE, on_call=ON_CALL)
        daemon = await started(world)
        await world.jetstream.post(ANN, "acme is on fire")
        chat = world.telegram
        await until(lambda: len(chat.messages) == 1, what="the alert")
        later = [{"after": "0%", "ask": "li", "to": "webhook:desk"}]
        world.write_config(people=PEOPLE, on_call=ON_CALL, escalation={"critical": later})
        await hangup(world, daemon, "reload.done")
        await until(lambda: world.webhook.deliveries, what="the other channel")
        assert "Nobody has it yet" in str(world.webhook.deliveries[0])
        (line,) = lines(world, "ask.escalated")
        assert ("person", ["li"], "webhook:desk") == (line["step"], line["whom"], line["channel"])
        await ended(daemon)
        told = await world.outcare("status")
        assert 0 == await told.wait()
        assert "escalated      1 open asks, 1 steps in 24 hours" in world.output
