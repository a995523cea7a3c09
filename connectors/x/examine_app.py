"""What `outcare doctor` learns of the app on X: whether it may stream, and ask what is gone; of messages too.

Lists the stream's rules (https://docs.x.com/x-api/stream/get-stream-rules) and the jobs of compliance, which
costs nothing, and where they are wanted the newest direct message, which costs as much as one. Changes
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError, Reason, Unauthorized
from bot.findings import fine, mend, note
from connectors.x.app import TOKEN
from connectors.x.deletions import JOBS, Jobs
from connectors.x.messages_inbox import EVENTS, NAME, Purchase, read_page
from connectors.x.rules_in_step import RULES, Listed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.findings import Finding
    from connectors.x.account import AccountSettings
    from connectors.x.own import Own

_STREAM, _GONE, _PRIVATE = "x streams", "x deletions", "x messages"
_TOKEN_OF_THIS_APP = f"set {TOKEN} to the bearer token of this very app"
_CONSOLE = "see the app's plan and permissions in the developer console"


async def examine_app(own: Own, account: AccountSettings) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    if account.bearer_token is None:
        says = "there is no bearer token: nothing is streamed, and nobody asks which stored posts are gone"
        yield note(_GONE, says, f"set {TOKEN} to the app's bearer token (docs/connectors/x.md)")
    else:
        yield await _streams(own)
        yield await _deletions(own)
    if account.direct_messages:
        yield await _messages(own)


async def _streams(own: Own) -> Finding:
    try:
        rules = (await own.app.read("GET", RULES, Listed)).data
    except BotError as error:
        return _failed(_STREAM, error)
    ours = sum(one.tag == f"outcare @{own.handle}" for one in rules)
    return fine(
        _STREAM,
        f"the app may stream; of its rules there, {ours} are Outcare's and {len(rules) - ours} are not",
    )


async def _deletions(own: Own) -> Finding:
    try:
        await own.app.read("GET", JOBS, Jobs, {"type": "tweets"})
    except BotError as error:
        return _failed(_GONE, error)
    return fine(_GONE, "the app may ask which stored posts are gone")


async def _messages(own: Own) -> Finding:
    try:
        await read_page(own, EVENTS, {"max_results": "1"}, Purchase(NAME))
    except BotError as error:
        if error.reason is Reason.FORBIDDEN:
            do = "give the app Read and write and Direct message, then make the access token anew"
            return mend(_PRIVATE, f"the account may not read its direct messages: {error}", do)
        return _failed(_PRIVATE, error, _CONSOLE)
    return fine(_PRIVATE, "the account may read its direct messages")


def _failed(about: str, error: BotError, credential: str = _TOKEN_OF_THIS_APP) -> Finding:
    if isinstance(error, Unauthorized):
        return mend(about, str(error), "buy credits" if "credits" in str(error) else credential)
    is_passing = error.reason not in {Reason.FORBIDDEN, Reason.UNAUTHORIZED, Reason.INVALID, Reason.NOT_FOUND}
    return mend(about, str(error), "the daemon tries again by itself" if is_passing else _CONSOLE)
