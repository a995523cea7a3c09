"""The subscriptions of the activity stream, kept as the configuration wants them.

`/2/activity/subscriptions` (https://docs.x.com/x-api/activity/introduction): which kinds of events are told
of which account. What is said to an account is private to it: so it subscribes itself, as the account; they
are listed and ended as the app. Ours bear our tag; whatever bears another one, or none, is somebody else's.
Limits: 500 requests in 15 minutes, 1,500 subscriptions. Knows no event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.errors import Unauthorized

if TYPE_CHECKING:
    from connectors.x.own import Me, Own

PATH = "/2/activity/subscriptions"
MENTIONED, QUOTED = "post.mention.create", "post.quote.create"
RECEIVED, SENT = "dm.received", "dm.sent"
MAY_LACK = frozenset({QUOTED})
"""What not every app is let subscribe to, and nothing depends on."""
_REFUSED = frozenset({400, 403})


class Filter(msgspec.Struct, frozen=True):
    user_id: str = ""


class Subscription(msgspec.Struct, frozen=True):
    subscription_id: str
    event_type: str = ""
    filter: Filter = Filter()
    tag: str | None = None


class Listed(msgspec.Struct, frozen=True):
    data: tuple[Subscription, ...] = ()


async def keep_subscriptions(own: Own, me: Me, wanted: tuple[str, ...]) -> None:
    """Raises: Unavailable, Refused (Unauthorized: the app is not let in)."""
    tag = f"outcare @{own.handle}"
    known = (await own.app.read("GET", PATH, Listed)).data
    theirs = {one.event_type for one in known if one.filter.user_id == me.id and one.tag != tag}
    ours = [one for one in known if one.filter.user_id == me.id and one.tag == tag]
    there = theirs | {one.event_type for one in ours}
    for kind in wanted:
        if kind not in there:
            await _subscribe(own, {"event_type": kind, "filter": {"user_id": me.id}, "tag": tag})
    for one in ours:
        if one.event_type not in wanted:
            answer = await own.app.ask("DELETE", f"{PATH}/{one.subscription_id}")
            if answer.status not in {200, 404}:
                raise answer.error()


async def _subscribe(own: Own, body: dict[str, object]) -> None:
    answer = await own.api.write("POST", PATH, body)
    kind = str(body["event_type"])
    if 200 <= answer.status < 300 or (answer.status in _REFUSED and kind in MAY_LACK):
        return
    if answer.status in _REFUSED:
        message = f"{own.api.host} does not let this account subscribe to {kind} ({answer.status})"
        raise Unauthorized(f"{message}: set x: activity: false, or see the app's permissions")
    raise answer.error()
