"""A configuration that is not written yet, tried as if it were: by the same loader, somewhere else."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli import setup
from bot.errors import ConfigError, Location, Problem
from bot.rulebook import load_ruleset
from bot.settings.load import Settings, load
from bot.starting import files
from bot.starting.writing import Text

if TYPE_CHECKING:
    from connectors.telegram.settings import AccountSettings


def checked(texts: Mapping[Path, Text], config: Path, *, env: Mapping[str, str]) -> Settings:
    """Load configuration and rules as they would be. Raises: ConfigError, as if the files stood in place."""
    kept = sorted(path for path in (config.parent / "rules").glob("*.yaml") if path not in texts)
    with tempfile.TemporaryDirectory(prefix="outcare-init-") as folder:
        places = {path: _inside(Path(folder), path, config.parent) for path in (*texts, *kept)}
        for path, place in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            content = texts[path].content if path in texts else path.read_text(encoding="utf-8")
            place.write_text(content, encoding="utf-8")
        try:
            settings = _loaded(places[config], config, env)
            load_ruleset(settings)
        except ConfigError as error:
            back = {place: path for path, place in places.items()}
            raise ConfigError([_placed(problem, back) for problem in error.problems]) from None
        return settings


def telegram_account(token: str | None, config: Path) -> AccountSettings:
    """The bot's settings as they would be loaded: `token`, else the one that is there, and its address.

    Raises: ConfigError.
    """
    text = f'brand: {{name: x, words: [x]}}\nchannels: {{"{files.CHANNEL}": {{chat: 1}}}}\n'
    env = {**setup.environment(), **({files.TOKEN: token} if token else {})}
    with tempfile.TemporaryDirectory(prefix="outcare-init-") as folder:
        path = Path(folder) / "outcare.yaml"
        path.write_text(text, encoding="utf-8")
        account: AccountSettings = _loaded(path, config, env).accounts["telegram"]  # type: ignore[assignment]
        return account


def _loaded(path: Path, config: Path, env: Mapping[str, str]) -> Settings:
    secrets = setup.secrets_dir(config)
    needs_secrets = files.TOKEN in env
    return load(
        path,
        setup.connectors(),
        env=env,
        secrets_dir=secrets if secrets.is_dir() else None,
        needs_secrets=needs_secrets,
    )


def _inside(folder: Path, path: Path, root: Path) -> Path:
    """Beside the configuration, or in a corner of its own."""
    return folder / path.relative_to(root) if path.is_relative_to(root) else folder / "elsewhere" / path.name


def _placed(problem: Problem, back: Mapping[Path, Path]) -> Problem:
    where = problem.location
    if where is None or where.file not in back:
        return problem
    return replace(problem, location=Location(file=back[where.file], line=where.line, column=where.column))
