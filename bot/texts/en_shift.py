"""English: what somebody is told who comes back, begins a shift, or hands one over."""

from __future__ import annotations

from bot.texts.language import Message

SHIFT: dict[str, Message] = {
    "help.catchup": "what happened since your last shift (or: /catchup 8h, /catchup yesterday)",
    "catchup.usage": (
        "Say it like this: /catchup, /catchup 8h, /catchup yesterday, /catchup mon, or a date"
        " of the last 31 days."
    ),
    "catchup.since_shift": "Since your last shift ended ({at}):",
    "catchup.since_act": "Since you last acted ({at}):",
    "catchup.since_first": "You have not acted yet. Since {at}:",
    "catchup.since_asked": "Since {at}:",
    "page.catchup": "Catch up",
    "page.catchup_since": "Since",
    "page.catchup_shift": "Since my last shift",
    "page.catchup_unclear": "Write 8h, today, yesterday, a weekday like mon, or a date of the last 31 days.",
    "catchup.nothing": "nothing new",
    "catchup.mine": {"one": "Yours, and waiting: {count}", "other": "Yours, and waiting: {count}"},
    "catchup.urgent": {
        "one": "Critical or high, and open: {count}",
        "other": "Critical or high, and open: {count}",
    },
    "catchup.incident": "Incident, still running: {posts} by {authors} since {since} · {route} · {open}",
    "catchup.incident_over": "Incident, over: {posts} by {authors}, {when} · {route} · {open}",
    "catchup.gap": "Not listening to {source}: {when} ({reason})",
    "catchup.silence": "{silence}",
    "catchup.missed": {"one": "{count} promise missed", "other": "{count} promises missed"},
    "catchup.missed_open": {
        "one": "{count} promise missed, still open: {open}",
        "other": "{count} promises missed, still open: {open}",
    },
    "catchup.answered": {"one": "{count} answered: {names}", "other": "{count} answered: {names}"},
    "catchup.by": "{name} ({count})",
    "catchup.by_nobody": "nobody in particular ({count})",
    "catchup.quiet": "Quiet: no mentions (usually {usual})",
    "catchup.mentions": {"one": "{count} mention", "other": "{count} mentions"},
    "catchup.topics": "About: {shares}",
    "catchup.platforms": "Where: {shares}",
    "catchup.share": "{name} {count}",
    "catchup.usually": "{share} (usually {usual})",
    "shift.morning": "Good morning, {name}. {since}",
    "shift.on_call": "{name} is on call: {rotation}",
    "shift.on_call_until": "{name} is on call: {rotation}, until {until}",
    "handover.headline": "{rotation}: {before} → {name}",
    "handover.from": "From {name}:",
    "handover.open": {"=0": "Nothing is open", "one": "{count} open", "other": "{count} open"},
    "handover.of_these": "{open}: {counts}",
    "handover.overdue": "{count} overdue",
    "handover.claimed": {
        "one": "{name} has claimed and not answered: {count}",
        "other": "{name} has claimed and not answered: {count}",
    },
    "handover.snoozed": "{count} snoozed",
    "handover.snoozed_until": "{count} snoozed, the first until {until}",
    "handover.since": "Since {at}: {counts}",
    "handover.alerts": {"=0": "no alerts", "one": "{count} alert", "other": "{count} alerts"},
    "handover.answered": "{count} answered",
    "handover.missed": {
        "=0": "no promise missed",
        "one": "{count} promise missed",
        "other": "{count} promises missed",
    },
    "notice.person_refused": (
        "{channel} cannot be written to: {cause}\n"
        "Whoever it is may have to write to us there first. What is for them comes here."
    ),
}
