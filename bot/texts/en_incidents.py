"""English: incidents, and one answer for all who are in one."""

from __future__ import annotations

from bot.texts.language import Message

INCIDENTS: dict[str, Message] = {
    "incident.runs": "Incident · {posts} since {since} · {route}",
    "incident.ended": "Ended · {posts}, {answered}, {open} · {when} · {route}",
    "incident.posts": {"one": "{count} post", "other": "{count} posts"},
    "incident.authors": {"one": "{count} author", "other": "{count} authors"},
    "incident.on": "{platform} {count}",
    "incident.lately": {
        "=0": "none in the last minute",
        "one": "{count} in the last minute",
        "other": "{count} in the last minute",
    },
    "incident.critical": {
        "one": "{count} critical (has a card of its own)",
        "other": "{count} critical (each has a card of its own)",
    },
    "incident.open": {"=0": "none open", "one": "{count} open", "other": "{count} open"},
    "incident.answered": {"=0": "none answered", "one": "{count} answered", "other": "{count} answered"},
    "incident.stands": "Conversations: {open}, {answered}",
    "incident.first": "First:",
    "incident.urgent": "Most urgent, most followed:",
    "incident.waiting": "Still to be answered:",
}
