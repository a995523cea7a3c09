"""The demo's Mastodon server and its X: who has an account there, and how a text of the day gets onto them.

Knows both by the fakes of `bot.testing` and their documents; imports no connector. The brand's own
accounts are there too, with secrets that open nothing but these fakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.testing.mastodon_server import MastodonServer
from bot.testing.x_server import Keys, XServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.demo.day import Member

DOMAIN = "wheels.example"
_X_BEGAN = 1_288_834_974_657
"""Milliseconds since 1970, from which ids of X count."""
TOKEN = "demo-demo-demo"  # noqa: S105 - opens nothing but the fake


def mastodon_server() -> MastodonServer:
    return MastodonServer(domain=DOMAIN)


def fill_mastodon(server: MastodonServer, ours: str, cast: Mapping[str, Member]) -> None:
    for key, member in cast.items():
        about = {
            "display_name": member.name,
            "note": f"<p>{member.bio}</p>",
            "followers_count": member.followers,
        }
        server.world.account(key, **about)
    server.sign_in(TOKEN, ours)


def mastodon_variables(server: MastodonServer, ours: str) -> dict[str, str]:
    return {
        "OUTCARE_MASTODON__SERVER": server.url,
        "OUTCARE_MASTODON__HANDLE": f"{ours}@{DOMAIN}",
        "OUTCARE_MASTODON__TOKEN": TOKEN,
    }


def post_on_mastodon(
    server: MastodonServer, ours: str, by: str, text: str, below: str | None, at: datetime
) -> tuple[str, str]:
    """The id and where people find it. Somebody else's is told to the brand, which it names."""
    more = {"parent": below, "at": at}
    made = server.world.post(by, text, **more) if by == ours else server.ask(text, by=by, **more)
    return made, str(server.world.entity(server.world.statuses[made])["url"])


def x_server(ours: str) -> XServer:
    server = XServer()
    server.owner = ours
    server.keys = Keys(
        consumer_key="demo",
        consumer_secret="demo",  # noqa: S106 - of nobody
        token=f"{server.owner_id}-demo",
        token_secret="demo",  # noqa: S106 - of nobody
    )
    return server


def x_variables(server: XServer) -> dict[str, str]:
    keys = server.keys
    return {
        "OUTCARE_X__HANDLE": server.owner,
        "OUTCARE_X__API": server.url,
        "OUTCARE_X__CONSUMER_KEY": keys.consumer_key,
        "OUTCARE_X__CONSUMER_SECRET": keys.consumer_secret,
        "OUTCARE_X__ACCESS_TOKEN": keys.token,
        "OUTCARE_X__ACCESS_TOKEN_SECRET": keys.token_secret,
    }


def post_on_x(server: XServer, by: str, text: str, below: str | None, at: datetime) -> tuple[str, str]:
    """The id and where a card leads. Ids tell the time: https://docs.x.com/fundamentals/x-ids."""
    world = server.world
    world.next_id = max(world.next_id, (int(at.timestamp() * 1000) - _X_BEGAN) << 22)
    made = server.world.post(by, text, at=at, parent=below)
    return made, f"https://x.com/i/web/status/{made}"
