"""Settings: defaults, precedence, secrets, what becomes of what people write."""

from __future__ import annotations

import dataclasses
import traceback
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, SecretStr

from bot.errors import ConfigError
from bot.model import Account, Brand, Person, Role
from bot.ports import Connector
from bot.settings import load
from tests.unit.settings_world import CONNECTORS, MINIMAL, TOKEN, Own, TelegramAccount, load_text, unused

TELEGRAM = MINIMAL + "channels:\n  telegram:care: {chat: -100123}\n"
SET_TOKEN = {"OUTCARE_TELEGRAM__TOKEN": TOKEN}


def problems(error: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def wrong(
    folder: Path, text: str = MINIMAL, *, env: dict[str, str], secrets_dir: Path | None = None
) -> list[str]:
    """What is said of an environment that does not fit."""
    with pytest.raises(ConfigError) as caught:
        load_text(text, folder, env=env, secrets_dir=secrets_dir)
    return problems(caught)


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


# --- what can be wrong with an environment ------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (
            {"OUTCARE_TELEGRAM_TOKEN": TOKEN},
            "OUTCARE_TELEGRAM_TOKEN is not a setting — did you mean 'OUTCARE_TELEGRAM__TOKEN'?",
        ),
        (
            {"OUTCARE_TELEGRAM__TOKN_FILE": "/dev/null/none"},
            "OUTCARE_TELEGRAM__TOKN_FILE: cannot read the file that it names: Not a directory",
        ),
        ({"OUTCARE_DATABSE": "x.db"}, "OUTCARE_DATABSE is not a setting — did you mean 'OUTCARE_DATABASE'?"),
        (
            {"OUTCARE_ZZZZ": "1"},
            "OUTCARE_ZZZZ is not a setting (names that begin with OUTCARE_ are read as settings)",
        ),
        ({"OUTCARE_HTTP__PORT": "eighty"}, "OUTCARE_HTTP__PORT must be a whole number"),
        ({"PORT": "eighty"}, "PORT must be a whole number"),
        (
            {"OUTCARE_LOG__LEVEL": "warn"},
            "OUTCARE_LOG__LEVEL must be debug, info, warning or error — did you mean 'warning'?",
        ),
        (
            {"OUTCARE_HEARTBEAT_EVERY": "abc"},
            "OUTCARE_HEARTBEAT_EVERY must be a duration like 30s, 15m, 4h or 3d",
        ),
        ({"OUTCARE_HTTP": "8080"}, "OUTCARE_HTTP must be a mapping; write it like {key: value}"),
        ({"OUTCARE_HTTP": "{port: [}"}, "OUTCARE_HTTP must be a mapping; write it like {key: value}"),
        ({"OUTCARE_HTTP": "[1]"}, "OUTCARE_HTTP must be a mapping; write it like {key: value}"),
        (
            {"OUTCARE_HTTP": "{prot: 1}"},
            "OUTCARE_HTTP: unknown key; known here: host, port — did you mean 'port'?",
        ),
        (
            {"OUTCARE_BRAND__ACCOUNTS": "{PLANTED: [x]}"},
            "OUTCARE_BRAND__ACCOUNTS: …: no connector has this name; here can stand: bluesky, feeds",
        ),
        (
            {"OUTCARE_CHANNELS": "{webhok:PLANTED: {url: x}}"},
            "OUTCARE_CHANNELS: …: no connector has this name — did you mean 'webhook'?",
        ),
        ({"OUTCARE_CHANNELS": "{webhook:ops: {}}"}, "OUTCARE_CHANNELS: ….url is missing"),
        (
            {"OUTCARE_RIVALS": "{globex: {words: text}}"},
            "OUTCARE_RIVALS: ….words must be a list, not text; put it in [ ]",
        ),
        (
            {"OUTCARE_RIVALS": "{a: {words: [x]}, A: {words: [y]}}"},
            "OUTCARE_RIVALS: … has the same name as OUTCARE_RIVALS: …",
        ),
        ({"OUTCARE_HTTP": "{port: eighty}"}, "OUTCARE_HTTP: port must be a whole number, not text"),
        (
            {"OUTCARE_BRAND__WORDS": "[acme, 2026]"},
            "OUTCARE_BRAND__WORDS: entry 2 must be text, not a number; put it in quotes",
        ),
        (
            {"OUTCARE_LANGUAGES": "en, English"},
            "OUTCARE_LANGUAGES: entry 2 must be a language code like en or pt-BR",
        ),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, env: dict[str, str], expected: str
) -> None:
    """Never its value, never a place in the file."""
    assert [expected] == wrong(tmp_path, env=env)


def test_an_unknown_file_variable_is_suggested_as_one(tmp_path: Path) -> None:
    """The suggestion can be copied as it stands."""
    (tmp_path / "token").write_text(TOKEN)
    env = {"OUTCARE_TELEGRAM__TOKN_FILE": str(tmp_path / "token")}
    assert [
        "OUTCARE_TELEGRAM__TOKN_FILE is not a setting — did you mean 'OUTCARE_TELEGRAM__TOKEN_FILE'?"
    ] == wrong(tmp_path, env=env)


def test_the_environment_adds_no_entries_by_a_path(tmp_path: Path) -> None:
    """A typo in a channel's name does not silently make another channel."""
    env = {**SET_TOKEN, "OUTCARE_CHANNELS__TELEGRAM_CRAE__CHAT": "-1"}
    assert [
        "OUTCARE_CHANNELS__TELEGRAM_CRAE__CHAT is not a setting — did you mean 'OUTCARE_CHANNELS__TELEGRAM_CARE__CHAT'?"
    ] == wrong(tmp_path, TELEGRAM, env=env)


def test_a_variable_that_could_mean_two_channels_is_refused(tmp_path: Path) -> None:
    """Two names that differ in signs only look the same as a variable."""
    text = MINIMAL + "channels:\n  webhook:a-b: {url: x}\n  webhook:a.b: {url: y}\n"
    assert [
        (
            "OUTCARE_CHANNELS__WEBHOOK_A_B__SECRET could mean channels.webhook:a-b.secret or "
            "channels.webhook:a.b.secret: rename one of them"
        )
    ] == wrong(tmp_path, text, env={"OUTCARE_CHANNELS__WEBHOOK_A_B__SECRET": "s"})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        (None, "No such file or directory"),
    ],
)
def test_a_secrets_file_that_cannot_be_used_is_told(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    """By the variable's name; what it names might be the secret itself, pasted into the wrong variable."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    found = wrong(tmp_path, env={"OUTCARE_TELEGRAM__TOKEN_FILE": str(file)})
    assert [f"OUTCARE_TELEGRAM__TOKEN_FILE: cannot read the file that it names: {expected}"] == found


def test_a_secrets_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A folder that is missing, a file in it that is no setting, one that cannot be read."""
    gone = tmp_path / "none"
    assert [f"cannot read the secrets directory {gone}: No such file or directory"] == wrong(
        tmp_path, env={}, secrets_dir=gone
    )
    (tmp_path / "outcare_telegram_token").write_text(TOKEN)
    (tmp_path / "outcare_aim").mkdir()
    assert [
        f"cannot read the secrets file {tmp_path / 'outcare_aim'}: Is a directory",
        f"secrets file {tmp_path / 'outcare_telegram_token'} is not a setting — did you mean 'OUTCARE_TELEGRAM__TOKEN'?",
    ] == wrong(tmp_path, env={}, secrets_dir=tmp_path)


# --- secrets stay secret --------------------------------------------------------------------------


def test_repr_shows_no_secret(tmp_path: Path) -> None:
    """Neither a token, nor a channel's key, nor the address of the outside monitor."""
    text = TELEGRAM + "  webhook:ops: {url: https://hooks.example}\n"
    env = {
        **SET_TOKEN,
        "OUTCARE_CHANNELS__WEBHOOK_OPS__SECRET": "planted-channel-key",
        "OUTCARE_HEARTBEAT_URL": "https://monitor.example/planted-uuid",
    }
    settings = load_text(text, tmp_path, env=env)
    planted = sorted([TOKEN, "planted-channel-key", "https://monitor.example/planted-uuid"])
    assert planted == sorted(settings.secrets())
    shown = repr(settings) + str(settings)
    assert [] == [secret for secret in planted if secret in shown]


@pytest.mark.parametrize("token", ["PLANTED-no-colon-in-it", "abcd"])
def test_a_refused_secret_is_nowhere_in_the_error(tmp_path: Path, token: str) -> None:
    """Also when the connector's own validator quotes it: not in the message, not in the traceback."""
    with pytest.raises(ConfigError) as caught:
        load_text(TELEGRAM, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": token})
    assert ["OUTCARE_TELEGRAM__TOKEN is not accepted"] == problems(caught)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert token not in told
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_what_a_connector_says_without_the_secret_is_passed_on(tmp_path: Path) -> None:
    """A validator's own words help; those of a whole section too."""

    class Picky(Own):
        key: SecretStr

        def model_post_init(self, context: object, /) -> None:
            if len(self.key.get_secret_value()) < 40:
                raise ValueError("a key has 40 letters")

    world = {"picky": Connector(name="picky", account_settings=Picky, source=unused)}
    (tmp_path / "outcare.yaml").write_text(MINIMAL + "picky:\nsources: {picky: {}}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "outcare.yaml", world, env={"OUTCARE_PICKY__KEY": "PLANTED"})
    assert [f"{tmp_path}/outcare.yaml:2:1: picky: a key has 40 letters"] == problems(caught)


def test_a_secret_in_the_file_is_refused_even_if_the_environment_has_it_too(tmp_path: Path) -> None:
    """A file with a secret in it gets copied and committed."""
    text = TELEGRAM + "telegram: {token: planted}\n"
    with pytest.raises(ConfigError) as caught:
        load_text(text, tmp_path)
    assert [
        (
            f"{tmp_path}/outcare.yaml:4:12: telegram.token is a secret and must not stand in a file; "
            "set OUTCARE_TELEGRAM__TOKEN instead"
        )
    ] == problems(caught)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """File and environment, in the order of the file, what has no place last."""
    found = wrong(
        tmp_path,
        "brand: {name: acme, words: acme}\nlanguages: de\n",
        env={"PORT": "x", "OUTCARE_LOG__LEVL": "x"},
    )
    file = tmp_path / "outcare.yaml"
    assert [
        f"{file}:1:28: brand.words must be a list, not text; put it in [ ]",
        f"{file}:2:12: languages must be a list, not text; put it in [ ]",
        "OUTCARE_LOG__LEVL is not a setting — did you mean 'OUTCARE_LOG__LEVEL'?",
        "PORT must be a whole number",
    ] == found
