"""Strict YAML with a place for every node."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import yamlfile
from bot.errors import ConfigError, Location
from bot.yamlfile import Node

FILE = Path("x.yaml")


def load(text: str) -> object:
    return yamlfile.load(text, FILE).plain()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: no", {"a": "no"}),
        ("a: [yes, on, off, y]", {"a": ["yes", "on", "off", "y"]}),
        ("a: true", {"a": True}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 010", {"a": "010"}),
        ("a: 0x1f", {"a": "0x1f"}),
        ("a: -5", {"a": -5}),
        ("a: 1.5", {"a": 1.5}),
        ('a: "5"', {"a": "5"}),
        ("a:", {"a": None}),
        ("a: 2026-11-21", {"a": "2026-11-21"}),
        ("", {}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
    ],
)
def test_only_what_yaml_1_2_knows_is_more_than_text(text: str, expected: object) -> None:
    """Norwegian stays Norwegian, times and octals stay text."""
    assert expected == load(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", "x.yaml:3:1: R002 the key 'a' stands here twice (first in line 1, column 1)"),
        ("a: [1", "x.yaml:2:1: R001 "),
        ("a:\n\tb: 1", "x.yaml:2:1: R001 a tab stands where YAML wants spaces"),
        ("b: {<<: 1}", "x.yaml:1:5: R001 merge keys (<<) are not supported; write the keys out"),
        ("[1]: 2", "x.yaml:1:1: R001 a key must be plain text"),
        ("a: &x [*x]", "x.yaml:1:4: R001 an anchor contains itself"),
        ("a: \x01", "x.yaml:1:"),
        ("a: b: c", "x.yaml:1:5: R001 a second ': ' in one line: put the text in quotation marks"),
        ("a: *b", "x.yaml:1:4: R001 a leading * means something else in YAML: put the text in quotation"),
        ("a: @b", "x.yaml:1:4: R001 YAML keeps this character for itself: put the text in quotation marks"),
        ("a:\n  b:\n    c: 1\n   d: 2", "x.yaml:4:4: R001 the indentation does not fit"),
        ("a: [1, 2\nb: 1", "x.yaml:2:2: R001 a [ is not closed, or a comma is missing"),
        ("a: {b: 1]", "x.yaml:1:9: R001 a { is not closed, or a comma is missing"),
    ],
)
def test_mistakes_have_a_place(text: str, expected: str) -> None:
    """Each mistake is told with file, line and column."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert str(caught.value).startswith(expected)


def test_all_mistakes_at_once() -> None:
    """Two duplicate keys are two problems."""
    with pytest.raises(ConfigError) as caught:
        load("a: 1\na: 2\nb: 1\nb: 2")
    assert [(p.location.line, p.location.column) for p in caught.value.problems if p.location] == [
        (2, 1),
        (4, 1),
    ]


def test_unreadable_files_are_told_in_a_line(tmp_path: Path) -> None:
    """A missing file and one that is not UTF-8 are the user's to mend: no traceback."""
    with pytest.raises(ConfigError, match="cannot read"):
        yamlfile.read(tmp_path / "no.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        yamlfile.read(bad)


@given(st.text())
def test_any_text_loads_or_is_a_config_error(text: str) -> None:
    """No input makes a traceback."""
    problems: tuple[object, ...] = ("none",)
    try:
        load(text)
    except ConfigError as error:
        problems = error.problems
    assert problems


def test_closest_suggests_what_was_meant() -> None:
    """One letter off is found, something else is not."""
    assert yamlfile.closest("conditons", ["conditions", "rules"]) == "conditions"
    assert yamlfile.closest("zzz", ["conditions", "rules"]) is None


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{a: " * 5_000, "- " * 50_000, "? " * 50_000])
def test_a_bottomless_file_is_a_mistake_not_a_crash(text: str) -> None:
    """libyaml recurses in C: without a limit such a file ends the process."""
    with pytest.raises(ConfigError, match="too deep in each other"):
        load(text)


def test_brackets_in_text_do_not_count_as_depth() -> None:
    """Only what stands open at once is depth."""
    assert ["[x]"] * 500 == load("[" + "'[x]', " * 500 + "]")


def test_anchors_of_anchors_end() -> None:
    """A few lines of anchors may mean a billion nodes; they are not written out."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="too large"):
        load("\n".join(lines))


def test_a_row_of_digits_beyond_all_numbers_is_text() -> None:
    """Python refuses to read very long integers; nobody means one."""
    assert {"a": "9" * 5_000} == load("a: " + "9" * 5_000)


class Witness:
    """A value that tells how many trees were left when it was freed."""

    def __init__(self, trees: list[Node], seen: list[int]) -> None:
        self.trees, self.seen = trees, seen

    def __del__(self) -> None:
        self.seen.append(len(self.trees))


def test_trees_are_freed_one_node_after_the_other() -> None:
    """Nothing waits for the end of the whole: each value goes while others are still there."""
    trees: list[Node] = []
    seen: list[int] = []
    here = Location(Path("a.yaml"), 1, 1)
    leaves = [Node(Witness(trees, seen), here, {}) for _ in range(3)]
    trees.append(Node({"a": Node([*leaves], here, {}), "b": Node(None, here, {})}, here, {}))
    del leaves
    yamlfile.let_go(trees)
    assert ([1, 0, 0], []) == (seen, trees)  # the last one is in hand until the next
