"""`incidents`: the section that says when many alerts are one incident."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.incidents import USUAL
from bot.settings.fields import Duration, Section, Text, between


class IncidentsSection(Section):
    """What is left out is as usual. `routes`: none: each."""

    at_least: int = Field(default=USUAL.at_least, ge=2, le=10_000)
    within: Annotated[Duration, between("10s", "1h")] = USUAL.within
    authors: int = Field(default=USUAL.authors, ge=1, le=10_000)
    ends_after: Annotated[Duration, between("1m", "1d")] = USUAL.ends_after
    routes: tuple[Text, ...] = ()
    off: bool = False
