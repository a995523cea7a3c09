"""The pages for newcomers say what the program does: every flag, every question, every file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from bot.cli import init as init_module
from bot.cli.main import app
from tests.unit import tree

PAGE = tree.read("docs/getting-started.md")
INSTALLING = tree.read("docs/installing.md")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def section(verb: str) -> str:
    """What stands below the heading of a verb."""
    return PAGE.partition(f"\n## `outcare {verb}`\n")[2].partition("\n## ")[0]


def flags(verb: str) -> set[str]:
    return {name for option in COMMANDS[verb].params for name in (*option.opts, *option.secondary_opts)}


@pytest.mark.parametrize("verb", ["init", "doctor", "scout"])
def test_every_flag_is_in_the_docs_and_no_other(verb: str) -> None:
    """A flag that is renamed cannot leave a row behind."""
    named = set(re.findall(r"`(--?[a-z][a-z-]*)", section(verb)))
    assert flags(verb) <= named
    others = named - flags(verb) - {"--help", "-h", "--yes", "--force"}
    assert set() == {name for name in others if verb == "init"}


def test_every_question_is_in_the_docs() -> None:
    """As it is asked, up to what stands in brackets."""
    asked = re.findall(
        r'questions\.ask\(\s*"([^"(]+?)[,(?"]', Path(init_module.__file__).read_text(encoding="utf-8")
    )
    assert len(asked) >= 8
    table = section("init").casefold()
    assert [] == [question for question in asked if question.strip().casefold() not in table]


def test_the_defaults_in_the_docs_are_the_defaults() -> None:
    """Where a row names one."""
    for verb, flag, default in (
        ("init", "--listen", 10),
        ("init", "--wait", 300),
        ("scout", "--since", 3600),
    ):
        (option,) = (one for one in COMMANDS[verb].params if flag in one.opts)
        row = re.search(rf"^\| `{flag}` \| `(\d+)([smh])`", section(verb), re.MULTILINE)
        assert row is not None
        assert default == int(row[1]) * {"s": 1, "m": 60, "h": 3600}[row[2]] == option.default.total_seconds()


def test_what_installing_names_is_there() -> None:
    """Files, make targets, and that nothing is installed without its hash."""
    for name in ("Dockerfile", "compose.yaml", "Procfile", "deploy/outcare.service"):
        assert f"](../{name})" in INSTALLING
        assert name in tree.files()
    makefile = tree.read("Makefile")
    assert all(f"\n{target}:" in makefile for target in re.findall(r"make (\w+) WHEELS", INSTALLING))
    for name in ("Dockerfile", "docs/installing.md"):
        installs = re.findall(r"pip .*?install (.*)", tree.read(name))
        assert len(installs) > 2
        assert [] == [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line]


def test_the_image_runs_without_rights_and_keeps_its_data() -> None:
    """The container's user, its volume, its health; secrets and configurations stay out of it."""
    lines = tree.read("Dockerfile").splitlines()
    assert "USER outcare" in lines
    assert "VOLUME /app/data" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    ignored = tree.read(".dockerignore").split()
    assert {".env", "config/secrets", "config/*.yaml", "data"} <= set(ignored)


def test_the_unit_names_what_the_daemon_reads() -> None:
    """Every setting in it is one, and the credential is called like its variable."""
    unit = tree.read("deploy/outcare.service")
    assert set(re.findall(r"OUTCARE_\w+", unit)) == {
        "OUTCARE_CONFIG",
        "OUTCARE_DATABASE",
        "OUTCARE_LOG__FORMAT",
        "OUTCARE_SECRETS_DIR",
    }
    assert "LoadCredential=outcare_telegram__token:" in unit
