"""What `outcare doctor` learns of the account that answers on Bluesky: whose it is, and what it may do.

https://docs.bsky.app/docs/api/com-atproto-server-get-session. Signs in with the session that is kept, and
changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from bot.errors import BotError, Unauthorized
from bot.findings import fine, mend, note
from connectors.bluesky.examine_chat import examine_chat
from connectors.bluesky.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.findings import Exam, Finding
    from bot.model import Account
    from bot.ports import Wiring
    from connectors.bluesky.account import AccountSettings

_ABOUT = "bluesky account"
_MAKE = "make an app password (docs/connectors/bluesky.md) and set OUTCARE_BLUESKY__APP_PASSWORD to it"


class Told(msgspec.Struct, frozen=True):
    """`getSession`. `active` is left out by servers that know no other state."""

    did: str
    handle: str
    active: bool = True
    status: str = "closed"


async def examine_account(account: AccountSettings, exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    session = Session(account, wiring)
    try:
        told = await session.read("com.atproto.server.getSession", (), Told)
    except Unauthorized as error:
        yield mend(_ABOUT, str(error), _MAKE)
        return
    except BotError as error:
        do = f"see that this machine reaches {_host(account.service)}; the daemon tries again by itself"
        yield mend(_ABOUT, f"cannot sign in: {error}", do)
        return
    if not told.active:
        yield mend(
            _ABOUT, f"@{told.handle} is {told.status}: it can publish nothing", "sign in to the app, it tells"
        )
        return
    does = "answers people there and reads its notifications"
    yield fine(_ABOUT, f"signed in as @{told.handle} at {_host(session.server)}: {does}")
    if account.chat:
        yield await examine_chat(session, told.did)
    if session.has_full_access:
        says = "this is the main password, which may do everything to the account"
        yield note(_ABOUT, says, _MAKE)
    for finding in whose(told, exam):
        yield finding


def whose(told: Told, exam: Exam) -> list[Finding]:
    """Whether what it publishes will be known as the brand's."""
    names = {told.did, told.handle.lower()}
    owners = [one for one in exam.accounts if names & {one.id, _bare(one)}]
    if any(one.brand not in exam.rivals for one in owners):
        return []
    if owners:
        says = f"@{told.handle} stands in the configuration as an account of the rival {owners[0].brand}"
        return [mend(_ABOUT, says, "answer by an account of your own")]
    says = f"@{told.handle} is not among the brand's accounts: its answers, and what is told to it, go unseen"
    return [mend(_ABOUT, says, f"add it in the configuration: brand: accounts: bluesky: [{told.handle}]")]


def _bare(account: Account) -> str:
    return account.handle.removeprefix("@").lower()


def _host(url: str) -> str:
    return urlsplit(url).netloc
