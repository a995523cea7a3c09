"""What most verbs begin with: which configuration, which rules, which database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

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
    """The file to use. Raises: ConfigError for one that was named and is not there."""
    if given is not None:
        if not given.is_file():
            raise ConfigError(f"there is no file {given}")
        return given
    return OWN if OWN.is_file() else examples()


def connectors() -> Mapping[str, Connector]:
    """Every connector that is installed, ours and others', by name."""
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
    secrets = secrets_dir(path)
    is_there = secrets.is_dir() or os.environ.get("OUTCARE_SECRETS_DIR")
    return load(
        path,
        connectors(),
        env=environment(),
        secrets_dir=secrets if is_there else None,
        needs_secrets=needs_secrets,
    )


_NOT_SETTINGS = frozenset({"OUTCARE_CONFIG", "OUTCARE_SECRETS_DIR", "OUTCARE_DATA"})
