"""A briefing for programs: what `outcare catchup --json` and `/api/catchup` say. Pure; no wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import incident_cards
from bot.oneline import link

if TYPE_CHECKING:
    from datetime import datetime

    from bot.briefing import Briefing, Running, Share
    from bot.catchup import Since
    from bot.overview import Row, Rows


def data(briefing: Briefing, since: Since, *, until: datetime) -> dict[str, object]:
    """Times stay times: whoever writes them down knows how."""
    return {
        "person": briefing.person,
        "since": briefing.since,
        "why": since.why.value,
        "until": until,
        "mine": _rows(briefing.mine),
        "urgent": _rows(briefing.urgent),
        **_running(briefing.running),
        "missed": {**_rows(briefing.missed), "open": briefing.still_missed},
        "answered": [
            {"person": person, "count": count}
            for person, count in sorted(briefing.handled.items(), key=lambda one: -one[1])
        ],
        "mentions": _share(briefing.mentions),
        "topics": [{"name": one.name, **_share(one)} for one in briefing.topics],
        "platforms": [{"name": one.name, **_share(one)} for one in briefing.platforms],
    }


def _running(running: Running) -> dict[str, object]:
    return {
        "incidents": [incident_cards.data(one.incident) for one in running.bursts],
        "more_incidents": running.more_bursts,
        "gaps": [
            {"source": one.source, "from": one.started_at, "to": one.ended_at, "reason": one.reason}
            for one in running.gaps
        ],
        "more_gaps": running.more_gaps,
        "silences": [
            {
                "scope": one.scope.value,
                "name": one.name,
                "until": one.until,
                "person": one.person,
                "reason": one.reason,
            }
            for one in running.silences
        ],
        "paused_since": running.paused.since if running.paused else None,
    }


def _rows(found: Rows) -> dict[str, object]:
    return {"count": found.count, "rows": [_row(one) for one in found.rows]}


def _row(row: Row) -> dict[str, object]:
    one = row.listed
    return {
        "conversation": one.conversation,
        "mention_id": one.mention_id,
        "platform": one.platform,
        "urgency": one.urgency.label,
        "state": one.state.value,
        "claimed_by": one.claimed_by,
        "due_at": one.due_at,
        "author": one.handle or one.author_id,
        "text": None if one.is_deleted else one.text or one.title,
        "url": None if one.is_deleted else link(one.url),
    }


def _share(share: Share) -> dict[str, object]:
    return {"count": share.count, "usual": share.usual}
