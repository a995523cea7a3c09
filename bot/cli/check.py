"""`outcare check`: the whole configuration, without network."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.app import load_ruleset
from bot.cli import output, setup
from bot.errors import ConfigError, Problem


def check_all(config: Path | None, *, as_json: bool) -> int:
    """Print every problem; 1 if there is an error, 0 if not (warnings alone are no error)."""
    path = setup.config_path(config)
    found: list[Problem] = []
    summary = ""
    try:
        settings = setup.settings(config)
        rules = load_ruleset(settings)
    except ConfigError as error:
        found.extend(error.problems)
    else:
        found.extend(rules.warnings)
        brands = ", ".join(brand.name for brand in settings.brands)
        summary = (
            f"{path}: brands {brands}; sources {', '.join(settings.sources) or 'none'}; "
            f"{rules.count} rules (version {rules.version})"
        )
    errors = [problem for problem in found if not problem.is_warning]
    if as_json:
        output.json({"ok": not errors, "config": str(path), "problems": [_as_dict(one) for one in found]})
    else:
        if found:
            output.problems(found)
        sys.stdout.write(f"{summary}\n" if summary else "")
        sys.stdout.write(f"{len(errors)} errors, {len(found) - len(errors)} warnings\n")
    return 1 if errors else 0


def _as_dict(problem: Problem) -> dict[str, object]:
    where = problem.location
    return {
        "code": problem.code,
        "message": problem.message,
        "file": str(where.file) if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "suggestion": problem.suggestion,
        "is_warning": problem.is_warning,
    }
