"""A card for programs (the webhook): the same as values with names. Pure.

The text of a post that was taken back is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import card_steps, duties
from bot.oneline import link

if TYPE_CHECKING:
    from bot.oncall import Duty
    from bot.records import CardState


def of(state: CardState, *, status: str, draft: str | None, duty: Duty | None) -> dict[str, object]:
    """`status` and `draft` as they stand on the card; `duty`: who is on call for what nobody has yet."""
    post, verdict = state.mention.post, state.verdict
    return {
        "event": "alert",
        "mention_id": state.mention_id,
        "conversation_id": state.conversation.id,
        "brand": state.mention.brand,
        "platform": post.platform,
        "kind": state.mention.kind.value,
        "state": state.conversation.state.value,
        "status": status,
        "urgency": state.urgency.label,
        "score": verdict.score,
        "route": verdict.route,
        "persona": state.persona,
        "tags": list(verdict.tags),
        "rules": [fired.rule for fired in verdict.fired],
        "draft": draft,
        "lang": state.facts.lang,
        "author": _author(state),
        "text": None if state.post_deleted else post.text,
        "url": None if state.post_deleted else link(post.url),
        "claimed_by": state.conversation.claimed_by,
        "is_deleted": state.post_deleted,
        "on_call": duty.person if duty else None,
        "asked": list(card_steps.called(state)),
        **_times(state, duty),
    }


def _author(state: CardState) -> dict[str, object]:
    author, facts = state.author, state.facts
    return {
        "id": state.mention.post.author_id,
        "handle": state.handle,
        "name": state.name,
        "followers": author.followers if author else facts.followers,
    }


def _times(state: CardState, duty: Duty | None) -> dict[str, object]:
    ask = state.ask
    times = {
        "posted_at": state.mention.post.posted_at,
        "due_at": ask.due_at if ask else None,
        "calendar_due_at": ask.calendar_due_at if ask else None,
        "answered_at": ask.answered_at if ask else None,
        "on_call_until": duties.end(duty),
    }
    return {name: at.isoformat() if at else None for name, at in times.items()}
