"""How mistakes are shown."""

from __future__ import annotations

from pathlib import Path

from bot.errors import Location, Problem
from bot.problems import count, in_order, render, render_all, with_source

HERE = Location(Path("a.yaml"), 2, 5)


def test_a_mistake_points_at_its_place() -> None:
    """Place, code, message, suggestion; then the line itself and a caret under the column."""
    problem = Problem(
        message='unknown key "scor"',
        location=HERE,
        code="R010",
        suggestion="score",
        source_line="    scor: 1",
    )
    expected = 'a.yaml:2:5: R010 unknown key "scor" — did you mean "score"?\n        scor: 1\n        ^'
    assert expected == render(problem)


def test_only_what_is_known_is_shown() -> None:
    """Without a place, a code or a line there is just the message."""
    assert "no rules" == render(Problem(message="no rules"))
    assert "a.yaml:2:5: wrong" == render(Problem(message="wrong", location=HERE, source_line="   "))


def test_the_caret_stands_right_below_wide_characters_and_tabs() -> None:
    """Ideographs are two columns wide, marks none, tabs stay tabs."""
    problem = Problem(message="x", location=Location(Path("a"), 1, 5), source_line="\t東e\u0301x")
    assert "    \t   ^" == render(problem).splitlines()[2]


def test_all_of_them_in_order_with_a_count() -> None:
    """By file, line and column; the ones without a place first; warnings counted apart."""
    late = Problem(message="late", location=Location(Path("b"), 10, 1))
    early = Problem(message="early", location=Location(Path("b"), 9, 1), is_warning=True)
    other = Problem(message="other", location=Location(Path("a"), 99, 1))
    nowhere = Problem(message="nowhere")
    assert [nowhere, other, early, late] == in_order([late, early, other, nowhere])
    assert "nowhere\na:99:1: other\nb:9:1: early\nb:10:1: late\n3 errors, 1 warning" == render_all(
        [late, early, other, nowhere]
    )


def test_counts() -> None:
    """Singular, plural, and nothing at all."""
    assert "no problems" == count([])
    assert "1 error" == count([Problem(message="x")])


def test_source_lines_are_filled_in() -> None:
    """Where the text is known and the line is in it; what is there already stays."""
    given = Problem(message="x", location=HERE, source_line="mine")
    missing = Problem(message="x", location=HERE)
    beyond = Problem(message="x", location=Location(Path("a.yaml"), 9, 1))
    nowhere = Problem(message="x")
    filled = with_source([given, missing, beyond, nowhere], {Path("a.yaml"): "one\ntwo\n"})
    assert ["mine", "two", None, None] == [problem.source_line for problem in filled]
