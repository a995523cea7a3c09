"""Rules that lift to critical onto a route that sleeps at night. Reads definitions; runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Urgency
from rules.engine import DEFAULT_ROUTE
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.definitions import Definitions


def muted(found: Definitions, nights: Callable[[str], str], report: Report) -> None:
    """W113. `nights`: why what is critical is not heard of at any time by a route; empty where it is."""
    for rule in found.rules:
        if not rule.is_enabled or rule.at_least is not Urgency.CRITICAL:
            continue
        route = rule.route or DEFAULT_ROUTE
        if why := nights(route):
            message = f'rule "{rule.name}" lifts to critical, but by its route "{route}" {why}'
            report.warn(Code.MUTED, message, rule.location)
