"""Which rules a daemon begins with, and what the database remembers of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import rulebook
from bot.bulletin import Part
from bot.cli import setup
from bot.errors import ConfigError
from bot.ruleslog import RulesState
from bot.settings.load import Settings, load
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s

GOOD = """
rules:
  late: {why: Late, when: {text: late}, score: 30, route: desk}
routes:
  desk: {to: "console"}
"""
GONE = GOOD.replace('"console"', '"telegram:desk", fallback: "console"')
FAILING = GOOD.replace("score: 30", "score: 31, tests: {fires: [nothing of that]}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "outcare.yaml").write_text("brand: {name: acme, words: [acme]}\n")
    (tmp_path / "rules").mkdir()
    found = load(tmp_path / "outcare.yaml", setup.connectors(), env={}, needs_secrets=False)
    return replace(found, rules=tmp_path / "rules")


def write(settings: Settings, text: str) -> None:
    (settings.rules / "rules.yaml").write_text(text)


async def ran(store: SqliteStore, version: str, text: str) -> None:
    """This set ran last."""
    await store.save_rules(version, "e", {"rules.yaml": text}, now=s.at(0))
    await store.save_rules_state(version, (), now=s.at(0))


async def first(settings: Settings, store: SqliteStore) -> rulebook.Beginning:
    return await (await rulebook.found(settings)).or_last_good(settings, store)


async def test_good_files_need_no_database(settings: Settings, tmp_path: Path) -> None:
    """They are used, whatever ran before."""
    write(settings, GOOD)
    async with s.opened(tmp_path / "x.db") as store:
        await ran(store, "old", GONE)
        begun = await first(settings, store)
    assert (begun.rules.count, begun.held_back) == (1, None)


async def test_the_last_that_ran_is_used(settings: Settings, tmp_path: Path) -> None:
    """With the version and sources it had; a channel that is gone since is its fallback."""
    async with s.opened(tmp_path / "x.db") as store:
        await ran(store, "old", GONE)
        write(settings, "rules: [")
        begun = await first(settings, store)
    assert begun.held_back is not None
    assert begun.held_back.part is Part.RULES
    assert begun.rules.sources == {"rules.yaml": GONE}
    assert begun.rules.route("desk").to == "console"


@pytest.mark.parametrize("kept", [None, "rules: {late: {whyy: x}}"], ids=["none", "unreadable"])
async def test_without_any_the_mistakes_are_told(
    settings: Settings, tmp_path: Path, kept: str | None
) -> None:
    """Also where this program cannot read the set that ran."""
    write(settings, "rules: [")
    async with s.opened(tmp_path / "x.db") as store:
        if kept:
            await ran(store, "old", kept)
        with pytest.raises(ConfigError, match="R001"):
            await first(settings, store)


@pytest.mark.parametrize("before", ["nothing", "others", "unreadable", "the same"])
async def test_tests_that_fail(settings: Settings, tmp_path: Path, before: str) -> None:
    """Others that ran are preferred; without them a set runs with a test that fails rather than none."""
    write(settings, FAILING)
    version = rulebook.load_ruleset(settings).version
    async with s.opened(tmp_path / "x.db") as store:
        if before != "nothing":
            text = {"others": GOOD, "unreadable": "rules: [", "the same": FAILING}[before]
            await ran(store, version if before == "the same" else "old", text)
        begun = await first(settings, store)
    assert begun.held_back is not None
    assert begun.held_back.part is (Part.RULES if before == "others" else Part.TESTS)
    assert (begun.rules.version == version) is (before != "others")


@pytest.mark.parametrize("by_variable", [False, True])
async def test_a_rule_to_be_acknowledged_must_be_there(
    settings: Settings, tmp_path: Path, *, by_variable: bool
) -> None:
    """Told where it is named, with the one that was meant; what ran last runs on."""
    write(settings, GOOD)
    env = {"OUTCARE_ACKNOWLEDGE__RULES": "{latte: We are on it}"} if by_variable else {}
    words = "" if by_variable else "acknowledge:\n  rules: {late: Yes, latte: We are on it}\n"
    file = tmp_path / "outcare.yaml"
    file.write_text(f"brand: {{name: acme, words: [acme]}}\n{words}")
    wrong = replace(load(file, setup.connectors(), env=env, needs_secrets=False), rules=settings.rules)
    named = "OUTCARE_ACKNOWLEDGE__RULES names a rule" if by_variable else "acknowledge names the rule 'latte'"
    where = "" if by_variable else f"{file}:3:22: "
    with pytest.raises(ConfigError) as caught:
        rulebook.load_ruleset(wrong)
    assert f"{where}{named}; there is no such one — did you mean 'late'?" == str(caught.value)
    async with s.opened(tmp_path / "x.db") as store:
        await ran(store, "old", GONE)
        begun = await first(wrong, store)
    assert (begun.rules.sources, begun.held_back is None) == ({"rules.yaml": GONE}, False)


async def test_a_bug_in_reading_is_a_mistake(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would come again with every start; what it says may hold anything, and is only logged."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("a secret")

    write(settings, GOOD)
    async with s.opened(tmp_path / "x.db") as store:
        await ran(store, "old", GOOD)
        monkeypatch.setattr(rulebook, "examine_rules", broken)
        begun = await first(settings, store)
    assert begun.held_back is not None
    assert begun.rules.count == 1


async def test_what_runs_is_noted_when_it_is_news(tmp_path: Path) -> None:
    """The same again changes nothing; trouble and its end do not change since when a version runs."""
    path = tmp_path / "x.db"
    async with s.opened(path) as store:
        assert await store.rules_state() is None
        for version in ("r1", "r2"):
            await store.save_rules(version, "e", {}, now=s.at(0))
        for minute, version, problems in (
            (1, "r1", ()),
            (2, "r1", ()),
            (3, "r1", ("a", "b")),
            (4, "r1", ("a", "b")),
        ):
            await store.save_rules_state(version, problems, now=s.at(minute))
        state = RulesState(version="r1", since=s.at(1), read_at=s.at(3), problems=("a", "b"))
        assert state == await store.rules_state() == (await store.status(now=s.at(9))).rules
        await store.save_rules_state("r1", (), now=s.at(5))
        await store.save_rules_state("r2", (), now=s.at(6))
        assert RulesState(version="r2", since=s.at(6), read_at=s.at(6)) == await store.rules_state()
        assert (await store.rules_source("r2"), await store.rules_source("r3")) == ({}, None)
    assert s.rows(path, "SELECT count(*) FROM reloads") == [(4,)]


def test_the_files_of_a_daemon(settings: Settings) -> None:
    """The configuration, the rules, lists that they name, customers, there or not; nothing else of the folder."""
    write(settings, "words: {late: {file: late.txt}, soon: {en: {file: soon.txt}}}\n" + GOOD)
    (settings.rules / "broken.yaml").write_text("words: {file: [")
    (settings.rules / "notes.txt").write_text("")
    files = rulebook.ConfigFiles(Path("outcare.yaml"), settings.rules, (Path("customers.csv"),))
    names = [path.name for path in files.paths()]
    assert names == ["outcare.yaml", "customers.csv", "broken.yaml", "rules.yaml", "late.txt", "soon.txt"]
    write(settings, GOOD)
    (settings.rules / "broken.yaml").unlink()
    assert files.rules(settings).count == 1
    assert [path.name for path in files.paths()] == ["outcare.yaml", "customers.csv", "rules.yaml"]
