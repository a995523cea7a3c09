"""The rules of a configuration with all that is wrong with them, for the verbs that tell of it.

What judges is `bot.app.load_ruleset`; this is the same with what the daemon does not ask: words that were
heard often, files as they would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.outbox import CONSOLE
from bot.settings.load import Settings
from rules.everyday import Shares
from rules.ruleset import Examined, examine_rules
from rules.signals.measure import measure


def examine(
    settings: Settings, *, shares: Shares | None = None, instead: Mapping[Path, str] | None = None
) -> Examined:
    """Raises: ConfigError for what cannot be read at all."""
    return examine_rules(
        settings.rules,
        channels=frozenset(settings.channels) | {CONSOLE},
        brand=settings.brands[0].name,
        measure=measure,
        shares=shares,
        instead=instead,
    )
