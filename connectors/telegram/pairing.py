"""How a chat and a person introduce themselves to the bot: a one-time code in a link that Telegram opens.

https://core.telegram.org/bots/features#deep-linking: `t.me/BOT?start=CODE` makes a person's Start button send
`/start CODE` in private, `?startgroup=CODE` adds the bot to a group and sends the same there. Whoever brings
the code is the one who saw the terminal. Knows nothing of files and questions.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Clock
    from connectors.telegram.api import Api
    from connectors.telegram.updates import Incoming

POLL = timedelta(seconds=10)
_PAUSE = 2.0
"""Seconds between tries while Telegram cannot be reached."""
CODE_BYTES = 18
"""As base64 24 characters; a link carries up to 64 of A-Z, a-z, 0-9, _ and -."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Who came with the code, and where. `person_id` None: an administrator who hides behind the group."""

    chat_id: int
    chat_title: str
    thread: int | None
    person_id: int | None
    person_name: str

    @property
    def is_group(self) -> bool:
        """Ids of groups and channels are negative."""
        return self.chat_id < 0


def links(username: str, code: str) -> tuple[str, str]:
    """The link for a chat of one's own, and that for a group."""
    return f"https://t.me/{username}?start={code}", f"https://t.me/{username}?startgroup={code}"


async def pair(
    api: Api, code: str, *, clock: Clock, within: timedelta, waiting: Callable[[timedelta], None]
) -> Paired | None:
    """Wait for `/start CODE`; None when nobody came in time. `waiting` hears how long is left, now and then.

    Confirms what it reads: presses that wait for a daemon with this token are lost.
    Raises: Unavailable (reason conflict: another program reads this bot), Unauthorized, Rejected.
    """
    ends_at = clock.monotonic() + within.total_seconds()
    offset: int | None = None
    while (left := timedelta(seconds=ends_at - clock.monotonic())) > timedelta():
        waiting(left)
        try:
            updates = await api.updates(offset, poll=min(POLL, left))
        except Unavailable as error:
            if error.reason in {Reason.CONFLICT, Reason.PROTOCOL}:
                raise
            wait = error.retry_after.total_seconds() if error.retry_after else _PAUSE
            await clock.sleep(min(wait, left.total_seconds()))
            continue
        offset = updates[-1].update_id + 1 if updates else offset
        found = next((paired for update in updates if (paired := brought(update, code))), None)
        if found is not None:
            await api.updates(offset, poll=timedelta())  # confirmed: the daemon need not answer it again
            return found
    return None


def brought(update: Incoming, code: str) -> Paired | None:
    """What an update says of its chat and sender, if it brings the code."""
    if update.command != "start" or update.chat_id is None:
        return None
    if not hmac.compare_digest(update.argument.encode(), code.encode()):
        return None
    return Paired(
        chat_id=update.chat_id,
        chat_title=update.chat_title or update.person_name,
        thread=update.thread,
        person_id=None if update.is_anonymous else update.person_id,
        person_name="" if update.is_anonymous else update.person_name,
    )
