"""The one catalogue of the texts that people see: on cards, in answers to presses, in notices. English.

Knows how things are said, not when: every function takes values and gives back text. It knows no channel's
markup. Names of days and months are written here, because `strftime` would follow the machine's locale.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from bot import duration
from bot.model import ConversationState, Kind, Urgency
from bot.staff import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from bot.model import Verdict

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

BUTTONS = {
    Verb.CLAIM: "Claim",
    Verb.DISMISS: "Dismiss",
    Verb.MORE: "More…",
    Verb.LESS: "Back",
    Verb.NOT_ABOUT_US: "Not about us",
    Verb.TOO_HIGH: "Too high",
    Verb.TOO_LOW: "Too low",
    Verb.WHY: "Why",
}

# --- dates and times ----------------------------------------------------------------------------


def time_of_day(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`14:35`; `Mon 14:35` when not today in `zone`, the date from a week off, the year if another.

    Minutes are cut off, never rounded up: a promise shown is not later than the promise made.
    """
    local, today = at.astimezone(zone), now.astimezone(zone)
    return f"{_day(local, today)}{local.hour:02}:{local.minute:02}"


def _day(local: datetime, today: datetime) -> str:
    days = abs((local.date() - today.date()).days)
    if days == 0:
        return ""
    weekday = _DAYS[local.weekday()]
    if days < 7:
        return f"{weekday} "
    year = "" if local.year == today.year else f" {local.year}"
    return f"{weekday} {local.day} {_MONTHS[local.month - 1]}{year} "


def time_in_zone(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`14:35 CET`; zones without a name of their own as `14:35 UTC-03`."""
    name = at.astimezone(zone).tzname() or "UTC"
    label = name if name[0].isalpha() else f"UTC{name}"
    return f"{time_of_day(at, now=now, zone=zone)} {label}"


def answer_by(due_at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`answer by 14:35 CET`, then `overdue since 14:35 CET`: never a countdown, for nobody redraws a card."""
    words = "overdue since" if now.astimezone(UTC) > due_at.astimezone(UTC) else "answer by"
    return f"{words} {time_in_zone(due_at, now=now, zone=zone)}"


def since(created_at: datetime, zone: ZoneInfo) -> str:
    local = created_at.astimezone(zone)
    return f"since {_MONTHS[local.month - 1]} {local.year}"


# --- on cards -----------------------------------------------------------------------------------

IS_DELETED = "Deleted by its author"
IS_ANSWERED = "Answered"
IS_DISMISSED = "Dismissed"
IS_SNOOZED = "Snoozed"
OPEN_POST = "Open the post"
UNKNOWN_AUTHOR = "unknown author"
TEXT_GONE = "The author took this post back; its text is no longer shown."


def urgency(level: Urgency) -> str:
    return level.label.upper()


def quoted(text: str) -> str:
    return f"“{text}”"


def claimed_by(name: str, at: str | None) -> str:
    return f"Claimed by {name} {at}" if at else f"Claimed by {name}"


def answered_after(started_at: datetime, answered_at: datetime) -> str:
    """Elapsed time, counted in UTC: wall clocks of one zone are an hour off when the clocks change."""
    return f"Answered after {duration.show(answered_at.astimezone(UTC) - started_at.astimezone(UTC))}"


def platform(name: str) -> str:
    return name[:1].upper() + name[1:]


def concerns(kind: Kind, brand: str) -> str:
    """How the post concerns the brand: `reply to acme`, `mentions acme`."""
    words = {
        Kind.MENTION: "mentions",
        Kind.REPLY: "reply to",
        Kind.QUOTE: "quotes",
        Kind.DM: "message to",
        Kind.REVIEW: "review of",
        Kind.COMMENT: "comment about",
        Kind.POST: "about",
    }
    return f"{words[kind]} {brand}"


def followers(count: int) -> str:
    return "1 follower" if count == 1 else f"{count:,} followers"


def ordinal(number: int) -> str:
    special = {1: "st", 2: "nd", 3: "rd"}
    suffix = "th" if number % 100 in {11, 12, 13} else special.get(number % 10, "th")
    return f"{number}{suffix}"


def nth_message(number: int) -> str:
    return f"{ordinal(number)} message"


def earlier(conversations: int) -> str:
    return "1 earlier conversation" if conversations == 1 else f"{conversations} earlier conversations"


def in_reply_to(author: str, text: str) -> str:
    return f"↳ in reply to {author}: {quoted(text)}" if author else f"↳ in reply to {quoted(text)}"


def why_alerted(reasons: Iterable[str]) -> str:
    said = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    return f"Why: {said}" if said else "Why: no rule fired"


# --- digests ------------------------------------------------------------------------------------


def digest(count: int, route: str) -> str:
    return f"{count} quieter mention{'' if count == 1 else 's'} · {route}"


def digest_row(level: Urgency, where: str, author: str, text: str) -> str:
    return f"{urgency(level)} · {platform(where)} · {author}: {quoted(text)}"


def digest_rest(count: int) -> str:
    return f"… and {count} more: outcare inbox"


def caught_up(start: str, end: str, count: int, waiting: int) -> str:
    """`Caught up 09:12–12:05: 200 mentions, 12 still wait for an answer`."""
    when = start if start == end else f"{start}–{end}"
    verb = "waits" if waiting == 1 else "wait"
    mentions = f"{count} mention{'' if count == 1 else 's'}"
    return f"Caught up {when}: {mentions}, {waiting or 'none'} still {verb} for an answer"


def waiting(counts: Mapping[Urgency, int]) -> str:
    """`Waiting: 2 critical, 9 high`, most urgent first."""
    told = (f"{counts[level]} {level.label}" for level in sorted(counts, reverse=True))
    return f"Waiting: {', '.join(told)}"


# --- coverage -----------------------------------------------------------------------------------


def not_listening(since: str, reason: str) -> str:
    """An outage that lasts: `not listening since 09:12 CET (connection)`."""
    return f"not listening since {since} ({reason})"


def behind(length: timedelta) -> str:
    return f"catching up, {duration.show(length)} behind"


# --- answers to presses: a toast holds 200 characters on Telegram -----------------------------------

CLAIMED = "Yours. The clock is running."
ALREADY_YOURS = "You already have it."
DISMISSED = "Dismissed."
FEEDBACK_NOTED = "Noted. The rules will be measured by it."
STALE_BUTTON = "This button is too old: what it belongs to is no longer known."


def taken(name: str) -> str:
    """What the loser of a race for a claim is told."""
    return f"{name} has it." if name else "Somebody else has it."


def closed(state: ConversationState) -> str:
    """Why nothing can be done any more."""
    return f"It was {state.value} already."


def not_staff(identity: str) -> str:
    return f"You are not in the list of people. Ask for this to be added: {identity}"


def why(verdict: Verdict) -> str:
    """What the button Why tells: `CRITICAL, 85 points: refund complaint +40 (refund, waiting); …`."""
    reasons = "; ".join(
        _reason(fired.why or fired.rule, fired.points, fired.evidence) for fired in verdict.fired
    )
    points = "1 point" if verdict.score == 1 else f"{verdict.score} points"
    return f"{urgency(verdict.urgency)}, {points}: {reasons or 'no rule fired'}"


def _reason(said: str, points: int, evidence: tuple[str, ...]) -> str:
    score = f" {points:+}" if points else ""
    words = f" ({', '.join(evidence[:3])})" if evidence else ""
    return f"{said}{score}{words}"


# --- notices ------------------------------------------------------------------------------------


def channel_refused(channel: str, cause: str) -> str:
    """Told once on a channel that works: the other one is dead until a person acts."""
    return f"{channel} refuses our messages: {cause}\nIts alerts come here until that is mended."


def feed_failed(feed: str, cause: str) -> str:
    """Told once on another channel: cards still come, their buttons do nothing."""
    return f"Buttons on {feed} do not reach us: {cause}\nPresses wait there until that is mended."


# --- setting up a chat --------------------------------------------------------------------------


def your_ids(chat: int, person: int, thread: int | None) -> str:
    """What a bot says to /id: what to write into the configuration."""
    lines = [f"chat: {chat}"]
    if thread is not None:
        lines.append(f"thread: {thread}")
    return "\n".join([*lines, f"your id: {person}"])
