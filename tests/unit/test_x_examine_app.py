"""What `outcare doctor` says of the app on X, and of direct messages."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.findings import Exam, Health
from bot.testing.x_activity import XActivity
from bot.testing.x_jobs import XJobs
from bot.testing.x_streams import BEARER
from connectors.x.examine import examine
from connectors.x.examine_app import examine_app
from tests.unit.x_stand import stand_at


class XWhole(XActivity, XJobs):
    """Everything that it knows."""


async def said(spoil: dict[str, object], **more: object) -> list[tuple[str, Health, str, str]]:
    given = {"bearer_token": SecretStr(BEARER), "direct_messages": True, **more}
    async with stand_at(XWhole, **given) as (stood, server):
        server.rule("(acme)", "outcare @acme")
        server.rule("(cats)", "somebody's")
        vars(server).update(spoil)
        found = [one async for one in examine_app(stood.own, stood.settings)]
        assert (await stood.own.meter.bill()).spent <= 0.01
        assert not server.jobs
        return [(one.about, one.health, one.says, one.do) for one in found]


async def test_all_is_well() -> None:
    """Each thing that the app may do, and whose the rules are."""
    streams, gone, private = await said({})
    assert {Health.FINE} == {streams[1], gone[1], private[1]}
    assert "1 are Outcare's and 1 are not" in streams[2]


async def test_without_a_token_nothing_is_asked() -> None:
    """It is said what that costs: nobody notices deletions."""
    [told] = await said({}, bearer_token=None, direct_messages=False)
    assert told[1] is Health.NOTE
    assert "OUTCARE_X__BEARER_TOKEN" in told[3]


@pytest.mark.parametrize(
    ("spoil", "does"),
    [
        ({"bearer": "another"}, ["bearer token of this very app", "bearer token of this very app", ""]),
        ({"is_depleted": True}, ["", "", "buy credits"]),
        ({"may_message": False}, ["", "", "Direct message"]),
    ],
)
async def test_what_must_be_mended_is_said(spoil: dict[str, object], does: list[str]) -> None:
    """What to do stands beside it."""
    told = await said(spoil)
    assert [one[1] for one in told] == [Health.MEND if do else Health.FINE for do in does]
    assert all(do in one[3] for one, do in zip(told, does, strict=True))


async def test_it_is_part_of_the_examination() -> None:
    """Behind what is said of the account."""
    async with stand_at(XWhole) as (stood, _):
        found = [one.about async for one in examine(Exam(account=stood.settings), stood.wiring)]
    assert found[-1] == "x deletions"
