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
    "incident.to_answer": "To answer all of them at once, reply to this card with the text.",
    "share.text": "For all, by {name}:",
    "share.to": {
        "=0": "Nobody is left to whom it could go.",
        "one": "It could go to {count} person, by name. Nothing is published before you say so twice.",
        "other": "It could go to {count} people, each by name. Nothing is published before you say so twice.",
    },
    "share.drafts": {
        "one": "{count} answer waits for approval (each stands with its conversation on the page).",
        "other": "{count} answers wait for approval (each stands with its conversation on the page).",
    },
    "share.progress": "{published} of {count} published, {under_way} on their way, {refused} not published",
    "share.kept": "Kept; nothing is published. The card says how many it could go to.",
    "share.prepared": "{count} answers are prepared, {left} could not be. Nothing is published yet.",
    "share.published": "{count} answers are approved and go out one after another, {left} are not.",
    "share.stopped": "Stopped: {count} answers stay unpublished.",
    "share.outdated": "That is out of date: please look at the card again.",
    "share.under_way": "Answers are on their way: stop them first.",
    "share.unknown_field": "There is no field {{{field}}}, only author.name, author.handle, brand, link.",
    "button.all_use": "Answer all with the prepared text",
    "button.all_edit": "Answer all",
    "button.all_prepare": "Prepare {number} answers",
    "button.all_publish": "Publish {number} answers",
    "button.all_stop": "Stop",
}
