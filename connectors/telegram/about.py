"""What the Bot API says of a bot and of its place in a chat: for pairing and for `outcare doctor`.

https://core.telegram.org/bots/api#getme, #getchat, #getchatmember, #getwebhookinfo. Changes nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from telegram import (
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
)

from connectors.telegram.api import Api, asked

if TYPE_CHECKING:
    from telegram import ChatFullInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot itself. `reads_all`: its privacy mode is off, so that it sees every message of its groups."""

    id: int
    username: str
    name: str
    reads_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat as the bot finds it. `may_post` with the reason why not; `kind`: private, group, …

    `is_admin`: the bot is one there, and hears everything whatever its privacy mode.
    """

    id: int
    title: str
    kind: str
    is_forum: bool
    may_post: bool
    why_not: str = ""
    is_admin: bool = False


class About(Api):
    """`Api` that also asks after itself. Raises as `Api.send`."""

    async def me(self) -> Me:
        user = await asked(self._bot.get_me())
        return Me(
            id=user.id,
            username=user.username or "",
            name=user.full_name,
            reads_all=bool(user.can_read_all_group_messages),
        )

    async def webhook_host(self) -> str:
        """Where updates are sent instead of to whoever asks for them; "": nowhere, as it must be."""
        info = await asked(self._bot.get_webhook_info())
        return urlsplit(info.url).hostname or ("somewhere" if info.url else "")

    async def place(self, chat: int | str, bot_id: int) -> Place:
        found = await asked(self._bot.get_chat(chat))
        if found.type == "private":
            return _place(found, "")
        member = await asked(self._bot.get_chat_member(found.id, bot_id))
        is_admin = isinstance(member, ChatMemberOwner | ChatMemberAdministrator)
        return _place(found, why_not(member, found), is_admin=is_admin)


def why_not(member: ChatMember, chat: ChatFullInfo) -> str:
    """Why the bot may not post; "": it may."""
    match member:
        case ChatMemberOwner():
            return ""
        case ChatMemberAdministrator():
            is_barred = chat.type == "channel" and not member.can_post_messages
            return "it is an administrator without the right to post" if is_barred else ""
        case ChatMemberRestricted():
            return "" if member.is_member and member.can_send_messages else "it is restricted there"
        case ChatMemberMember():
            can_all = chat.permissions is None or chat.permissions.can_send_messages is not False
            return "" if can_all else "only administrators may write there"
    return "it was removed from there" if member.status == "kicked" else "it is not in there"


def _place(chat: ChatFullInfo, reason: str, *, is_admin: bool = False) -> Place:
    return Place(
        id=chat.id,
        title=chat.title or chat.full_name or chat.username or str(chat.id),
        kind=chat.type,
        is_forum=bool(chat.is_forum),
        may_post=not reason,
        why_not=reason,
        is_admin=is_admin,
    )
