"""Prepared words that invite direct messages are warned of where nobody of ours would read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import rulebook
from bot.cli import setup
from bot.cli.check import check_all
from bot.settings.inviting import deaf
from bot.settings.load import Settings, load

SECRETS = {
    "OUTCARE_X__CONSUMER_KEY": "a",
    "OUTCARE_X__CONSUMER_SECRET": "b",
    "OUTCARE_X__ACCESS_TOKEN": "c",
    "OUTCARE_X__ACCESS_TOKEN_SECRET": "d",
    "OUTCARE_MASTODON__TOKEN": "e",
}
RULES = """
rules:
  late: {why: Late, when: {text: refund}, score: 20, draft: private}
  toot: {why: Late, when: {text: toot, platform: mastodon}, score: 20, draft: toot}
drafts:
  private: Please DM us your order number.
  toot: Please DM us, {author.name}.
"""
ANSWERS = """
answers:
  order: {questions: [Where is my order?], lang: en, answer: Please DM us your number.}
  there: {questions: [And on Mastodon?], lang: en, answer: Please DM us your number., platforms: [mastodon]}
  mail: {questions: [Is there a mail?], lang: en, answer: Write to care@acme.example.}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "answers.yaml").write_text(ANSWERS)
    path = tmp_path / "outcare.yaml"
    path.write_text(
        "brand: {name: acme, words: [acme]}\n"
        "x: {handle: acme}\n"
        "mastodon: {server: https://social.example, handle: acme}\n"
        "acknowledge:\n  platforms: [x, mastodon]\n  rules:\n"
        "    late: Seen! Send us a direct message if it burns.\n    toot: Seen!\n"
    )
    return path


def loaded(config: Path) -> Settings:
    return load(config, setup.connectors(), env=SECRETS)


def test_where_nobody_reads_is_known(config: Path) -> None:
    """An account that answers and reads no direct messages; what is not configured is not deaf."""
    settings = loaded(config)
    assert settings.deaf == {"x"}
    assert deaf({"console": settings.accounts["x"]}, setup.connectors()) == frozenset()


def test_drafts_are_warned_of(config: Path) -> None:
    """The rules of a configuration, with its accounts."""
    told = [one.message for one in rulebook.examined(loaded(config)).problems if one.code == "W116"]
    assert told == ['draft "private" invites direct messages ("dm us"), and we read none on x']


def test_answers_and_acknowledgements_too(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By `outcare check`, at their places; warnings are no errors."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert check_all(config, as_json=False) == 0
    told = capsys.readouterr()
    lines = [line for line in (told.out + told.err).splitlines() if "W116" in line]
    assert [line.partition("W116 ")[2].partition(" invites")[0] for line in lines] == [
        "answer 'order'",
        "the acknowledgement of the rule 'late'",
        'draft "private"',
    ]
    assert all(".yaml:" in line for line in lines)
