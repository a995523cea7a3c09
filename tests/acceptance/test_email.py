"""The running daemon with e-mail: what the chat does not take goes to people by mail, once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.testing.telegram_server import CHAT
from tests.acceptance._world import ACME, ANN, World, until
from tests.acceptance.test_doctor import findings
from tests.acceptance.test_life import ended, started
from tests.acceptance.test_main_job import reply_to
from tests.contract.mail_server import CUT, HOST, PASSWORD, USER, Mail, MailServer

RULES = """
rules:
  question: {{why: Asks us something, when: {{question: true}}, score: 50}}
routes:
  default: {{to: "{to}", fallback: "{fallback}"}}
"""
PAGE = "https://outcare.acme.example"


def configure(
    world: World, mails: MailServer, *, to: str = "telegram:care", fallback: str = "email:lead"
) -> None:
    """A lead who gets mails, from a server that wants a password."""
    (world.folder / "rules" / "rules.yaml").write_text(RULES.format(to=to, fallback=fallback))
    world.secrets["OUTCARE_EMAIL__PASSWORD"] = PASSWORD
    server = {"server": HOST, "port": mails.port, "security": "none", "user": USER, "sender": USER}
    world.write_config(
        email=server,
        web={"url": PAGE},
        channels={
            "telegram:care": {"chat": CHAT},
            "email:lead": {"to": ["lead@acme.example"]},
            "console": {},
        },
    )


async def test_a_dead_chat_falls_back_to_mail(tmp_path: Path) -> None:
    """Telegram's token is revoked: the alert comes by mail at once, with a link to its conversation; that it is
    answered comes in the same thread, after a restart. The password is never shown.
    """
    async with World(tmp_path) as world, MailServer(wants_login=True) as mails:
        configure(world, mails)
        daemon = await started(world)
        world.telegram.token = "2:another"
        question = await world.jetstream.post(ANN, "hey acme, how do I get my refund?")
        first = await until(lambda: alerts(mails), what=world.output)
        assert (USER, ("lead@acme.example",), USER) == (first[0].sender, first[0].to, first[0].user)
        assert "> hey acme, how do I get my refund?" in first[0].body()
        assert f"Open the conversation: {PAGE}/c/1" in first[0].body()
        assert [] == world.telegram.messages
        await until(lambda: sent(world) == 1, what="it is stored as sent")
        await ended(daemon)
        daemon = await started(world)
        await world.jetstream.post(ACME, "It is on its way.", **reply_to(question, question))
        follow_up = await until(lambda: alerts(mails)[1:], what=world.output)
        assert (first[0].id,) == follow_up[0].references
        assert "Answered" in follow_up[0].subject
        await ended(daemon)
        assert PASSWORD not in world.output
        assert "Traceback" not in world.output


@pytest.mark.slow
async def test_the_doctor_tries_it(tmp_path: Path) -> None:
    """It finds the server and the address, and shows a mail only when it is asked to."""
    async with World(tmp_path) as world, MailServer(wants_login=True) as mails:
        configure(world, mails)
        _, found = await findings(world)
        assert {"fine"} == {found[about]["health"] for about in ("email", "email:lead")}
        assert [] == mails.mails
        (world.folder / "output.log").unlink()
        _, found = await findings(world, "--send")
        assert "a test card went there" in found["email:lead"]["says"]
        [mail] = mails.mails
        assert "Outcare reaches this chat" == mail.subject
        assert f"Open the page: {PAGE}/" in mail.body()
        assert PASSWORD not in world.output


async def test_a_mail_server_that_is_away_loses_nothing(tmp_path: Path) -> None:
    """It hangs up, greylists, and refuses connections for a while; each alert comes in the end, once."""
    async with World(tmp_path) as world, MailServer(wants_login=True) as mails:
        configure(world, mails, to="email:lead", fallback="console")
        mails.fail("GREETING", "421 4.3.2 shutting down")
        mails.fail("RCPT", "450 4.2.0 greylisted")
        mails.fail("DATA", CUT)
        daemon = await started(world)
        for number in range(3):
            await world.jetstream.post(f"did:plc:w{number}", f"hey acme, where is parcel {number}?")
        await until(lambda: len(alerts(mails)) >= 3, within=40, what=world.output)
        await until(lambda: sent(world) == 3, what="all are stored as sent")
        await ended(daemon)
        assert 3 == len({mail.id for mail in alerts(mails)}) == len(alerts(mails))
        assert "Traceback" not in world.output


def alerts(mails: MailServer) -> list[Mail]:
    """Without notices, such as that the chat refuses."""
    return [mail for mail in mails.mails if f"{PAGE}/c/" in mail.body()]


def sent(world: World) -> int:
    """How many alerts are stored as sent."""
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True)) as connection:
        asked = (
            "SELECT count(*) FROM effects WHERE kind = 'alert' AND state = 'sent' AND channel = 'email:lead'"
        )
        (count,) = connection.execute(asked).fetchone()
    return int(count)
