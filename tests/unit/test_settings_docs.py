"""The configuration page and the example file say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.settings.load import Settings, load
from bot.settings.shape import File, file_model, spots
from bot.settings.sources import Given
from connectors import apprise, ntfy, pagerduty
from connectors.bluesky import connector as bluesky
from connectors.email import connector as email
from connectors.feeds import connector as feeds
from connectors.hackernews import connector as hackernews
from connectors.mastodon import connector as mastodon
from connectors.slack import connector as slack
from connectors.x import connector as x
from tests.unit.settings_world import CONNECTORS, MINIMAL, TOKEN, load_text

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "config" / "examples" / "outcare.yaml"
OURS = spots(file_model({}, []), Given({"people": Given({})}))
"""Every setting that is there without any connector, by its variable."""

CUSTOMERS = ROOT / "tests" / "samples" / "customers.csv"
ANSWERS = ROOT / "config" / "examples" / "answers.yaml"
SAMPLES = {
    "OUTCARE_AIM": "be kind",
    "OUTCARE_BRAND": "{name: initech, words: [initech]}",
    "OUTCARE_BRAND__NAME": "initech",
    "OUTCARE_BRAND__WORDS": "initech, lumbergh",
    "OUTCARE_BRAND__ACCOUNTS": "{bluesky: [initech.example]}",
    "OUTCARE_RIVALS": "{globex: {words: [globex]}}",
    "OUTCARE_SOURCES": "{}",
    "OUTCARE_CHANNELS": "{}",
    "OUTCARE_PEOPLE": "{anna: {role: ops, webhook: anna}}",
    "OUTCARE_LANGUAGE": "es",
    "OUTCARE_LANGUAGES": "en, de",
    "OUTCARE_TIMEZONE": "Asia/Tokyo",
    "OUTCARE_HOURS": "{office: {open: {mon-fri: 09:00-17:00}}}",
    "OUTCARE_FRESH_FOR": "2h",
    "OUTCARE_DATABASE": "other.db",
    "OUTCARE_RULES": "other/rules",
    "OUTCARE_CUSTOMERS": str(CUSTOMERS),
    "OUTCARE_ANSWERS": str(ANSWERS),
    "OUTCARE_VOICE": "{bluesky: {tone: terse}}",
    "OUTCARE_VOICE__DEFAULT": "{tone: terse}",
    "OUTCARE_VOICE__DEFAULT__TONE": "terse",
    "OUTCARE_VOICE__DEFAULT__EMOJI": "none",
    "OUTCARE_VOICE__DEFAULT__SIGNATURE": "— Anna",
    "OUTCARE_DRAFTS": "{links: [acme.example]}",
    "OUTCARE_DRAFTS__MODEL": "{name: small-1}",
    "OUTCARE_DRAFTS__MODEL__URL": "https://models.example/v1",
    "OUTCARE_DRAFTS__MODEL__NAME": "small-1",
    "OUTCARE_DRAFTS__MODEL__KEY": "planted-secret",
    "OUTCARE_DRAFTS__MODEL__TIMEOUT": "20s",
    "OUTCARE_DRAFTS__MODEL__LANGUAGES": "en, de",
    "OUTCARE_DRAFTS__LINKS": "acme.example",
    "OUTCARE_DRAFTS__PROMISES": "refund*",
    "OUTCARE_DRAFTS__AI_REPLY": "{bluesky: forbidden}",
    "OUTCARE_ON_CALL": "{care: {people: [anna], starts: 2026-11-23}}",
    "OUTCARE_QUIET_HOURS": "{night: {hours: {mon-sun: 22:00-07:00}}}",
    "OUTCARE_DIGESTS": '{praise: {at: "09:00"}}',
    "OUTCARE_BUDGETS": "{care: {alerts: 20, per: 8h}}",
    "OUTCARE_ESCALATION": "{high: []}",
    "OUTCARE_ESCALATION__LOW": "[{after: 50%, ask: lead}]",
    "OUTCARE_ESCALATION__NORMAL": "[]",
    "OUTCARE_ESCALATION__HIGH": "[{after: 0%, ask: on_call}]",
    "OUTCARE_ESCALATION__CRITICAL": "[{after: 300%, ask: next}]",
    "OUTCARE_ESCALATION__CLAIMED": "{remind: off}",
    "OUTCARE_ESCALATION__CLAIMED__REMIND": "50%",
    "OUTCARE_ESCALATION__CLAIMED__RETURN": "off",
    "OUTCARE_ESCALATION__ROUTES": "{care: {high: []}}",
    "OUTCARE_ESCALATION__PERSONAS": "{press: {high: []}}",
    "OUTCARE_INCIDENTS": "{at_least: 40}",
    "OUTCARE_INCIDENTS__AT_LEAST": "40",
    "OUTCARE_INCIDENTS__WITHIN": "10m",
    "OUTCARE_INCIDENTS__AUTHORS": "9",
    "OUTCARE_INCIDENTS__ENDS_AFTER": "1h",
    "OUTCARE_INCIDENTS__ROUTES": "care",
    "OUTCARE_INCIDENTS__OFF": "true",
    "OUTCARE_REPLIES": "{hold: 20s}",
    "OUTCARE_REPLIES__HOLD": "20s",
    "OUTCARE_REPLIES__EXPIRES": "30m",
    "OUTCARE_ACKNOWLEDGE": "{platforms: [telegram]}",
    "OUTCARE_ACKNOWLEDGE__PLATFORMS": "telegram",
    "OUTCARE_ACKNOWLEDGE__RULES": "{outage: We are on it}",
    "OUTCARE_ACKNOWLEDGE__PER_DAY": "2",
    "OUTCARE_ACKNOWLEDGE__LABEL": "[robot]",
    "OUTCARE_HTTP": "{port: 9000}",
    "OUTCARE_HTTP__HOST": "0.0.0.0",
    "OUTCARE_HTTP__PORT": "9000",
    "OUTCARE_WEB": "{url: https://outcare.acme.example}",
    "OUTCARE_WEB__URL": "https://outcare.acme.example",
    "OUTCARE_WEB__PASSWORD": "correct horse battery",
    "OUTCARE_HEARTBEAT_URL": "https://monitor.example/x",
    "OUTCARE_HEARTBEAT_EVERY": "5m",
    "OUTCARE_LOOKUP_BUDGET": "2s",
    "OUTCARE_LOG": "{level: debug}",
    "OUTCARE_LOG__LEVEL": "debug",
    "OUTCARE_LOG__FORMAT": "json",
}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_stands_in_the_table(name: str) -> None:
    """One row with its key and its variable."""
    key = ".".join(OURS[name][0].path)
    assert f"\n| `{key}` | `{name}` |" in PAGE


def test_the_table_names_no_setting_that_is_not_there() -> None:
    """A removed key leaves no row behind."""
    rows = set(re.findall(r"^\| `[^`]+` \| `(OUTCARE_[A-Z_]+)`", PAGE, re.MULTILINE))
    assert set(OURS) == rows


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_works(tmp_path: Path, name: str) -> None:
    """Setting it changes what is loaded, compared with the same file without it."""
    others = {"OUTCARE_PEOPLE": SAMPLES["OUTCARE_PEOPLE"]} if name == "OUTCARE_ON_CALL" else {}
    assert _comparable(load_text(MINIMAL, tmp_path, env=others)) != _comparable(
        load_text(MINIMAL, tmp_path, env={**others, name: SAMPLES[name]})
    )


def _comparable(settings: Settings) -> str:
    return f"{settings!r} {settings.heartbeat_url}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "lead"),
        ("role", "lead"),
        ("language", "es"),
        ("pager", "console"),
        ("telegram", "7"),
        ("morning", "08:30"),
    ],
)
def test_a_person_is_changed_by_variables(tmp_path: Path, key: str, value: str) -> None:
    """The rows with a person's key in them."""
    text = MINIMAL + "people: {anna: {telegram: 1}}\n"
    changed = {f"OUTCARE_PEOPLE__ANNA__{key.upper()}": value}
    before, after = load_text(text, tmp_path), load_text(text, tmp_path, env=changed)
    assert (before.people, before.on_call) != (after.people, after.on_call)
    assert f"OUTCARE_PEOPLE__<KEY>__{'<KIND>' if key == 'telegram' else key.upper()}" in PAGE


def test_defaults_in_the_table_are_the_defaults(tmp_path: Path) -> None:
    """The third column, where it names a value."""
    rows = re.findall(r"^\| `([a-z_.]+)` \| `[^`]+` \| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert len(rows) > 8
    text = MINIMAL
    tree = yaml.safe_load(MINIMAL)
    for key, default in rows:
        *sections, inner = key.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[inner] = yaml.safe_load(default)
    assert load_text(text, tmp_path) == load_text(yaml.safe_dump(tree), tmp_path)


def test_the_example_loads_without_any_secret() -> None:
    """`make run` starts with it as it is; its rules stand beside it."""
    settings = load(EXAMPLE, CONNECTORS, env={})
    assert (["bluesky"], ["console"]) == (list(settings.sources), list(settings.channels))
    assert EXAMPLE.parent / "rules" == settings.rules
    assert ["acme", "globex"] == [brand.name for brand in settings.brands]


def test_the_example_shows_every_key() -> None:
    """In use, or as a comment to be taken away."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert [] == [key for key in File.model_fields if not re.search(rf"^(# )?{key}:", text, re.MULTILINE)]


def test_the_example_loads_with_its_comments_taken_away(tmp_path: Path) -> None:
    """What it suggests is right, too."""
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = re.sub(r"^( *)# ( *(?:[\w:]+:( .*)?))$", r"\1\2", text, flags=re.MULTILINE)
    file = tmp_path / "outcare.yaml"
    file.write_text(shown, encoding="utf-8")
    (tmp_path / "customers.csv").write_bytes(CUSTOMERS.read_bytes())
    (tmp_path / "answers.yaml").write_bytes(ANSWERS.read_bytes())
    ours = {
        "apprise": apprise,
        "bluesky": bluesky,
        "email": email,
        "hackernews": hackernews,
        "mastodon": mastodon,
        "ntfy": ntfy,
        "pagerduty": pagerduty,
        "rss": feeds,
        "slack": slack,
        "x": x,
    }
    connectors = {**CONNECTORS, **{name: module.CONNECTOR for name, module in ours.items()}}
    env = {"OUTCARE_TELEGRAM__TOKEN": TOKEN, "OUTCARE_BLUESKY__APP_PASSWORD": "aaaa-bbbb-cccc-dddd"}
    secrets = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
    env |= {f"OUTCARE_X__{name}": "a-secret-of-acme" for name in secrets}
    env |= {"OUTCARE_MASTODON__TOKEN": "a-token-of-acme", "OUTCARE_EMAIL__PASSWORD": "a-password-of-acme"}
    env |= {"OUTCARE_SLACK__BOT_TOKEN": "xoxb-acme", "OUTCARE_SLACK__APP_TOKEN": "xapp-acme"}
    env |= {"OUTCARE_CHANNELS__PAGERDUTY_ANNA__ROUTING_KEY": "0123456789abcdef" * 2}
    env |= {"OUTCARE_CHANNELS__APPRISE_LEAD__URL": "json://hook.acme.example/a-secret"}
    settings = load(file, connectors, env=env)
    assert ["bluesky", "hackernews", "mastodon", "rss", "x"] == list(settings.sources)
    channels = ["console", "telegram:care", "slack:care", "email:lead", "webhook:desk"]
    channels += ["ntfy:anna", "pagerduty:anna", "apprise:lead"]
    assert channels == list(settings.channels)
    assert ["acme.example", "globex.example"] == [brand.accounts[0].handle for brand in settings.brands]
    assert "anna" == settings.people[0].key
    assert settings.heartbeat_url is not None


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_the_pages_files_load(tmp_path: Path, block: str) -> None:
    """Nobody copies a mistake from the documentation."""
    (tmp_path / "customers.csv").write_bytes(CUSTOMERS.read_bytes())
    (tmp_path / "answers.yaml").write_bytes(ANSWERS.read_bytes())
    settings = load_text(block, tmp_path, env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})
    assert "acme" == settings.brands[0].name
