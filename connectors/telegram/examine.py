"""What `outcare doctor` learns from Telegram: whose token it is, which chats take cards, which are heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError, Reason
from bot.findings import fine, mend, note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.findings import Exam, Finding
    from connectors.telegram.about import About, Me
    from connectors.telegram.settings import ChannelSettings

_JOIN = "add the bot to it; to a channel as an administrator"
_PRIVACY = (
    "@BotFather, /setprivacy, Disable, then take the bot out of the group and add it again; or make it an"
    " administrator there"
)
_ADD = "add the bot to the chat (docs/connectors/telegram.md), or pair it anew: outcare init"


async def examine(exam: Exam, api: About) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    try:
        me = await api.me()
    except BotError as error:
        yield _no_bot(error)
        return
    reads = "every message of its groups" if me.reads_all else "only commands and presses, which is enough"
    yield fine("telegram", f"the token is that of @{me.username} ({me.name}); in groups it reads {reads}")
    yield await _updates(api)
    if not exam.channels:
        yield note("telegram", "no channel leads to it yet", "pair a chat: outcare init")
    for name, channel in exam.channels.items():
        yield await _chat(f"telegram:{name}" if name else "telegram", channel, api, me)
    for chat in exam.account.listen if exam.account else ():
        yield await _heard(chat, exam, api, me)


async def _heard(chat: int | str, exam: Exam, api: About, me: Me) -> Finding:
    """Whether the bot hears what is said in a chat: https://core.telegram.org/bots/features#privacy-mode."""
    about = f"telegram listens to {chat}"
    if any(channel.chat == chat for channel in exam.channels.values()):
        says = "cards go to this chat: what your own people say there would count as said about you"
        return mend(about, says, "take it out of `telegram: listen:`")
    try:
        place = await api.place(chat, me.id)
    except BotError as error:
        return mend(about, f"there is no way into it ({error})", _JOIN)
    name = f"{place.kind} “{place.title}”"
    if place.why_not in {"it is not in there", "it was removed from there"}:
        return mend(about, f"@{me.username} is not in the {name}", _JOIN)
    if place.is_admin or me.reads_all:
        return fine(about, f"@{me.username} hears everything in the {name}")
    says = f"privacy mode is on: in the {name} it hears only commands and replies to itself"
    return mend(about, says, _PRIVACY)


def _no_bot(error: BotError) -> Finding:
    if error.reason in {Reason.UNAUTHORIZED, Reason.NOT_FOUND}:
        says, do = (
            "Telegram does not know the token",
            "put a new one of @BotFather's into OUTCARE_TELEGRAM__TOKEN",
        )
        return mend("telegram", says, do)
    return mend("telegram", str(error), "see that this machine reaches api.telegram.org, then try again")


async def _updates(api: About) -> Finding:
    """A webhook takes the presses away: https://core.telegram.org/bots/api#getupdates."""
    try:
        host = await api.webhook_host()
    except BotError as error:
        return mend("telegram presses", str(error), "try again")
    if host:
        do = "take it away: open https://api.telegram.org/bot<token>/deleteWebhook"
        return mend("telegram presses", f"a webhook is set, so that presses go to {host}", do)
    return fine("telegram presses", "no webhook is in the way of reading them")


async def _chat(about: str, channel: ChannelSettings, api: About, me: Me) -> Finding:
    try:
        place = await api.place(channel.chat, me.id)
    except BotError as error:
        if error.reason in {Reason.NOT_FOUND, Reason.FORBIDDEN, Reason.INVALID}:
            return mend(about, f"there is no way into chat {channel.chat} ({error})", _ADD)
        return mend(about, str(error), "try again")
    name = f"{place.kind} “{place.title}”"
    if not place.may_post:
        return mend(about, f"@{me.username} may not post in the {name}: {place.why_not}", _ADD)
    topics = sorted(topic for topic in channel.threads if topic is not None)
    if topics and not place.is_forum:
        says = f"the {name} has no topics, so there is no topic {topics[0]}"
        return mend(about, says, "take `thread` away" if channel.thread in topics else "take `topics` away")
    return fine(
        about, f"cards go to the {name}: @{me.username} is in it and may post; it answers nobody else"
    )
