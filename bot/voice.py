"""How a brand speaks: tone, emoji and signature, by platform. Pure.

The tone is for whoever writes a draft; the signature is put under each of them, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Emoji(StrEnum):
    NONE = "none"
    FEW = "few"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    tone: str = ""
    emoji: Emoji = Emoji.FEW
    signature: str = ""

    def signed(self, text: str) -> str:
        """The text with the signature on a line of its own, unless it ends with it already."""
        bare = text.rstrip()
        if not self.signature or not bare or bare.endswith(self.signature):
            return bare
        return f"{bare}\n{self.signature}"

    def unsigned(self, text: str) -> str:
        """The text without the signature at its end, unless it is nothing else."""
        bare = text.rstrip()
        return (bare.removesuffix(self.signature).rstrip() if self.signature else bare) or bare


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """`default` is how the brand speaks where nothing else is said."""

    default: Voice = Voice()
    by_platform: Mapping[str, Voice] = field(default_factory=dict)

    def on(self, platform: str) -> Voice:
        return self.by_platform.get(platform, self.default)
