"""`/sources`: what is listened to, how far it was observed, what was missed, and what does not work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.errors import BotError
from bot.web.health import Check

if TYPE_CHECKING:
    from bot.expenses import Bill
    from bot.status import SourceStatus
    from bot.web.page import Page
    from bot.web.shown import Eye


class Sources:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def whole(self, request: web.Request) -> web.Response:
        eye = self._page.eye(request)
        status = await self._page.shelf.status(now=eye.now)
        checks = {check.name: check for check in ran(self._page)}
        return self._page.html(
            request,
            "sources.html",
            status=200,
            sources=[_source(one, checks.get(f"source:{one.name}"), eye) for one in status.sources],
            others=[check for check in checks.values() if not check.name.startswith("source:")],
            waiting_sources=[
                check
                for name, check in checks.items()
                if name.startswith("source:")
                and name.removeprefix("source:") not in {one.name for one in status.sources}
            ],
            gaps=[
                (gap.source, eye.time(gap.started_at), eye.time(gap.ended_at), gap.reason)
                for gap in reversed(status.gaps)
            ],
            more_gaps=status.more_gaps,
            bills=[_bill(bill, eye) for bill in self._page.bills()],
            totals=status,
            last=eye.time(status.last_mention_at) if status.last_mention_at else "",
        )


def ran(page: Page) -> tuple[Check, ...]:
    """The checks of `/readyz`; that they cannot be made is one of them."""
    try:
        return tuple(page.checks())
    except BotError as error:
        return (Check(name="checks", ok=False, detail=f"cannot be made: {error}"),)


def _bill(bill: Bill, eye: Eye) -> dict[str, Any]:
    def shown(micros: int) -> str:
        return eye.texts.language.money(bill.money(micros))

    return {
        "heading": eye.texts.on_page(
            "budget_of",
            platform=eye.texts.platform(bill.platform),
            spent=bill.money(bill.spent),
            budget=bill.money(bill.budget),
            month=bill.month,
        ),
        "purse": bill.purse.value,
        "sources": [
            (name, one.today, shown(one.micros_today), one.month, shown(one.micros_month))
            for name, one in sorted(bill.sources.items())
        ],
    }


def _source(one: SourceStatus, check: Check | None, eye: Eye) -> dict[str, Any]:
    return {
        "name": one.name,
        "ok": check.ok if check else None,
        "detail": check.detail if check else "",
        "from": eye.time(one.observed_from) if one.observed_from else "",
        "to": eye.time(one.observed_to) if one.observed_to else "",
        "missed": eye.texts.language.duration(one.missed) if one.missed else "",
    }
