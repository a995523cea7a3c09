"""The page of codes: complete, and each of its examples is what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from bot.errors import ConfigError, Problem
from rules import codes
from rules.report import Code
from rules.ruleset import examine_texts
from rules.signals.measure import measure
from rules.trial import failures
from tests.unit.test_rules_golden import AROUND

_FILE = re.compile(r"^# (\w+\.yaml)\n", re.MULTILINE)


def examples(code: str) -> list[Mapping[str, str]]:
    """The sets of a section: the one with the mistake, and how it is mended, if there is more to it."""
    blocks = re.findall(r"```yaml\n(.*?)```", codes.every()[code].text, re.DOTALL)
    return [files(block) for block in blocks]


def files(block: str) -> Mapping[str, str]:
    """One file, or several under their names."""
    first, *rest = _FILE.split(block)
    return dict(zip(rest[::2], rest[1::2], strict=True)) if rest else {"rules.yaml": first}


def found(sources: Mapping[str, str]) -> list[Problem]:
    """What `check` tells, everything included."""
    try:
        examined = examine_texts(sources, AROUND, measure=measure)
    except ConfigError as error:
        return list(error.problems)
    failed = failures(examined.rules) if examined.rules else ()
    return [*examined.problems, *examined.left_out, *failed]


def test_every_code_has_its_section() -> None:
    """In order, each once, and none that there is not."""
    assert sorted(Code) == sorted(codes.every())
    assert [code.value for code in Code] == list(codes.every())


@pytest.mark.parametrize("code", [code.value for code in Code])
def test_each_example_has_its_mistake(code: str) -> None:
    """The first block of a section yields its code."""
    assert code in {problem.code for problem in found(examples(code)[0])}


@pytest.mark.parametrize("code", [code.value for code in Code])
def test_each_mended_example_is_right(code: str) -> None:
    """The second one yields neither that code nor any other mistake."""
    for sources in examples(code)[1:]:
        assert [] == [
            str(problem) for problem in found(sources) if problem.code == code or not problem.is_warning
        ]
