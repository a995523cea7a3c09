"""Loading a folder as one set: versions, sources, routes, what cannot be read, how fast it judges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.model import AuthorFacts, Measured, Signal
from bot.wishes import Route
from rules import ruleset as loading
from rules.ruleset import load_rules, parse_rules
from tests.unit.rule_cases import facts, fired, ruleset

EXAMPLES = Path(__file__).parents[2] / "config" / "examples" / "rules"

BASE = """
words: {money: [refund, money back]}
rules:
  a: {why: x, when: {text: $money}, score: 5}
  b: {why: y, when: {kind: dm}}
"""
SAME = """
# a comment
rules:
  b:
    when:
      kind: "dm"
    why:   'y'
  a: {score: 5, why: x, when: {text: "$money"}}
words:
  money:
    - refund
    - money back
"""


def problems_of(sources: dict[str, str], **around: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_rules(sources, **around)  # type: ignore[arg-type]
    return [f"{problem.code} {problem.message}" for problem in caught.value.problems]


def test_comments_formatting_and_order_are_the_same_version() -> None:
    """The version is a hash of what the files mean."""
    assert ruleset(BASE).version == ruleset(SAME).version


def test_files_may_be_split_without_a_new_version() -> None:
    """The same definitions in two files, named in any order, are the same set."""
    one, two = BASE.split("rules:")
    assert (
        ruleset(BASE).version == ruleset(one, f"rules:{two}").version == ruleset(f"rules:{two}", one).version
    )


@pytest.mark.parametrize(
    ("old", "new"), [("score: 5", "score: 6"), ("money back", "cash back"), ("kind: dm", "kind: post")]
)
def test_a_change_of_meaning_is_a_new_version(old: str, new: str) -> None:
    """Points, words and conditions are in the hash."""
    assert ruleset(BASE).version != ruleset(BASE.replace(old, new)).version


def test_the_order_of_personas_is_a_new_version() -> None:
    """They are the one ordered section."""
    one = "personas: {a: {when: {text: a}}, b: {when: {text: b}}}"
    two = "personas: {b: {when: {text: b}}, a: {when: {text: a}}}"
    assert ruleset(one).version != ruleset(two).version


def test_a_folder_is_one_set(tmp_path: Path) -> None:
    """All YAML files of it; hidden ones, folders and other files are not rules."""
    (tmp_path / "words.yml").write_text("\ufeffwords: {money: [refund]}", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text("rules: {a: {why: x, when: {text: $money}}}", encoding="utf-8")
    (tmp_path / ".hidden.yaml").write_text("not: rules", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not rules", encoding="utf-8")
    (tmp_path / "old.yaml").mkdir()
    rules = load_rules(tmp_path)
    assert ({"rules.yaml", "words.yml"}, 1) == (set(rules.sources), rules.count)
    assert ["a"] == fired(rules.judge(facts("refund")))


def test_stored_sources_judge_as_they_did(tmp_path: Path) -> None:
    """A set built from the sources of another gives the same verdicts, places included."""
    (tmp_path / "a.yaml").write_text(BASE, encoding="utf-8")
    loaded = load_rules(tmp_path)
    again = parse_rules(loaded.sources)
    assert loaded.judge(facts("my refund")) == again.judge(facts("my refund"))
    assert "a.yaml:4" == again.judge(facts("my refund")).fired[0].location


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing folder, and files that are not UTF-8, each by name."""
    with pytest.raises(ConfigError, match="there is no folder"):
        load_rules(tmp_path / "nowhere")
    (tmp_path / "a.yaml").write_bytes(b"rules: \xff")
    (tmp_path / "b.yaml").write_bytes(b"\xe9")
    with pytest.raises(ConfigError) as caught:
        load_rules(tmp_path)
    assert ["this is not UTF-8 text (byte 7)", "this is not UTF-8 text (byte 0)"] == [
        problem.message for problem in caught.value.problems
    ]


def test_a_link_to_nowhere_is_said(tmp_path: Path) -> None:
    """A rule file that is not there is never passed over in silence."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_rules(tmp_path)


def test_an_empty_folder_is_a_warning(tmp_path: Path) -> None:
    """Triage without rules is possible, but hardly meant."""
    assert ["W114"] == [problem.code for problem in load_rules(tmp_path).warnings]


def test_broken_yaml_is_said_of_every_file() -> None:
    """And nothing else, for the rest would be guesses."""
    assert 2 == len(problems_of({"a.yaml": "a: [", "b.yaml": "b: {", "c.yaml": "rules: {x: {}}"}))


EVERY = ("en", "en-GB", "de", "de-AT", "pt", "pt-BR", "fr", None)
LISTS = """
words:
  brands: {file: words/brands.txt}
  pay: {en: [refund*], de: {file: words/de.txt}, pt-BR: [reembolso], any: [chargeback, $brands]}
  both: [$pay, late]
rules:
  a: {why: x, when: {text: $both}}
"""


def with_lists(folder: Path, brands: str = "# ours\n\n#acme\nacme cloud\n") -> Path:
    (folder / "words").mkdir(parents=True)
    (folder / "rules.yaml").write_text(LISTS, encoding="utf-8")
    (folder / "words" / "brands.txt").write_text(brands, encoding="utf-8")
    (folder / "words" / "de.txt").write_text("Geld zurück\n/erstatt\\w+/\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "langs"),
    [
        ("I want refunds", {"en", "en-GB"}),
        ("mein Geld  zurück!", {"de", "de-AT"}),
        ("bitte ERSTATTET mir das", {"de", "de-AT"}),
        ("o reembolso", {"pt-BR"}),
        ("a chargeback", set(EVERY)),
        ("in the acme cloud", set(EVERY)),
        ("late", set(EVERY)),
        ("# ours", set()),
    ],
)
def test_a_list_looks_for_its_variant_and_for_any(tmp_path: Path, text: str, langs: set[str | None]) -> None:
    """What stands in a file counts as what stands in the list; a list in a list keeps its languages."""
    rules = load_rules(with_lists(tmp_path / "rules"))
    assert langs == {lang for lang in EVERY if fired(rules.judge(facts(text, lang=lang)))}


def test_a_file_of_words_is_part_of_the_set(tmp_path: Path) -> None:
    """Other words, another version; a comment changes nothing; what is stored judges without the disk."""
    rules = load_rules(with_lists(tmp_path / "a"))
    again = load_rules(with_lists(tmp_path / "b", "#acme\n# said otherwise\nacme cloud"))
    other = load_rules(with_lists(tmp_path / "c", "#acme\nacme clouds\n"))
    assert rules.version == again.version != other.version
    assert {"rules.yaml", "words/brands.txt", "words/de.txt"} == set(rules.sources)
    stored = parse_rules(rules.sources)
    assert rules.version == stored.version
    assert ["a"] == fired(stored.judge(facts("acme cloud")))


def test_a_file_of_words_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Gone, or no UTF-8: one problem, at the place of its name."""
    folder = with_lists(tmp_path / "rules")
    (folder / "words" / "de.txt").write_bytes(b"\xff\xfe")
    (folder / "words" / "brands.txt").unlink()
    with pytest.raises(ConfigError) as caught:
        load_rules(folder)
    assert [(3, "R001"), (4, "R001")] == [
        (problem.location.line, problem.code) for problem in caught.value.problems if problem.location
    ]


def test_what_is_nested_too_deeply_is_refused() -> None:
    """However deep the blocks, the lists or the chain of conditions: an error, never a crash."""
    blocks = "rules: {a: {why: x, when: " + "{not: " * 30 + "{text: a}" + "}" * 32
    assert 'R014 rule "a": when must be at most 12 blocks inside each other, not a mapping' in problems_of(
        {"a.yaml": blocks}
    )
    chain = "".join(f"  c{n}: {{is: c{n + 1}}}\n" for n in range(30)) + "  c30: {text: a}\n"
    assert "more than 20 deep" in problems_of({"a.yaml": f"conditions:\n{chain}"})[0]
    lists = "".join(f"  l{n}: [$l{n + 1}]\n" for n in range(300)) + "  l300: [a]\n"
    assert "more than 20 deep" in problems_of({"a.yaml": f"words:\n{lists}"})[0]
    assert ["R001 lists and mappings stand too deep in each other"] == problems_of(
        {"a.yaml": "[" * 3000 + "]" * 3000}
    )


def test_what_is_nested_reasonably_is_judged() -> None:
    """A dozen blocks and a score of conditions are fine."""
    chain = "".join(f"  c{n}: {{is: c{n + 1}}}\n" for n in range(19)) + "  c19: {text: a}\n"
    when = "{not: " * 10 + "{is: c0}" + "}" * 10
    rules = ruleset(f"conditions:\n{chain}rules:\n  a: {{why: x, when: {when}}}\n")
    assert ["a"] == fired(rules.judge(facts("a")))


def test_channels_are_checked_when_they_are_known() -> None:
    """A route to a channel that is not configured is an error that suggests the near one."""
    sources = {"a.yaml": 'routes: {default: {to: "telegram:car"}}'}
    assert 'unknown channel "telegram:car"' in problems_of(sources, channels={"telegram:care"})[0]
    assert "telegram:car" == parse_rules(sources).route("default").to


def test_the_brand_must_be_ours() -> None:
    """`brand:` in a rule file is checked against the settings."""
    sources = {"a.yaml": "brand: globex"}
    assert ['R013 unknown brand "globex"'] == problems_of(sources, brand="acme")[:1]
    assert 0 == parse_rules(sources).count


def test_routes_have_channels_and_fallbacks() -> None:
    """A route that a stored verdict names but the set no longer has is the default."""
    rules = ruleset(
        'routes: {default: {to: "telegram:care", fallback: console}, billing: {to: "telegram:b"}}'
    )
    assert Route(name="billing", to="telegram:b") == rules.route("billing")
    assert Route(name="default", to="telegram:care", fallback="console") == rules.route("gone")


def test_measuring_is_given_from_outside() -> None:
    """The set hands on what it was given; by itself it knows only the declared language."""

    def measure(text: str, langs: tuple[str, ...], author: AuthorFacts | None = None) -> Measured:
        return "xx", {"complaint": Signal(value=len(text) / 10)}

    given = parse_rules({"a.yaml": BASE}, measure=measure)
    assert ("xx", {"complaint": Signal(value=0.2)}) == given.measure("no", ("en",))
    assert ("en", {}) == ruleset(BASE).measure("no", ("en", "de"))
    assert (None, {}) == ruleset(BASE).measure("no", ())


def test_the_starter_set_loads_clean() -> None:
    """Without an error or a warning, with the console as the only channel."""
    rules = load_rules(EXAMPLES, channels={"console"})
    assert ((), 13) == (rules.warnings, rules.count)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@acme STILL waiting for my refund", {"refund", "refund-overdue"}),
        ("what is the refund policy? waiting to buy", {"refund"}),
        ("my @acme charger caught fire last night", {"safety"}),
        ("this new mixtape is on fire", set()),
        ("is @acme down?", {"outage"}),
        ("I’m fed up, switching to globex", {"churn-risk"}),
        ("thanks @acme, love it", {"praise"}),
        ("We're hiring an engineer", {"hiring-noise"}),
        ("the app keeps freezing", {"broken"}),
        ("acme was hacked", {"privacy"}),
    ],
)
def test_the_starter_set_fires_as_meant(text: str, expected: set[str]) -> None:
    """Its rules fire on such sentences and no others do."""
    assert expected == set(fired(load_rules(EXAMPLES).judge(facts(text))))


def test_the_version_is_that_of_the_whole_as_json() -> None:
    """Hashed a rule at a time it is what it always was: stored verdicts name it."""
    merged: dict[str, object] = {
        "b": {"z": [1, "é"], "a": {"y": 1, "x": None}},
        "a": "text",
        "c": [["p", 1]],
        "d": {},
    }
    empty: dict[str, object] = {}
    for one in (merged, empty, empty | {"rules": {}}):
        assert json.dumps(one, sort_keys=True, ensure_ascii=True) == "".join(loading._canonical(one))
