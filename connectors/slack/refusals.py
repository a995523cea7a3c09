"""What Slack's answers ask of us. Pure.

https://docs.slack.dev/apis/web-api#responses: an error is a word in an answer of status 200; only rate limits
and trouble of the platform are statuses (https://docs.slack.dev/apis/web-api/rate-limits). Knows no method.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.refusals import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_WORD = re.compile(r"[a-z][a-z0-9_]{1,60}\Z")
_TOKEN = frozenset({
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
    "not_allowed_token_type", "no_permission", "org_login_required", "ekm_access_denied", "access_denied",
    "team_access_not_granted", "two_factor_setup_required", "invalid_app_id", "socket_mode_disabled",
})  # fmt: skip
_NOT_NOW = frozenset({
    "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
    "accesslimited", "external_channel_migrating", "migration_in_progress",
})  # fmt: skip
_PACE = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_GONE = frozenset({
    "channel_not_found", "message_not_found", "thread_not_found", "user_not_found", "users_not_found",
    "not_found", "view_not_found",
})  # fmt: skip
_BARRED = frozenset({
    "not_in_channel", "is_archived", "user_not_in_channel", "channel_is_limited_access", "cannot_dm_bot",
    "cant_update_message", "edit_window_closed", "messages_tab_disabled", "is_inactive",
})  # fmt: skip
_DO = {
    "channel_not_found": "it does not exist, or is private and the bot is not in it: /invite the bot there",
    "not_in_channel": "/invite the bot there",
    "is_archived": "the channel is archived: open it again, or name another one",
}


def read(status: int, headers: Mapping[str, str], payload: bytes, now: datetime) -> dict[str, Any]:
    """The answer as Slack means it, be it a refusal. Raises: Unavailable."""
    wait = retry_after(headers, now)
    if status == 429:
        raise Unavailable("Slack asks us to wait", reason=Reason.RATE_LIMITED, retry_after=wait)
    if status >= 500:
        raise Unavailable(f"Slack answers {status}", reason=Reason.SERVER, retry_after=wait)
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise Unavailable(f"this is not Slack's Web API (status {status})", reason=Reason.PROTOCOL)
    return answer


def meaning(answer: Mapping[str, Any]) -> BotError:
    """What the caller of a refused request does next."""
    given = answer.get("error")
    word = given if isinstance(given, str) and _WORD.match(given) else "an error without a name"
    if word == "missing_scope":
        return Unauthorized(_no_scope(answer), reason=Reason.FORBIDDEN)
    if word in _TOKEN:
        return Unauthorized(f"Slack does not take our token any more, or never did: {word}")
    if word in _PACE:
        return Unavailable("Slack asks us to wait", reason=Reason.RATE_LIMITED)
    if word in _NOT_NOW:
        return Unavailable(f"Slack: {word}", reason=Reason.SERVER)
    said = f"Slack: {word}" + (f" ({_DO[word]})" if word in _DO else "")
    if word in _GONE:
        return Rejected(said, reason=Reason.NOT_FOUND)
    is_barred = word in _BARRED or word.startswith("restricted_action")
    return Rejected(said, reason=Reason.FORBIDDEN if is_barred else Reason.INVALID)


def _no_scope(answer: Mapping[str, Any]) -> str:
    needed = answer.get("needed")
    scopes = needed if isinstance(needed, str) and re.fullmatch(r"[a-z:._, -]{1,200}", needed) else "a scope"
    return f"Slack: the app lacks {scopes} (OAuth & Permissions; then install it again)"
