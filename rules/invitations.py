"""Drafts that invite to write privately where nobody of ours reads it. Reads definitions; runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.invitations import invited
from rules.formula import Named, flat
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Collection

    from rules.definitions import Definitions, RuleText
    from rules.formula import Formulas


def unheard(found: Definitions, formulas: Formulas, deaf: Collection[str], report: Report) -> None:
    """W116. `deaf`: the platforms on which we answer and read no direct messages."""
    for draft in found.drafts:
        words = invited(draft.text) if deaf else ""
        if not words:
            continue
        users = [rule for rule in found.rules if rule.is_enabled and rule.draft == draft.name]
        where = sorted({one for rule in users for one in _reaches(rule, formulas, deaf)})
        if where:
            message = (
                f'draft "{draft.name}" invites direct messages ("{words}"), '
                f"and we read none on {', '.join(where)}"
            )
            report.warn(Code.UNHEARD, message, draft.location)


def _reaches(rule: RuleText, formulas: Formulas, deaf: Collection[str]) -> set[str]:
    """On which of them it may fire for what is said in public."""
    reached = set(deaf)
    for part in flat(formulas.of(rule.when)):
        if isinstance(part, Named) and part.path == "platform":
            reached &= part.names
        if isinstance(part, Named) and part.path == "kind" and part.names == {"dm"}:
            return set()
    return reached
