"""The rule lab: judges before and after, checks and tries an edited set, and never writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.lab import Bench, Sample
from bot.model import Kind, Urgency
from rules import lab as lab_module
from rules.lab import RuleLab
from rules.ruleset import load_rules
from rules.signals.measure import measure

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULES = """\
words:
  refund: [refund*, money back]
  cars: {file: words/cars.txt}
rules:
  refund:
    why: Money is owed
    when: {text: $refund, not: {text: policy}}
    score: 40
    tests:
      fires: ["where is my refund?"]
      quiet: ["what is the refund policy?"]
  big:
    why: Many see it
    when: {text: $refund OR $cars, author: {followers: ">= 5000"}}
    score: 30
  off:
    why: Switched off
    when: {text: nothing}
    enabled: false
"""


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "words").mkdir(parents=True)
    (folder / "care.yaml").write_text(RULES)
    (folder / "words" / "cars.txt").write_text("limousine\n")
    return folder


@pytest.fixture(name="lab")
def _lab(folder: Path) -> RuleLab:
    rules = load_rules(folder, channels={"console"}, brand="acme", measure=measure)
    return RuleLab(rules=lambda: rules, folder=folder, channels=frozenset({"console"}), brand="acme")


def kept(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}


def test_a_text_is_judged_as_if_somebody_said_it_now(lab: RuleLab) -> None:
    """With all that is said of its author; what is not said is unknown."""
    sample = Sample(text="my refund?", kind=Kind.REPLY, platform="x", handle="ann", followers=9000, lang="en")
    facts = lab.facts(sample, NOW)
    assert ("acme", Kind.REPLY, "x", "ann", 9000, "en", NOW) == (
        facts.brand, facts.kind, facts.platform, facts.handle, facts.followers, facts.lang, facts.at,
    )  # fmt: skip
    assert facts.bio is None
    assert {"refund", "big"} == {one.rule for one in lab.look(Bench(facts=facts)).now.fired}


def test_it_says_why_the_others_did_not_fire(lab: RuleLab) -> None:
    """The nearest first: which condition was false, what it asks for, what was so. Nothing was edited."""
    looked = lab.look(Bench(facts=lab.facts(Sample(text="my refund?", followers=10), NOW)))
    (big,) = looked.quiet
    assert ("big", True, 30) == (big.rule, big.is_near, big.points)
    assert [("author.followers", ">= 5000", "10")] == [(one.path, one.asks, one.was) for one in big.because]
    assert (None, None, "", 0) == (looked.after, looked.checked, looked.patch, looked.more)


def test_an_edited_set_is_checked_tried_and_judged(lab: RuleLab, folder: Path) -> None:
    """Before and after stand side by side, with the difference to apply; no file is touched."""
    before = kept(folder)
    edited = RULES.replace("score: 40", "at_least: critical").replace(
        '["where is', '["no such thing", "where is'
    )
    facts = lab.facts(Sample(text="my refund?"), NOW)
    looked = lab.look(Bench(facts=facts, edited={"care.yaml": edited.replace("\n", "\r\n")}))
    assert looked.after is not None
    assert (Urgency.NORMAL, Urgency.CRITICAL) == (looked.now.urgency, looked.after.urgency)
    assert looked.checked is not None
    assert (True, 2, 1) == (looked.checked.is_loadable, looked.checked.passed, len(looked.checked.failed))
    assert looked.checked.failed[0].startswith("care.yaml:10 refund should fire on: no such thing (because")
    assert looked.patch.startswith("--- a/rules/care.yaml\n+++ b/rules/care.yaml\n@@ -")
    assert "+    at_least: critical\n" in looked.patch
    assert kept(folder) == before


def test_mistakes_are_shown_with_a_caret(lab: RuleLab) -> None:
    """As `outcare rules check` shows them; there is no verdict after, and the difference is there all the same."""
    looked = lab.look(
        Bench(
            facts=lab.facts(Sample(text="x"), NOW),
            edited={"care.yaml": RULES.replace("why: Money", "wy: Money")},
        )
    )
    assert looked.checked is not None
    assert not looked.checked.is_loadable
    assert 'did you mean "why"?' in looked.checked.problems
    assert "\n        wy: Money is owed\n        ^" in looked.checked.problems
    assert looked.after is None
    assert "+    wy: Money is owed" in looked.patch


def test_what_is_no_file_of_ours_is_not_looked_at(lab: RuleLab, tmp_path: Path) -> None:
    """Neither edited under another name, nor read through the name of a word list."""
    (tmp_path / "secret.txt").write_text("hush")
    for name in ("../secret.txt", "/etc/passwd", "new.yaml", ""):
        looked = lab.look(Bench(facts=lab.facts(Sample(text="x"), NOW), edited={name: "rules: {}"}))
        assert (None, "") == (looked.checked, looked.patch)
    for name in ("../secret.txt", "words/other.txt"):
        edited = RULES.replace("words/cars.txt", name)
        looked = lab.look(Bench(facts=lab.facts(Sample(text="hush"), NOW), edited={"care.yaml": edited}))
        assert looked.checked is not None
        assert not looked.checked.is_loadable
        assert "hush" not in looked.checked.problems


def test_a_list_of_words_is_edited_too(lab: RuleLab) -> None:
    """It belongs to the set."""
    facts = lab.facts(Sample(text="a hearse", followers=9000), NOW)
    looked = lab.look(Bench(facts=facts, edited={"words/cars.txt": "limousine\nhearse\n"}))
    assert looked.after is not None
    assert ((), ("big",)) == tuple(
        tuple(one.rule for one in verdict.fired) for verdict in (looked.now, looked.after)
    )
    assert "+++ b/rules/words/cars.txt" in looked.patch


def test_files_that_were_edited_meanwhile_are_what_it_starts_from(lab: RuleLab, folder: Path) -> None:
    """The difference is to the disk; where that cannot be read, the set in use is shown."""
    (folder / "care.yaml").write_text(RULES + "# more\n")
    assert lab.files()["care.yaml"].endswith("# more\n")
    (folder / "care.yaml").write_text("a: [")
    assert RULES == lab.files()["care.yaml"]


def test_silenced_rules_count_for_nothing_here_too(lab: RuleLab) -> None:
    """As they would for a mention that comes now."""
    facts = lab.facts(Sample(text="my refund?"), NOW)
    looked = lab.look(Bench(facts=facts, silenced={"refund": NOW + timedelta(hours=1)}))
    assert () == looked.now.fired
    assert ["big"] == [one.rule for one in looked.quiet]


def test_too_much_is_refused(lab: RuleLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set that is too large for a page, and tests that would take minutes."""
    facts = lab.facts(Sample(text="x"), NOW)
    edited = {"care.yaml": RULES + "# x\n"}
    monkeypatch.setattr(lab_module, "MOST_SAID", 1)
    looked = lab.look(Bench(facts=facts, edited=edited))
    assert looked.checked is not None
    assert (0, 2) == (looked.checked.passed, looked.checked.untried)
    monkeypatch.setattr(lab_module, "MOST_BYTES", 100)
    with pytest.raises(ConfigError, match="more than 100 characters"):
        lab.look(Bench(facts=facts, edited=edited))
    monkeypatch.setattr(lab_module, "MOST_QUIET", 1)
    assert 1 == lab.look(Bench(facts=facts)).more
