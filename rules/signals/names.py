"""The signals by name, and what their values may be. Knows nothing of how they are measured."""

from __future__ import annotations

from collections.abc import Mapping

RANGES: Mapping[str, tuple[float, float]] = {
    "complaint": (0.0, 1.0),
    "question": (0.0, 1.0),
    "spam": (0.0, 1.0),
    "urgent": (0.0, 1.0),
    "toxic": (0.0, 1.0),
    "fake": (0.0, 1.0),
    "sentiment": (-1.0, 1.0),
}
"""What rules may compare: probabilities, and the tone of a text."""

PROBABILITY = (0.0, 1.0)
THANKS = "thanks"
"""A probability too, but no condition: a mere thanks starts no ask, and that is all it is for."""
EVERY = (*RANGES, THANKS)
