"""What most verbs begin with: which configuration, which rules, which database."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from bot.demo.place import CONFIG as DEMO
from bot.demo.place import TELEGRAM_TOKEN
from bot.errors import ConfigError
from bot.ports import Connector
from bot.settings.load import Settings, load

OWN = Path("config/outcare.yaml")
_CHECKOUT = Path(__file__).parents[2] / "config" / "examples"
_INSTALLED = Path(__file__).parents[1] / "_examples"


def examples() -> Path:
    """The shipped example configuration: beside the packages in a checkout, inside them in a wheel."""
    folder = _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED
    return folder / "outcare.yaml"


def config_path(given: Path | None) -> Path:
    """The file to use; the demo's when nobody has configured a brand, neither in a file nor by variables.

    Raises: ConfigError for a file that was named and is not there.
    """
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"there is no file {given}")
        return given
    if OWN.is_file():
        return OWN
    return examples() if any(name.startswith(_OWN_BRAND) for name in os.environ) else DEMO


def is_demo(given: Path | None) -> bool:
    """Whether it is the demo that is looked at."""
    return config_path(given) == DEMO


def tell_demo(given: Path | None) -> None:
    """Say what is looked at when nobody has configured anything; where no script reads it."""
    if is_demo(given):
        sys.stderr.write(
            "This is the demo: there is no configuration of yours yet (`outcare init` makes one).\n"
        )


def rules_folder(config: Path | None, folder: Path | None) -> Path:
    """Where the rules stand that are to be written to: those of this folder, else the configuration's.

    Raises: ConfigError; the demo's rules are nobody's to edit.
    """
    if folder is not None:
        return folder
    if is_demo(config):
        raise ConfigError("these would be the demo's rules: name a folder, or begin with `outcare init`")
    return settings(config, needs_secrets=False).rules


def demo_environment() -> dict[str, str]:
    """What the demo takes from the environment: where to listen and how to log, nothing of a real brand."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_OF_THE_MACHINE)}
    return kept | TELEGRAM_TOKEN | ({"PORT": os.environ["PORT"]} if "PORT" in os.environ else {})


def left_out() -> list[str]:
    """The settings in the environment that the demo does not look at."""
    ours = (name for name in os.environ if name.startswith("OUTCARE_") and name not in _NOT_SETTINGS)
    return sorted(name for name in ours if not name.startswith(_OF_THE_MACHINE))


@cache
def connectors() -> Mapping[str, Connector]:
    """Every connector that is installed, ours and others', by name. Looked for once: reloads ask again."""
    found = {point.name: point.load() for point in entry_points(group="outcare.connectors")}
    if not found:
        raise ConfigError(
            "no connectors are installed: run `make run` once, or `pip install -e .` in the checkout"
        )
    return found


def environment() -> dict[str, str]:
    """The variables that are read as settings."""
    return {key: value for key, value in os.environ.items() if key not in _NOT_SETTINGS}


def secrets_dir(config: Path) -> Path:
    """Where secrets files are: in the folder that the environment names, else beside the configuration."""
    named = os.environ.get("OUTCARE_SECRETS_DIR")
    return Path(named) if named else config.parent / "secrets"


def settings(given: Path | None, *, needs_secrets: bool = True) -> Settings:
    """Load the configuration; for a report without the secrets. Raises: ConfigError with every problem."""
    path = config_path(given)
    if path == DEMO:
        return load(path, connectors(), env=demo_environment())
    secrets = secrets_dir(path)
    is_there = secrets.is_dir() or os.environ.get("OUTCARE_SECRETS_DIR")
    return load(
        path,
        connectors(),
        env=environment(),
        secrets_dir=secrets if is_there else None,
        needs_secrets=needs_secrets,
    )


_OWN_BRAND = "OUTCARE_BRAND"
_OF_THE_MACHINE = ("OUTCARE_HTTP", "OUTCARE_LOG", "OUTCARE_TIMEZONE")
_NOT_SETTINGS = frozenset({"OUTCARE_CONFIG", "OUTCARE_SECRETS_DIR", "OUTCARE_DATA"})


@contextmanager
def no_collector() -> Iterator[None]:
    """For a verb that reads much and ends: with 10,000 rules, two thirds of its time went into the search for
    garbage where there is none.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
