"""What `outcare doctor` learns of an account on X: whose it is, and how its budget stands.

https://docs.x.com/x-api/users/get-my-user. Changes nothing; asking costs as much as one user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError, Reason, Unauthorized
from bot.expenses import Purse
from bot.findings import fine, mend, note
from connectors.x.examine_app import examine_app
from connectors.x.own import Me, Own, own_account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.findings import Exam, Finding
    from bot.ports import Wiring
    from connectors.x.account import AccountSettings

_ABOUT, _MONEY = "x account", "x budget"
_MAKE = (
    "make the four secrets anew, for an app with Read and write (docs/connectors/x.md), and set"
    " OUTCARE_X__CONSUMER_KEY, __CONSUMER_SECRET, __ACCESS_TOKEN and __ACCESS_TOKEN_SECRET to them"
)


async def examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    account: AccountSettings | None = exam.account
    if account is not None and account.signs_in:
        async for finding in _examine_account(own_account(account, wiring), exam):
            yield finding


async def _examine_account(own: Own, exam: Exam) -> AsyncIterator[Finding]:
    try:
        me = await own.verified()
        yield await _money(own)
    except Unauthorized as error:
        yield mend(_ABOUT, str(error), "buy credits" if "credits" in str(error) else _MAKE)
        return
    except BotError as error:
        do = f"see that this machine reaches {own.api.host}; the daemon tries again by itself"
        if error.reason is Reason.FORBIDDEN:
            do = "see in the developer console that the app belongs to a project and may use this API"
        yield mend(_ABOUT, f"cannot sign in: {error}", do)
        return
    if not own.is_handle_of(me):
        says = f"the access token is that of @{me.username}, and @{own.handle} is configured: nothing is done"
        yield mend(_ABOUT, says, "correct the handle, or make an access token of that account")
        return
    yield fine(_ABOUT, f"signed in as @{me.username} at {own.api.host}")
    for finding in whose(me, exam):
        yield finding
    async for finding in examine_app(own, exam.account):
        yield finding


async def _money(own: Own) -> Finding:
    bill = await own.meter.bill()
    says = f"{bill.money(bill.spent)} of {bill.money(bill.budget)} are spent in {bill.month}"
    if bill.purse is Purse.FULL:
        return fine(_MONEY, says)
    return note(_MONEY, says, "raise x.budget.month, or listen less")


def whose(me: Me, exam: Exam) -> list[Finding]:
    """Whether what it publishes will be known as the brand's."""
    names = {me.id, me.username.lower()}
    owners = [one for one in exam.accounts if names & {one.id, one.handle.removeprefix("@").lower()}]
    if any(one.brand not in exam.rivals for one in owners):
        return []
    if owners:
        says = f"@{me.username} stands in the configuration as an account of the rival {owners[0].brand}"
        return [mend(_ABOUT, says, "answer by an account of your own")]
    says = f"@{me.username} is not among the brand's accounts: its answers, and what is told to it, go unseen"
    return [mend(_ABOUT, says, f"add it in the configuration: brand: accounts: x: [{me.username}]")]
