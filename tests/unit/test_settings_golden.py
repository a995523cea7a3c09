"""Bad configuration files, each with exactly what a person is told about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.load import load
from tests.unit.settings_world import CONNECTORS

FOLDER = Path(__file__).parents[1] / "golden" / "config"
FILES = sorted(FOLDER.glob("*.yaml"))
EXPECT = "# expect: "


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_bad_file_is_told_in_exactly_these_words(file: Path) -> None:
    """Every problem at once, in the order of the file, with line, column and a suggestion."""
    lines = file.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]
    with pytest.raises(ConfigError) as caught:
        load(file, CONNECTORS, env={})
    assert expected == [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


def test_there_are_bad_files() -> None:
    """The test above looks where the files are."""
    assert len(FILES) > 50


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_line_of_a_bad_file_is_quoted(file: Path) -> None:
    """A broken line may hold a secret, so that problems name its place only."""
    with pytest.raises(ConfigError) as caught:
        load(file, CONNECTORS, env={})
    assert [None] * len(caught.value.problems) == [problem.source_line for problem in caught.value.problems]
    assert "planted" not in str(caught.value)
