"""What `outcare doctor` learns of Mastodon servers: which lists they show, whose the account is.

https://docs.joinmastodon.org/methods/accounts/#verify_credentials. Changes nothing: whether the token may
write is only known when it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError, Unauthorized
from bot.findings import fine, mend
from connectors.mastodon.searching import PATH as SEARCH
from connectors.mastodon.server import Me, OwnServer, Server, is_same_handle, own_server, segment
from connectors.mastodon.timelines import TimelinesSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.findings import Exam, Finding
    from bot.ports import Wiring
    from connectors.mastodon.account import AccountSettings
    from connectors.mastodon.paging import Listing

_ABOUT = "mastodon account"
_ACCOUNTS_ONLY = frozenset({401, 403, 422})
_MAKE = (
    "make a token with the scopes read and write:statuses (docs/connectors/mastodon.md) and set it as"
    " OUTCARE_MASTODON__TOKEN (of another account: OUTCARE_MASTODON__ACCOUNTS__<NAME>__TOKEN)"
)


async def examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    account: AccountSettings | None = exam.account
    for name, one in account.each.items() if account is not None else ():
        about, own = f"{_ABOUT} {name}".strip(), own_server(one, wiring)
        async for finding in _examine_account(own, exam, about):
            yield finding
        if one.search:
            yield await _searches(own, about)
    if exam.source is not None:
        for server, listings in TimelinesSource(exam.source, wiring).lists:
            yield await _shown(server, listings)


async def _shown(server: Server, listings: Mapping[str, Listing]) -> Finding:
    about = f"mastodon {server.name}"
    names = [name.partition(" ")[2] for name in listings]
    for name, listing in zip(names, listings.values(), strict=True):
        try:
            answer = await server.get(listing.path, [*listing.query, ("limit", "1")])
        except BotError as error:
            return mend(about, str(error), "try again later; the daemon does so by itself")
        if answer.status in _ACCOUNTS_ONLY:
            says = f"shows {name} to nobody without an account ({answer.status})"
            return mend(about, says, "name the server of your own account instead, or another one")
        if answer.status != 200:
            return mend(about, f"does not show {name}: {answer.error()}", "see that its address is right")
    return fine(about, f"shows {', '.join(names)}")


async def _searches(server: OwnServer, about: str) -> Finding:
    try:
        answer = await server.get(SEARCH, [("q", '"outcare"'), ("type", "statuses"), ("limit", "1")])
    except BotError as error:
        return mend(about, str(error), "try again later; the daemon does so by itself")
    if answer.status != 200:
        says = f"{server.name} does not search posts for it: {answer.error()}"
        return mend(about, says, "leave out search: true, or see that its token may read:search")
    return fine(about, "searches posts, as far as its server has an index of them")


async def _examine_account(server: OwnServer, exam: Exam, about: str) -> AsyncIterator[Finding]:
    try:
        me = await server.verified()
    except Unauthorized as error:
        yield mend(about, str(error), _MAKE)
        return
    except BotError as error:
        do = f"see that this machine reaches {server.name}; the daemon tries again by itself"
        yield mend(about, f"cannot sign in: {error}", do)
        return
    if not is_same_handle(server.handle, me.acct):
        says = f"the token is that of @{me.acct}, and @{server.handle} is configured: nothing is done with it"
        yield mend(about, says, "correct the handle, or make a token of that account")
        return
    terms = server.known_terms
    speaks = f" ({terms.software})" if terms.software else ""
    says = f"signed in as @{me.acct} at {server.name}{speaks}; a post holds {terms.longest} characters"
    yield fine(about, says)
    for finding in [*await _readable(server, me, about), *whose(me, exam, about)]:
        yield finding


async def _readable(server: OwnServer, me: Me, about: str) -> list[Finding]:
    """Whether the lists that are read later can be read."""
    found = []
    lists = {
        "its notifications": "/api/v1/notifications",
        "its own posts": f"/api/v1/accounts/{segment(me.id)}/statuses",
    }
    for name, path in lists.items():
        try:
            answer = await server.get(path, [("limit", "1")])
        except BotError as error:
            found.append(mend(about, f"cannot read {name}: {error}", "try again later"))
            continue
        if answer.status != 200:
            found.append(mend(about, f"cannot read {name}: {answer.error()}", _MAKE))
    return found


def whose(me: Me, exam: Exam, about: str = _ABOUT) -> list[Finding]:
    """Whether what it publishes will be known as the brand's."""
    owners = [one for one in exam.accounts if me.acct in {one.id, one.handle.removeprefix("@").lower()}]
    if any(one.brand not in exam.rivals for one in owners):
        return []
    if owners:
        says = f"@{me.acct} stands in the configuration as an account of the rival {owners[0].brand}"
        return [mend(about, says, "answer by an account of your own")]
    says = f"@{me.acct} is not among the brand's accounts: its answers, and what is told to it, go unseen"
    return [mend(about, says, f"add it in the configuration: brand: accounts: mastodon: [{me.acct}]")]
