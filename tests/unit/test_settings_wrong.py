"""Settings: what can be wrong with an environment, and that secrets stay secret."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import ConfigError
from bot.ports import Connector
from bot.redaction import Redactor
from bot.settings.load import load
from connectors import webhook
from connectors.bluesky import connector as bluesky
from tests.unit.settings_world import (
    CONNECTORS,
    MINIMAL,
    SET_TOKEN,
    TELEGRAM,
    TOKEN,
    Own,
    load_text,
    problems,
    unused,
)


def wrong(
    folder: Path, text: str = MINIMAL, *, env: dict[str, str], secrets_dir: Path | None = None
) -> list[str]:
    """What is said of an environment that does not fit."""
    with pytest.raises(ConfigError) as caught:
        load_text(text, folder, env=env, secrets_dir=secrets_dir)
    return problems(caught)


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
        ({"OUTCARE_BRAND__WORDS": '["\\x1c"]'}, "OUTCARE_BRAND__WORDS: entry 1 must not be empty"),
        ({"OUTCARE_HTTP": "8080"}, "OUTCARE_HTTP must be a mapping; write it like {key: value}"),
        ({"OUTCARE_HTTP": "{port: [}"}, "OUTCARE_HTTP must be a mapping; write it like {key: value}"),
        ({"OUTCARE_HTTP": "[1]"}, "OUTCARE_HTTP must be a mapping; write it like {key: value}"),
        (
            {"OUTCARE_HTTP": "{prot: 1}"},
            "OUTCARE_HTTP: unknown key; known here: host, port — did you mean 'port'?",
        ),
        (
            {"OUTCARE_BRAND__ACCOUNTS": "{PLANTED: [x]}"},
            "OUTCARE_BRAND__ACCOUNTS: …: no connector has this name; here can stand: bluesky, feeds, telegram",
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


def test_a_secret_in_the_file_is_told_also_when_the_environment_wins(tmp_path: Path) -> None:
    """Somebody's token lies in a file: it must come out of there, used or not."""
    text = TELEGRAM + "telegram: {token: left-here}\n"
    said = "telegram.token is a secret and must not stand in a file; set OUTCARE_TELEGRAM__TOKEN instead"
    expected = [f"{tmp_path / 'outcare.yaml'}:4:12: {said}"]
    assert expected == wrong(tmp_path, text, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "outcare_telegram__token").write_text(TOKEN)
    assert expected == wrong(tmp_path, text, env={}, secrets_dir=tmp_path / "secrets")


def test_whoever_only_reads_the_database_needs_no_secret(tmp_path: Path) -> None:
    """The channel is there, the account that nobody can sign in to is not; a given secret is used."""
    file = tmp_path / "outcare.yaml"
    file.write_text(TELEGRAM)
    settings = load(file, CONNECTORS, env={}, needs_secrets=False)
    assert (["telegram:care"], None) == (list(settings.channels), settings.account("telegram"))
    signed_in = load(file, CONNECTORS, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN}, needs_secrets=False)
    assert (TOKEN,) == signed_in.secrets()


def test_half_an_account_is_told_unless_nobody_signs_in(tmp_path: Path) -> None:
    """A secret that may be left out, but not beside what is there, is missed like any other."""
    connectors = {**CONNECTORS, "bluesky": bluesky.CONNECTOR}
    file = tmp_path / "outcare.yaml"
    file.write_text(
        "brand: {name: acme, words: [acme]}\nsources: {bluesky: {}}\nchannels: {}\n"
        "bluesky: {handle: acme.example}\n"
    )
    with pytest.raises(ConfigError, match=r"bluesky: .*OUTCARE_BLUESKY__APP_PASSWORD is missing"):
        load(file, connectors, env={})
    assert "bluesky" not in load(file, connectors, env={}, needs_secrets=False).accounts
    env = {"OUTCARE_BLUESKY__APP_PASSWORD": "aaaa-bbbb-cccc-dddd"}
    settings = load(file, connectors, env=env)
    assert settings.accounts["bluesky"].signs_in  # type: ignore[attr-defined]
    assert "aaaa-bbbb-cccc-dddd" in settings.secrets()


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


def test_a_url_that_may_hold_a_secret_is_one_for_the_log(tmp_path: Path) -> None:
    """What the webhook's settings keep out of their repr is told to the redaction, though a file may hold it."""
    url = "https://hooks.example/in?token=planted-in-the-query"
    file = tmp_path / "outcare.yaml"
    file.write_text(MINIMAL + f"channels:\n  webhook:crm: {{url: '{url}'}}\n")
    settings = load(file, {**CONNECTORS, "webhook": webhook.CONNECTOR}, env={})
    assert (url,) == settings.secrets()
    line = f"POST {url}: no planted-in-the-query"
    assert "planted" not in Redactor(settings.secrets()).text(line)


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
