"""What ops people write about e-mail, and what they are told when it is wrong; answers of servers in our words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import BotError, ConfigError, Reason, Rejected, Unauthorized, Unavailable
from bot.settings.load import Settings, load
from connectors.email import settings as email_settings
from connectors.email.connector import CONNECTOR
from connectors.email.refusals import Step, refusal, told_wait
from connectors.email.settings import AccountSettings, ChannelSettings
from tests.unit.settings_world import MINIMAL, problems

CONNECTORS = {"email": CONNECTOR}
CHANNELS = "channels: {'email:lead': {to: lead@acme.example}}\n"
SECRET = {"OUTCARE_EMAIL__PASSWORD": "planted-secret"}


def loaded(folder: Path, account: str, channels: str = CHANNELS, **env: str) -> Settings:
    file = folder / "outcare.yaml"
    file.write_text(f"{MINIMAL}{channels}email: {account}\n")
    return load(file, CONNECTORS, env=env)


def account(settings: Settings) -> AccountSettings:
    own = settings.account("email")
    assert isinstance(own, AccountSettings)
    return own


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_the_security(tmp_path: Path, security: str, port: int) -> None:
    """Unless it is named."""
    own = account(
        loaded(tmp_path, f"{{server: mx.acme.example, sender: a@acme.example, security: {security}}}")
    )
    assert (port, f"mx.acme.example:{port}") == (own.at, own.place)
    assert 2525 == AccountSettings(server="mx", sender="a@b.example", port=2525).at


def test_a_whole_account(tmp_path: Path) -> None:
    """One address or several, each once; the password comes from outside and is shown nowhere."""
    channels = "channels: {'email:lead': {to: [a@acme.example, b@Bücher.example, a@acme.example]}}\n"
    written = "{server: mx.acme.example, sender: a@acme.example, user: outcare}"
    settings = loaded(tmp_path, written, channels, **SECRET)
    channel = settings.channels["email:lead"]
    assert isinstance(channel, ChannelSettings)
    assert ("a@acme.example", "b@xn--bcher-kva.example") == channel.recipients
    assert ("planted-secret",) == settings.secrets()
    assert "planted-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{server: mx, sender: a@acme.example, user: outcare}", "OUTCARE_EMAIL__PASSWORD is missing"),
        ("{server: 'mx acme', sender: a@acme.example}", "server"),
        ("{server: mx, sender: 'Acme <a@acme.example>'}", "write an address like lead@acme.example"),
        ('{server: mx, sender: "a@acme.example\\nBcc: b@acme.example"}', "write an address like"),
        ("{server: mx, sender: a@acme.example, security: ssl}", "security"),
        ('{server: mx, sender: a@acme.example, name: "A\\nB"}', "name"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, written: str, told: str) -> None:
    """With its place in the file."""
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, written)
    [problem] = problems(error)
    assert told in problem
    assert f"{tmp_path / 'outcare.yaml'}:3:" in problem


def test_a_password_is_not_sent_in_plain_text(tmp_path: Path) -> None:
    """But to this machine it may be."""
    written = "{{server: {}, sender: a@acme.example, user: outcare, security: none}}"
    with pytest.raises(ConfigError, match="would be sent unprotected"):
        loaded(tmp_path, written.format("mx.acme.example"), **SECRET)
    assert "outcare" == account(loaded(tmp_path, written.format("127.0.0.1"), **SECRET)).user
    assert "outcare" == account(loaded(tmp_path, written.format("localhost"), **SECRET)).user


def test_without_the_package_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an extra; where nobody uses e-mail, nobody misses it."""
    monkeypatch.setattr(email_settings, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, "{server: mx, sender: a@acme.example}")
    [problem] = problems(error)
    assert "needs the package aiosmtplib (pip install aiosmtplib)" in problem
    file = tmp_path / "other.yaml"
    file.write_text(MINIMAL)
    assert load(file, CONNECTORS, env={}).account("email") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4.7.1 Greylisted for 300 seconds", 300),
        ("Greylisted, please try again in 5 minutes", 300),
        ("4.7.1 Greylisting in action, please come back in 00:04:59", 299),
        ("4.2.0 wait 60s", 60),
        ("come back in 99:00:00", 3600),
        ("4.2.0 Greylisted, see http://postgrey.example/help", None),
        ("4.4.2 5 messages wait", None),
        ("", None),
    ],
)
def test_the_time_to_wait_stands_in_the_text(text: str, seconds: int | None) -> None:
    """There is no field for it; never longer than an hour."""
    assert told_wait(text) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("code", "step", "kind", "reason"),
    [
        (421, Step.TEXT, Unavailable, Reason.SERVER),
        (354, Step.SENDER, Unavailable, Reason.PROTOCOL),
        (-1, Step.TEXT, Unavailable, Reason.PROTOCOL),
        (504, Step.LOGIN, Unauthorized, Reason.UNAUTHORIZED),
        (551, Step.RECIPIENT, Rejected, Reason.NOT_FOUND),
        (552, Step.SENDER, Rejected, Reason.INVALID),
        (554, Step.TEXT, Rejected, Reason.FORBIDDEN),
        (550, Step.TEXT, Rejected, Reason.INVALID),
    ],
)
def test_codes_have_their_names(code: int, step: Step, kind: type[BotError], reason: Reason) -> None:
    """Beyond those that the contract suite meets; the server's own words are not told."""
    error = refusal(code, "5.7.1 planted", step=step, place="mx:25")
    assert (kind, reason) == (type(error), error.reason)
    assert f"mx:25 answers {code} 5.7.1 {step.value}" == str(error)
