"""`outcare rules fmt`: rule files in their canonical form."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from bot.cli import setup
from bot.starting import writing
from rules.folder import read_texts
from rules.layout import canonical


def format_rules(config: Path | None, folder: Path | None, *, only_check: bool) -> int:
    """Status 1 if `only_check` found a file to format. Raises: ConfigError; then nothing is written."""
    texts = read_texts(setup.rules_folder(config, folder))
    formatted = {path: canonical(text, path) for path, text in texts.items()}
    changed = [path for path in texts if formatted[path] != texts[path]]
    if only_check:
        for path in changed:
            sys.stdout.writelines(_difference(path, texts[path], formatted[path]))
    else:
        writing.write({path.resolve(): writing.Text(formatted[path]) for path in changed})
        sys.stdout.writelines(f"{path} is formatted\n" for path in changed)
    if not changed:
        sys.stdout.write(f"{_counted(len(texts))} in canonical form\n")
    return 1 if only_check and changed else 0


def _difference(path: Path, before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(path), f"{path} (formatted)", lineterm=""
    )
    return [f"{line}\n" for line in lines]


def _counted(number: int) -> str:
    return "1 file is" if number == 1 else f"{number} files are"
