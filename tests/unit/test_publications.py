"""What is remembered of our own posts: the newest, and no more than it must be."""

from __future__ import annotations

from bot.publications import MOST, Publications
from bot.vault import MemoryVault


async def test_what_is_kept_stays_small_and_may_be_lost() -> None:
    """A vault that cannot be read is an empty one."""
    vault = MemoryVault()
    kept = Publications(vault, "there")
    for number in range(MOST + 5):
        await kept.add(str(number), "x")
    assert ("5", MOST) == (next(iter(await kept.all())), len(await kept.all()))
    vault.write("there", b"nonsense")
    assert {} == await kept.all()
    await kept.add("1", "x")
    assert {"1": "x"} == await kept.all()


async def test_what_is_said_again_is_new_again() -> None:
    """The oldest go first, and each account has its own."""
    vault = MemoryVault()
    kept, others = Publications(vault, "there"), Publications(vault, "elsewhere")
    for reply in ("a", "b", "a"):
        await kept.add(reply, reply.upper())
    assert ["b", "a"] == list(await kept.all())
    assert {} == await others.all()
