"""What `outcare doctor` learns from Bluesky: which hosts send, and how the brand presents itself there.

Profiles: https://docs.bsky.app/docs/api/app-bsky-actor-get-profile; those need no account. One that is
configured is examined in `connectors.bluesky.examine_account`.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Literal

import msgspec
from aiohttp import WSMsgType

from bot.errors import BotError, Rejected
from bot.findings import fine, mend, note
from bot.refusals import place, retry_after
from connectors.bluesky.examine_account import examine_account
from connectors.bluesky.lookup import decoded, refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse

    from bot.findings import Exam, Finding
    from bot.model import Account
    from bot.ports import Wiring
    from connectors.bluesky.account import AccountSettings
    from connectors.bluesky.hosts import Host
    from connectors.bluesky.jetstream import Settings

FIRST_EVENT_WITHIN = 5.0
"""Seconds; the public hosts send about fifty events in one."""
_WITHIN = 10.0
_MESSAGE = 16_000_000
_LINK = re.compile(r"https?://|\b[a-z0-9-]+\.[a-z]{2,}\b", re.IGNORECASE)


class Profile(msgspec.Struct, frozen=True):
    """`app.bsky.actor.defs#profileViewDetailed`, as far as visitors look at it."""

    did: str
    handle: str
    name: str = msgspec.field(name="displayName", default="")
    bio: str = msgspec.field(name="description", default="")
    avatar: str = ""


async def examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    account: AccountSettings | None = exam.account
    signs_in = account is not None and account.signs_in
    if account is not None and signs_in:
        async for finding in examine_account(account, exam, wiring):
            yield finding
    settings: Settings | None = exam.source
    if settings is None:
        return
    async for finding in _listening(settings, exam, wiring, signs_in=signs_in):
        yield finding


async def _listening(
    settings: Settings, exam: Exam, wiring: Wiring, *, signs_in: bool
) -> AsyncIterator[Finding]:
    """What is read without an account."""
    heard = await asyncio.gather(*(_host(host, wiring) for host in settings.hosts))
    if any(is_heard for is_heard, _ in heard):
        for is_heard, says in heard:
            spare = "" if len(heard) == 1 else "another host serves meanwhile"
            yield fine("bluesky", says) if is_heard else note("bluesky", says, spare)
        if not signs_in:
            says = "without an account: reads every public post, answers nowhere (answer in the app)"
            yield fine("bluesky", says)
    else:
        do = "see that this machine reaches them (port 443, WebSocket); the daemon tries again by itself"
        yield mend("bluesky", "; ".join(says for _, says in heard), do)
    for account in exam.accounts:
        yield await _profile(account, settings, wiring, is_rival=account.brand in exam.rivals)


async def _host(host: Host, wiring: Wiring) -> tuple[bool, str]:
    """Whether a host takes us in, and how it goes."""
    began = wiring.clock.monotonic()
    try:
        async with (
            asyncio.timeout(_WITHIN),
            wiring.http.websocket(host.page(None), max_message_bytes=_MESSAGE) as socket,
        ):
            kind = await _first(socket)
    except TimeoutError:
        return False, f"{host.name} did not answer in time"
    except BotError as error:
        return False, str(error) if host.name in str(error) else f"{host.name}: {error}"
    if kind is None:
        return True, f"{host.name} takes us in, and sent nothing for {FIRST_EVENT_WITHIN:.0f} s"
    if kind not in {WSMsgType.TEXT, WSMsgType.BINARY}:
        return False, f"{host.name} takes us in and hangs up"
    taken = wiring.clock.monotonic() - began
    return True, f"{host.name} sends, the first event after {taken:.1f} s"


async def _first(socket: ClientWebSocketResponse[Literal[False]]) -> WSMsgType | None:
    try:
        async with asyncio.timeout(FIRST_EVENT_WITHIN):
            return (await socket.receive()).type
    except TimeoutError:
        return None


async def _profile(account: Account, settings: Settings, wiring: Wiring, *, is_rival: bool) -> Finding:
    about = f"bluesky @{account.handle.removeprefix('@')}"
    try:
        profile = await _asked(account.handle, settings, wiring)
    except Rejected:
        return mend(
            about,
            f"there is no such account, so {account.brand}'s answers are not seen",
            "correct its handle in the configuration",
        )
    except BotError as error:
        return mend(about, str(error), "try again later; the daemon does so by itself")
    if is_rival:
        return fine(about, f"is an account of the rival {account.brand}: its answers are seen")
    lacks = missing(profile)
    if lacks:
        do = f"add {' and '.join(lacks)}: whoever is answered by it looks there first"
        return note(about, f"is known; its profile has no {', no '.join(lacks)}", do)
    return fine(about, "is known; its profile has a name, a description, a picture and a link")


async def _asked(actor: str, settings: Settings, wiring: Wiring) -> Profile:
    url = f"{settings.appview}/xrpc/app.bsky.actor.getProfile"
    async with wiring.http.request("GET", url, params={"actor": actor}, timeout=_WITHIN) as answer:
        body = await wiring.http.read(answer, limit=1_000_000)
        if answer.status != 200:
            wait = retry_after(answer.headers, wiring.clock.now())
            raise refused(answer.status, body, place(answer.url), wait)
        return decoded(body, Profile, place(answer.url))


def missing(profile: Profile) -> list[str]:
    """What a visitor would miss."""
    there = {
        "display name": profile.name.strip(),
        "description": profile.bio.strip(),
        "picture": profile.avatar,
        "link in its description": _LINK.search(profile.bio),
    }
    return [what for what, found in there.items() if not found]
