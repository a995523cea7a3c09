"""Where a platform wants money for telling who somebody is, only the authors of what rings are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.errors import Unavailable
from bot.model import Author, PostRef
from bot.ports import Dear
from tests.integration import store_samples as s
from tests.integration.test_intake import Directory, office, post


@dataclass(kw_only=True)
class Register(Directory):
    """A directory that is paid for."""

    met: dict[str, Author] = field(default_factory=dict)

    def known(self, author_id: str) -> Author | None:
        return self.met.get(author_id)

    async def author(self, author_id: str) -> Author:
        self.met[author_id] = await super().author(author_id)
        return self.met[author_id]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def names(path: Path) -> list[str | None]:
    return [name for (name,) in s.rows(path, "SELECT name FROM authors ORDER BY author_id")]


async def test_who_rings_is_named(path: Path) -> None:
    """Once for all of a batch, and neither the ignored nor what stands above; the rules did without."""
    directory, above = Register(), PostRef(id="at://above")
    assert isinstance(directory, Dear)
    async with office(path, directory=directory) as it:
        await it.take(
            post("1", parent=above, root=above),
            post("2", text="acme leaks again"),
            post("3", author_id="did:spam", text="acme spam"),
        )
        assert directory.asked == 1
        assert [None, None, None] == [facts.name for facts in it.rules.judged]
        assert ["Ann Other"] == names(path)
        await it.take(post("4"))
        assert directory.asked == 1
        assert it.rules.judged[-1].name == "Ann Other"


async def test_no_money_is_no_reason_to_be_silent(path: Path) -> None:
    """The card goes with a number for a name."""
    async with office(path, directory=Register(trouble=Unavailable("no money"))) as it:
        await it.take(post("1"))
        assert (1, []) == (len(it.alerts()), [name for name in names(path) if name])
