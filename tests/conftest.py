"""Fresh seeds in every run, told at its end, so that whatever they find can be looked at again."""

from __future__ import annotations

import random

import pytest

FRESH_SEEDS = 10
SEEDS = pytest.StashKey[list[int]]()


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
    fresh = random.SystemRandom()
    given: list[int] = config.getoption("--matcher-seed")
    config.stash[SEEDS] = given or [fresh.randrange(10**9) for _ in range(FRESH_SEEDS)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "matcher_seed" in metafunc.fixturenames:
        seeds: list[int] = metafunc.config.stash[SEEDS]
        metafunc.parametrize("matcher_seed", seeds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    seeds = " ".join(f"--matcher-seed {seed}" for seed in config.stash[SEEDS])
    terminalreporter.write_line(f"matchers compared with: {seeds}")
