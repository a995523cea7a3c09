"""Fresh seeds in every run, and what tests tell, at its end; and logging as it was, whatever command a test ran."""

from __future__ import annotations

import logging
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from bot import log

FRESH_SEEDS = 10
SEEDS = pytest.StashKey[list[int]]()
TOLD = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--matcher-seed",
        action="append",
        type=int,
        default=[],
        metavar="N",
        help=f"compare the matchers on this seed instead of {FRESH_SEEDS} fresh ones (may be repeated)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell makes what it starts with `&` deaf to Ctrl-C, and so whatever a test starts and interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    fresh = random.SystemRandom()
    given: list[int] = config.getoption("--matcher-seed")
    # All workers of one run (pytest-xdist) must collect the same tests, so the seeds are drawn by one for all.
    shared = getattr(config, "workerinput", {}).get("matcher_seeds")
    config.stash[SEEDS] = shared or given or [fresh.randrange(10**9) for _ in range(FRESH_SEEDS)]
    config.stash[TOLD] = []
    config.pluginmanager.register(_Listener(config.stash[TOLD]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["matcher_seeds"] = node.config.stash[SEEDS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "matcher_seed" in metafunc.fixturenames:
        seeds: list[int] = metafunc.config.stash[SEEDS]
        metafunc.parametrize("matcher_seed", seeds)


class _Listener:
    """Hears what tests tell, from whichever worker."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            self._told += [str(line) for name, line in report.user_properties if name == "told"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seeds = " ".join(f"--matcher-seed {seed}" for seed in config.stash[SEEDS])
    for line in (*config.stash[TOLD], f"matchers compared with: {seeds}"):
        terminalreporter.write_line(line)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """A line for the end of the run, which also stands there when all went well: a seed, a figure."""

    def told(line: str) -> None:
        record_property("told", line)

    return told


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that runs in this process sets up logging for a life of its own; no later test inherits it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log.CHATTY}
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    yield
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    if (root.handlers, root.level) == (handlers, level):
        return
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
