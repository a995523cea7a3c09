"""Settings: defaults, precedence, secrets, what becomes of what people write."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from bot.errors import ConfigError
from bot.model import Account, Brand
from bot.ports import Connector
from bot.settings.load import load
from bot.staff import Person, Role
from tests.unit.settings_world import (
    CONNECTORS,
    MINIMAL,
    SET_TOKEN,
    TELEGRAM,
    TOKEN,
    Own,
    TelegramAccount,
    load_text,
    problems,
    unused,
)

# --- values -------------------------------------------------------------------------------------


def test_a_brand_is_enough(tmp_path: Path) -> None:
    """Everything else has a default that works without any account."""
    settings = load_text(MINIMAL, tmp_path)
    assert (Brand(name="acme", words=("acme",)),) == settings.brands
    assert (["bluesky"], ["console"]) == (list(settings.sources), list(settings.channels))
    assert ("", (), (), ZoneInfo("UTC")) == (
        settings.aim,
        settings.people,
        settings.languages,
        settings.timezone,
    )
    assert (Path("data/outcare.db"), tmp_path / "rules") == (settings.database, settings.rules)
    assert ("127.0.0.1", 8080) == (settings.http.host, settings.http.port)
    assert (None, timedelta(minutes=1)) == (settings.heartbeat_url, settings.heartbeat_every)
    assert (timedelta(seconds=1.5), "info", "auto") == (
        settings.lookup_budget,
        settings.log.level,
        settings.log.format,
    )


def test_without_a_file_the_environment_must_name_the_brand() -> None:
    """The message says what to write; nothing points at a file that is not there."""
    with pytest.raises(ConfigError) as caught:
        load(None, CONNECTORS, env={})
    assert [
        (
            "brand is missing; write brand: {name: acme, words: [acme]} with your name and the words to look for, "
            "or set OUTCARE_BRAND__NAME and OUTCARE_BRAND__WORDS"
        )
    ] == problems(caught)
    settings = load(
        None, CONNECTORS, env={"OUTCARE_BRAND__NAME": "acme", "OUTCARE_BRAND__WORDS": "acme, acme hq"}
    )
    assert (Brand(name="acme", words=("acme", "acme hq")),) == settings.brands
    assert Path("config/rules") == settings.rules


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A wrong path is a mistake, not a reason to use defaults."""
    with pytest.raises(ConfigError, match=r"cannot read .*/none\.yaml: No such file or directory"):
        load(tmp_path / "none.yaml", CONNECTORS, env={})


def test_brands_and_rivals_become_one_list_with_ours_first(tmp_path: Path) -> None:
    """Handles lose their @ and their case; ids are known as such; duplicates count once."""
    text = """
rivals:
  globex: {words: [globex], accounts: {bluesky: [globex.example]}}
brand:
  name: acme
  words: [acme, acme]
  accounts: {bluesky: ["@ACME.example", acme.example, "did:plc:Acme"]}
"""
    acme = Brand(
        name="acme",
        words=("acme",),
        accounts=(
            Account(brand="acme", platform="bluesky", handle="acme.example"),
            Account(brand="acme", platform="bluesky", handle="did:plc:Acme", id="did:plc:Acme"),
        ),
    )
    globex = Brand(
        name="globex",
        words=("globex",),
        accounts=(Account(brand="globex", platform="bluesky", handle="globex.example"),),
        is_rival=True,
    )
    assert (acme, globex) == load_text(text, tmp_path).brands


def test_people_are_found_by_their_identities(tmp_path: Path) -> None:
    """A number in the file is the text that the channel says; the name defaults to the key."""
    text = MINIMAL + "people:\n  anna: {name: Anna, role: lead, telegram: 12345}\n  bob: {webhook: bob}\n"
    settings = load_text(text, tmp_path)
    anna = Person(key="anna", name="Anna", role=Role.LEAD, identities=(("telegram", "12345"),))
    bob = Person(key="bob", name="bob", role=Role.AGENT, identities=(("webhook", "bob"),))
    assert (anna, bob) == settings.people
    assert [anna, bob, None] == [
        settings.staff.find(who) for who in ("telegram:12345", "webhook:bob", "webhook:12345")
    ]


def test_connectors_sections_are_their_own_models(tmp_path: Path) -> None:
    """Sources by connector, channels by their whole name, accounts by kind."""
    text = TELEGRAM + "  console:\nsources: {feeds: {urls: [https://a.example/feed]}}\n"
    settings = load_text(text, tmp_path, env=SET_TOKEN)
    assert {"feeds": {"urls": ["https://a.example/feed"]}} == {
        name: model.model_dump() for name, model in settings.sources.items()
    }
    assert ["telegram:care", "console"] == list(settings.channels)
    account = settings.account("telegram")
    assert isinstance(account, TelegramAccount)
    assert TOKEN == account.token.get_secret_value()
    assert settings.account("console") is None


def test_an_unused_connector_needs_no_secret(tmp_path: Path) -> None:
    """Without a Telegram channel nobody asks for a token."""
    assert load_text(MINIMAL, tmp_path).account("telegram") is None


def test_an_account_section_with_defaults_needs_not_be_written(tmp_path: Path) -> None:
    """A connector whose section is content without settings always has one."""

    class Mild(Own):
        base_url: str = "https://mild.example"

    mild = Connector(name="mild", account_settings=Mild, source=unused)
    (tmp_path / "outcare.yaml").write_text(MINIMAL)
    settings = load(tmp_path / "outcare.yaml", {**CONNECTORS, "mild": mild}, env={})
    assert Mild() == settings.account("mild")


def test_empty_sections_are_as_if_left_empty(tmp_path: Path) -> None:
    """`sources:` without anything listens to nothing; `http:` keeps its defaults."""
    settings = load_text(MINIMAL + "sources:\nhttp:\nlog:\npeople:\nrivals:\n", tmp_path)
    assert ({}, 8080, "info", (), 1) == (
        dict(settings.sources),
        settings.http.port,
        settings.log.level,
        settings.people,
        len(settings.brands),
    )


def test_rules_stand_beside_the_file_unless_absolute(tmp_path: Path) -> None:
    """A checkout and an installed example both find their own rules."""
    assert tmp_path / "more/rules" == load_text(MINIMAL + "rules: more/rules\n", tmp_path).rules
    assert Path("/etc/rules") == load_text(MINIMAL + "rules: /etc/rules\n", tmp_path).rules
    assert Path("here") == load_text(MINIMAL, tmp_path, env={"OUTCARE_RULES": "here"}).rules


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Nobody changes what was loaded."""
    settings = load_text(MINIMAL, tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.aim = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.channels["x"] = Own()  # type: ignore[index]


def test_a_connector_cannot_take_the_name_of_a_setting(tmp_path: Path) -> None:
    """A plug-in called `http` would hide the section."""
    clash = {"http": Connector(name="http", notifier=unused)}
    with pytest.raises(ConfigError, match="the connector 'http' has the name of a setting"):
        load(None, clash, env={})


def test_unknown_keys_are_mistakes_even_where_a_connector_ignores_them(tmp_path: Path) -> None:
    """A model that forgot `extra="forbid"` does not make typos silent; one that asks for more gets it."""

    class Lax(BaseModel):
        known: int = 1

    class Open(BaseModel, extra="allow"):
        pass

    world = {
        "lax": Connector(name="lax", source_settings=Lax, source=unused),
        "open": Connector(name="open", source_settings=Open, source=unused),
    }
    file = tmp_path / "outcare.yaml"
    file.write_text(MINIMAL + "sources: {lax: {knwon: 2}, open: {any: 3}}\n")
    with pytest.raises(ConfigError) as caught:
        load(file, world, env={})
    assert [f"{file}:2:17: unknown key 'knwon' in sources.lax — did you mean 'known'?"] == problems(caught)
    file.write_text(MINIMAL + "sources: {open: {any: 3}}\n")
    assert {"any": 3} == load(file, world, env={}).sources["open"].model_dump()


# --- precedence ---------------------------------------------------------------------------------


def test_the_environment_wins_over_secrets_files_and_these_over_the_file(tmp_path: Path) -> None:
    """Variable > `…_FILE` > secrets directory > YAML."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "outcare_aim").write_text("from the directory\n")
    named = tmp_path / "named"
    named.write_text("from the named file\r\n")
    text = MINIMAL + "aim: from the file\n"
    by_file = {"OUTCARE_AIM_FILE": str(named)}
    by_env = {**by_file, "OUTCARE_AIM": "from the environment"}
    assert "from the file" == load_text(text, tmp_path).aim
    assert "from the directory" == load_text(text, tmp_path, secrets_dir=secrets).aim
    assert "from the named file" == load_text(text, tmp_path, secrets_dir=secrets, env=by_file).aim
    assert "from the environment" == load_text(text, tmp_path, secrets_dir=secrets, env=by_env).aim


@pytest.mark.parametrize("name", ["outcare_telegram__token", "OUTCARE_TELEGRAM__TOKEN"])
def test_a_secret_comes_from_the_secrets_directory(tmp_path: Path, name: str) -> None:
    """One file per name in either case, without the newline; other programs' files are left alone."""
    (tmp_path / name).write_text(TOKEN + "\n")
    (tmp_path / "postgres_password").write_text("not ours")
    settings = load_text(TELEGRAM, tmp_path, secrets_dir=tmp_path)
    assert (TOKEN,) == settings.secrets()


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("OUTCARE_AIM", "be kind", "aim", "be kind"),
        ("OUTCARE_LANGUAGES", "en, de", "languages", ("en", "de")),
        ("OUTCARE_LANGUAGES", "[en, de, en]", "languages", ("en", "de")),
        ("OUTCARE_LANGUAGES", "[]", "languages", ()),
        ("OUTCARE_TIMEZONE", "Asia/Tokyo", "timezone", ZoneInfo("Asia/Tokyo")),
        ("OUTCARE_DATABASE", "/data/o.db", "database", Path("/data/o.db")),
        ("OUTCARE_HEARTBEAT_URL", "https://m.example/x", "heartbeat_url", "https://m.example/x"),
        ("OUTCARE_HEARTBEAT_EVERY", "5m", "heartbeat_every", timedelta(minutes=5)),
        ("OUTCARE_FRESH_FOR", "45m", "fresh_for", timedelta(minutes=45)),
        ("OUTCARE_LOOKUP_BUDGET", "200ms", "lookup_budget", timedelta(milliseconds=200)),
    ],
)
def test_a_variable_sets_its_setting(
    tmp_path: Path, name: str, value: str, attribute: str, expected: object
) -> None:
    """Text is read as the setting needs it."""
    assert expected == getattr(load_text(MINIMAL, tmp_path, env={name: value}), attribute)


def test_variables_reach_into_sections(tmp_path: Path) -> None:
    """`__` separates levels; what is no letter or digit in a name is `_`; case does not matter."""
    env = {
        **SET_TOKEN,
        "OUTCARE_HTTP__HOST": "0.0.0.0",
        "OUTCARE_LOG__LEVEL": "WARNING",
        "OUTCARE_CHANNELS__TELEGRAM_CARE__THREAD": "7",
        "OUTCARE_SOURCES__BLUESKY__HOSTS": "[a, b]",
        "OUTCARE_BRAND__ACCOUNTS__BLUESKY": "acme.example",
        "OUTCARE_telegram__base_url": "http://bots.example",
    }
    settings = load_text(TELEGRAM, tmp_path, env=env)
    assert ("0.0.0.0", "warning") == (settings.http.host, settings.log.level)
    assert {"chat": -100123, "thread": 7} == settings.channels["telegram:care"].model_dump()
    assert ("a", "b") == settings.sources["bluesky"].model_dump()["hosts"]
    assert "acme.example" == settings.brands[0].accounts[0].handle
    account = settings.account("telegram")
    assert account is not None
    assert "http://bots.example" == account.model_dump()["base_url"]


def test_a_whole_section_can_come_from_a_variable_and_be_refined(tmp_path: Path) -> None:
    """`OUTCARE_CHANNELS` names channels that other variables then reach into."""
    env = {
        **SET_TOKEN,
        "OUTCARE_CHANNELS": "{telegram:care: {chat: -5}, console: }",
        "OUTCARE_CHANNELS__TELEGRAM_CARE__CHAT": "-6",
        "OUTCARE_RIVALS": "{globex: {words: [globex]}}",
        "OUTCARE_RIVALS__GLOBEX__WORDS": "globex, globex corp",
        "OUTCARE_PEOPLE": "{anna: {telegram: 1}}",
    }
    settings = load_text(MINIMAL, tmp_path, env=env)
    assert (["telegram:care", "console"], -6) == (
        list(settings.channels),
        settings.channels["telegram:care"].model_dump()["chat"],
    )
    assert ("globex", "globex corp") == settings.brands[1].words
    assert "anna" == settings.people[0].key


def test_port_of_the_platform_is_the_http_port(tmp_path: Path) -> None:
    """PORT beats the file, our own variable beats PORT."""
    text = MINIMAL + "http: {port: 1}\n"
    assert 5000 == load_text(text, tmp_path, env={"PORT": "5000"}).http.port
    assert 6000 == load_text(text, tmp_path, env={"PORT": "5000", "OUTCARE_HTTP__PORT": "6000"}).http.port


def test_empty_variables_and_those_of_others_are_not_set(tmp_path: Path) -> None:
    """A compose file hands on empty variables; HOME and OUTCAREX are none of ours."""
    env = {
        "OUTCARE_AIM": " ",
        "OUTCARE_TELEGRAM__TOKEN_FILE": "",
        "PORT": "",
        "HOME": "/root",
        "OUTCAREX": "1",
    }
    assert "" == load_text(MINIMAL, tmp_path, env=env).aim
