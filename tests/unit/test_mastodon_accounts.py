"""Several accounts at once: each is read, each answers what it was asked, and nothing is told twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.clock import SystemClock
from bot.errors import ConfigError
from bot.findings import Exam
from bot.http import HttpClient
from bot.model import Post
from bot.ports import Source, Wiring
from bot.replies import Corrector, Outgoing, Several, answers_as
from bot.settings.load import Settings, load
from bot.sides import source_side
from bot.testing.clock import ManualClock
from bot.testing.mastodon_server import MastodonServer
from bot.testing.source_contract import WatchAll
from connectors.mastodon.account import AccountSettings, OtherAccount
from connectors.mastodon.accounts import inbox, others, replier
from connectors.mastodon.connector import CONNECTOR
from connectors.mastodon.examine import examine
from connectors.mastodon.lookup import account_lookup
from connectors.mastodon.position import cursor_at
from tests.unit.settings_world import CONNECTORS

HOME, AWAY, HELP = "token-of-home", "token-of-away", "token-of-help"


@dataclass
class Accounts:
    """Two servers; on the second one there are two accounts."""

    home: MastodonServer
    away: MastodonServer
    clock: ManualClock
    wiring: Wiring
    settings: AccountSettings

    @property
    def sources(self) -> list[Source]:
        first = inbox(self.settings, self.wiring)
        return [*([first] if first else []), *others(self.settings, self.wiring)]

    async def read(self) -> list[list[Post]]:
        """What each account is told."""
        start = cursor_at(self.clock.now())
        return [
            [post async for batch in source.read(start, WatchAll()) for post in batch.posts]
            for source in self.sources
        ]


@asynccontextmanager
async def accounts() -> AsyncIterator[Accounts]:
    clock = ManualClock()
    http = HttpClient(SystemClock())
    async with (
        MastodonServer(clock, domain="home.test") as home,
        MastodonServer(clock, domain="away.test") as away,
    ):
        home.sign_in(HOME, "acme")
        away.sign_in(AWAY, "acme")
        away.sign_in(HELP, "help")
        settings = AccountSettings(
            server=home.url,
            handle="acme@home.test",
            token=SecretStr(HOME),
            stream=False,
            accounts={
                "away": other(away, "acme@away.test", AWAY),
                "help": other(away, "help@away.test", HELP),
            },
        )
        try:
            yield Accounts(home, away, clock, Wiring(http=http, clock=clock), settings)
        finally:
            await http.close()


def other(server: MastodonServer, handle: str, token: str) -> OtherAccount:
    return OtherAccount(server=server.url, handle=handle, token=SecretStr(token), stream=False)


def reply(to: Post, key: str = "1") -> Outgoing:
    return Outgoing(key=key, brand="acme", text="we are on it", to=to, approved_at=to.seen_at)


async def test_each_account_is_a_source_of_its_own() -> None:
    """The first one keeps the name that it had."""
    async with accounts() as it:
        names = [source.name for source in it.sources]
        assert [
            "mastodon-notifications",
            "mastodon-notifications-away",
            "mastodon-notifications-help",
        ] == names
        asked = [it.home.ask("@acme here"), it.away.ask("@acme there")]
        told = await it.read()
        assert [f"{it.home.host}/{asked[0]}"] == [post.id for post in told[0]]
        assert [f"{it.away.host}/{asked[1]}"] == [post.id for post in told[1]]


async def test_without_a_first_account_the_others_work() -> None:
    """The section may hold nothing but `accounts`."""
    async with accounts() as it:
        alone = AccountSettings(accounts={"help": it.settings.accounts["help"]})
        assert inbox(alone, it.wiring) is None
        assert 1 == len(others(alone, it.wiring))
        assert account_lookup(alone, it.wiring) is not None
        made = replier(alone, it.wiring)
        assert made is not None
        assert not isinstance(made, Several)
    assert replier(AccountSettings(), it.wiring) is None
    assert account_lookup(AccountSettings(), it.wiring) is None


async def test_the_account_that_was_asked_answers() -> None:
    """By its server; on one server by its name; and whose the answer is, is known."""
    async with accounts() as it:
        made = replier(it.settings, it.wiring)
        assert isinstance(made, Several)
        it.home.ask("@acme at home")
        it.away.ask("@acme away")
        it.away.ask("@help me, please")
        told = {post.text: post for posts in await it.read() for post in posts}
        for number, (text, server, name) in enumerate(
            [
                ("@acme at home", it.home, "acme"),
                ("@acme away", it.away, "acme"),
                ("@help me, please", it.away, "help"),
            ]
        ):
            published = await made.publish(reply(told[text], str(number)))
            (ours,) = [one for one in server.said(name) if f"{server.host}/{one.id}" == published.post_id]
            assert "we are on it" in ours.text
            assert f"{name}@{server.world.domain}" == answers_as(made, told[text])
            assert published == await made.find(reply(told[text], str(number)))
        assert "acme@home.test" == made.account_id
        assert 468 == made.length("hello").limit


async def test_answers_are_corrected_and_taken_back_by_their_account() -> None:
    """Somebody else's token would be told that there is no such post, as if it were gone."""
    async with accounts() as it:
        made = replier(it.settings, it.wiring)
        assert isinstance(made, Corrector)
        it.away.ask("@help me, please")
        (post,) = {one.id: one for posts in await it.read() for one in posts}.values()
        published = await made.publish(reply(post))
        await made.correct(published.post_id, Outgoing(
            key="1", brand="acme", text="done", to=post, approved_at=post.seen_at))  # fmt: skip
        assert ["@ann@else.example done"] == [one.text for one in it.away.said("help")]
        await made.delete(published.post_id)
        assert [] == it.away.said("help")
        await made.delete(published.post_id)


async def test_what_names_two_of_our_accounts_is_told_once() -> None:
    """By the first one's server; and what one of ours says, by its own."""
    async with accounts() as it:
        for server, other_domain in ((it.home, "away.test"), (it.away, "home.test")):
            server.world.account(f"acme@{other_domain}")
            server.ask(f"@acme and @acme@{other_domain}, hello")
            server.ask(f"@acme from our {other_domain}", by=f"acme@{other_domain}")
        await it.read()
        told = await it.read()
        assert ["@acme and @acme, hello"] == [post.text for post in told[0]]
        assert [[], []] == [[post.text for post in posts] for posts in told[1:]]


async def test_doctor_tries_each_account() -> None:
    """Each under its name."""
    async with accounts() as it:
        it.away.revoke(HELP)
        exam = Exam(account=it.settings, source=None, accounts=(), rivals=frozenset())
        found = [finding async for finding in examine(exam, it.wiring)]
        signed_in = [one.about for one in found if "signed in" in one.says]
        assert ["mastodon account", "mastodon account away"] == signed_in
        (broken,) = [one for one in found if one.about == "mastodon account help"]
        assert "401" in broken.says


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ({"Help Desk": {}}, "small letters"),
        ({"help": {"server": "https://a.example", "handle": "help"}}, "token"),
        ({"help": {"server": "https://a.example", "token": "x"}}, "handle"),
        (
            {
                "a": {"server": "https://a.example", "handle": "help", "token": "x"},
                "b": {"server": "https://A.example", "handle": "@Help", "token": "y"},
            },
            "twice",
        ),
    ],
)
def test_what_is_wrong_is_said(accounts: dict[str, object], said: str) -> None:
    """In a line that tells what to do."""
    with pytest.raises(ValidationError, match=said):
        AccountSettings.model_validate({"accounts": accounts})


FILE = """\
brand: {name: acme, words: [acme]}
sources: {}
mastodon:
  server: https://home.test
  handle: acme@home.test
  accounts:
    help-desk: {server: https://away.test, handle: help@away.test}
"""


def settled(folder: Path, env: dict[str, str], *, needs_secrets: bool = True) -> Settings:
    file = folder / "outcare.yaml"
    file.write_text(FILE, encoding="utf-8")
    connectors = {**CONNECTORS, "mastodon": CONNECTOR}
    return load(file, connectors, env=env, needs_secrets=needs_secrets)


def test_each_token_has_a_variable_of_its_own(tmp_path: Path) -> None:
    """And none of them is shown."""
    env = {
        "OUTCARE_MASTODON__TOKEN": "secret-of-home",
        "OUTCARE_MASTODON__ACCOUNTS__HELP_DESK__TOKEN": "secret-of-help",
    }
    settings = settled(tmp_path, env)
    account = settings.account("mastodon")
    assert isinstance(account, AccountSettings)
    assert ["", "help-desk"] == list(account.each)
    assert {"secret-of-home", "secret-of-help"} <= set(settings.secrets())
    assert "secret-of" not in repr(settings)
    wiring = Wiring(http=HttpClient(SystemClock()), clock=SystemClock())
    listened = source_side(settings, {"mastodon": CONNECTOR}, wiring)
    assert ["mastodon-notifications", "mastodon-notifications-help-desk"] == list(listened)
    assert None not in {one.cursor_at for one in listened.values()}


def test_a_token_that_is_missing_is_named(tmp_path: Path) -> None:
    """By its variable; who only reads the database needs none."""
    with pytest.raises(ConfigError, match="OUTCARE_MASTODON__ACCOUNTS__HELP_DESK__TOKEN"):
        settled(tmp_path, {"OUTCARE_MASTODON__TOKEN": "secret-of-home"})
    for env in ({}, {"OUTCARE_MASTODON__TOKEN": "secret-of-home"}):
        assert settled(tmp_path, env, needs_secrets=False).account("mastodon") is None
