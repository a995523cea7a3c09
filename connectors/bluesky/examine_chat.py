"""What `outcare doctor` learns of the account's direct messages: whether its app password has the right to
them, and who may write to it. Changes nothing.

https://github.com/bluesky-social/atproto/blob/main/lexicons/chat/bsky/actor/declaration.json: who may write
is a record of the account's own; without one only those whom it follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.errors import BotError, Unauthorized
from bot.findings import fine, mend, note
from connectors.bluesky.chat import RIGHT, Chat

if TYPE_CHECKING:
    from bot.findings import Finding
    from connectors.bluesky.session import Session

_ABOUT = "bluesky chat"
_LATER = "the daemon tries again by itself"
_DECLARATION = "chat.bsky.actor.declaration"


class Terms(msgspec.Struct, frozen=True):
    incoming: str = msgspec.field(name="allowIncoming", default="following")


class Declared(msgspec.Struct, frozen=True):
    value: Terms = Terms()


async def examine_chat(session: Session, did: str) -> Finding:
    """Raises nothing of `bot.errors`."""
    try:
        await Chat(session).log(None)
        incoming = await _incoming(session, did)
    except Unauthorized as error:
        return mend(_ABOUT, str(error).partition(";")[0], RIGHT)
    except BotError as error:
        return mend(_ABOUT, f"direct messages cannot be read: {error}", _LATER)
    if incoming == "all":
        return fine(_ABOUT, "reads its direct messages and answers them in private; anybody may write to it")
    who = "nobody may write to it" if incoming == "none" else "only those whom it follows may write to it"
    do = "to be reached by all: in the app, Chat → Settings → Allow new messages from → Everyone"
    return note(_ABOUT, f"reads its direct messages and answers them in private, but {who}", do)


async def _incoming(session: Session, did: str) -> str:
    query = (("repo", did), ("collection", _DECLARATION), ("rkey", "self"))
    answer = await session.query("com.atproto.repo.getRecord", query)
    if answer.status == 400:
        return Terms().incoming
    if answer.status != 200:
        raise answer.error()
    return answer.read(Declared).value.incoming
