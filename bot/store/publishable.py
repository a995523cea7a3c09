"""Which replies are under way, as a condition: for the queries, and for an index of the tables."""

from __future__ import annotations

from bot.replies import LIVE

IS_LIVE = f"state IN ({', '.join(repr(state.value) for state in LIVE)})"
