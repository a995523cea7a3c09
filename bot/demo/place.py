"""Where the demo's files lie, and the token of its chat. Imports nothing: every verb asks whether it is the
demo that is looked at.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
CONFIG = FOLDER / "outcare.yaml"
DAY = FOLDER / "day.yaml"
TOKEN = "123456789:AAdemo_token_of_nobody_at_all_000"  # noqa: S105 - opens nothing but the fake
TELEGRAM_TOKEN = {"OUTCARE_TELEGRAM__TOKEN": TOKEN}
