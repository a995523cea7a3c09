"""English: the language that every other one is measured by."""

from __future__ import annotations

from bot.texts.catalogue import Texts
from bot.texts.en_answers import ANSWERS
from bot.texts.en_page import PAGE
from bot.texts.language import Language, Message

_STAFF: dict[str, Message] = {
    # dates, times, lists
    "time.today": "{clock}",
    "time.this_week": "{weekday} {clock}",
    "time.this_year": "{weekday} {day} {month} {clock}",
    "time.another_year": "{weekday} {day} {month} {year} {clock}",
    "time.in_zone": "{time} {zone}",
    "time.from_to": "{start}–{end}",
    "due.answer_by": "answer by {at}",
    "due.overdue": "overdue since {at}",
    "list.comma": ", ",
    "list.semicolon": "; ",
    "text.quoted": "“{text}”",
    # buttons
    "button.claim": "Claim",
    "button.release": "Release",
    "button.reopen": "Open again",
    "button.dismiss": "Dismiss",
    "button.more": "More…",
    "button.less": "Back",
    "button.right": "Right",
    "button.not_about_us": "Not about us",
    "button.spam": "Spam",
    "button.too_high": "Too high",
    "button.too_low": "Too low",
    "button.why": "Why",
    # cards
    "urgency.critical": "CRITICAL",
    "urgency.high": "HIGH",
    "urgency.normal": "NORMAL",
    "urgency.low": "LOW",
    "card.open": "open",
    "card.deleted": "Deleted by its author",
    "card.claimed": "Claimed by {name}",
    "card.claimed_at": "Claimed by {name} {at}",
    "card.answered": "Answered",
    "card.answered_after": "Answered after {duration}",
    "card.dismissed": "Dismissed",
    "card.snoozed": "Snoozed",
    "card.still_open": "Still open",
    "card.rang_again": "Rang again {at}, see the card below",
    "card.draft": "Prepared answer, to copy:",
    "card.open_post": "Open the post",
    "card.unknown_author": "unknown author",
    "card.text_gone": "The author took this post back; its text is no longer shown.",
    "card.followers": {"one": "{count} follower", "other": "{count} followers"},
    "card.since": "since {month} {year}",
    "card.nth_message": {
        "one": "{nth}st message",
        "two": "{nth}nd message",
        "few": "{nth}rd message",
        "other": "{nth}th message",
    },
    "card.earlier": {
        "one": "{count} earlier conversation",
        "other": "{count} earlier conversations",
    },
    "card.in_reply": "↳ in reply to {text}",
    "card.in_reply_to": "↳ in reply to {author}: {text}",
    "card.why": "Why: {reasons}",
    "why.no_rule": "no rule fired",
    "concerns.mention": "mentions {brand}",
    "concerns.reply": "reply to {brand}",
    "concerns.quote": "quotes {brand}",
    "concerns.dm": "message to {brand}",
    "concerns.review": "review of {brand}",
    "concerns.comment": "comment about {brand}",
    "concerns.post": "about {brand}",
    # digests and what was missed
    "digest.headline": {
        "one": "{count} quieter mention · {route}",
        "other": "{count} quieter mentions · {route}",
    },
    "digest.row": "{urgency} · {platform} · {author}: {text}",
    "digest.rest": "… and {count} more: outcare inbox",
    "group.headline": {
        "=0": "nothing open any more · {route}",
        "one": "{count} alert · {route}",
        "other": "{count} alerts that belong together · {route}",
    },
    "caught_up.headline": "Caught up {when}: {mentions}, {waiting}",
    "caught_up.mentions": {"one": "{count} mention", "other": "{count} mentions"},
    "caught_up.still_waiting": {
        "=0": "none still wait for an answer",
        "one": "{count} still waits for an answer",
        "other": "{count} still wait for an answer",
    },
    "caught_up.waiting": "Waiting: {counts}",
    "waiting.critical": "{count} critical",
    "waiting.high": "{count} high",
    "waiting.normal": "{count} normal",
    "waiting.low": "{count} low",
    # coverage
    "coverage.not_heard_of": "not heard of yet",
    "coverage.not_listening": "not listening since {since} ({reason})",
    "coverage.behind": "catching up, {duration} behind",
    # answers to presses
    "press.claimed": "Yours. The clock is running.",
    "press.already_yours": "You already have it.",
    "press.dismissed": "Dismissed.",
    "press.released": "Released. It is open for everybody.",
    "press.reopened": "It is open again.",
    "press.nobody_has_it": "Nobody has it.",
    "press.not_dismissed": "It is not dismissed.",
    "press.noted": "Noted. The rules will be measured by it.",
    "press.stale": "This button is too old: what it belongs to is no longer known.",
    "press.reply": "Nothing was published: this message takes no reply.",
    "press.taken": "Somebody else has it.",
    "press.taken_by": "{name} has it.",
    "press.closed_answered": "It was answered already.",
    "press.closed_dismissed": "It was dismissed already.",
    "press.not_staff": "You are not in the list of people. Ask for this to be added: {identity}",
    "press.why": "{urgency}, {points}: {reasons}",
    "press.why_ignored": "Ignored by the rules, {points}: {reasons}",
    "why.moved_by": "{evidence}: {words}",
    "press.points": {"one": "{count} point", "other": "{count} points"},
    # commands
    "command.unknown": "This is no command. All there are: /help",
    "command.rules_usage": "Say it like this: /rules status",
    "command.rules": {
        "one": "{count} rule, version {version}, in use since {since}.",
        "other": "{count} rules, version {version}, in use since {since}.",
    },
    "command.reload_ok": "The files and these rules are the same, as far as was read.",
    "command.reload_refused": "Only ops and leads may reload.",
    "command.needs_restart": "Waits for a restart: {keys}",
    "command.silence_usage": (
        "Say it like this: /silence rule NAME 8h why (or: /silence rule NAME off). Until then the rule counts"
        " for nothing, criticals included."
    ),
    "command.silence_refused": "Only leads and ops may silence a rule. Ask one of them.",
    "command.silence_length": "“{text}” is no time between {least} and {most}. Write it like 30m, 8h or 2d.",
    "command.silence_reason": "Say why as well: /silence rule {rule} {length} why",
    "command.no_such_rule": "There is no rule “{rule}”.",
    "command.no_such_rule_but": "There is no rule “{rule}”. Did you mean “{near}”?",
    "command.silenced": "Silenced. {silence}\nTo end it: /silence rule {rule} off",
    "command.silenced_by": "{name} silenced a rule. {silence}",
    "command.silence_line": "{rule} counts for nothing until {until} ({name}: {reason})",
    "command.silences_none": "No rule is silenced.",
    "command.not_silenced": "“{rule}” is not silenced.",
    "command.lifted": "“{rule}” counts again.",
    "command.lifted_by": "{name} ended a silence: “{rule}” counts again.",
    # what staff asks
    "help.inbox": "what is open, the most urgent first",
    "help.mine": "what you have claimed",
    "help.who": "who has what",
    "help.why": "as a reply to a card, or with an id: which rules made it what it is",
    "help.stats": "today in numbers",
    "help.catchup": "what happened since you last did something",
    "help.rules": "rules status: which rules are in use",
    "help.silence": "silence a rule for a while (leads and ops)",
    "help.silences": "which rules are silenced",
    "help.reload": "read words and rules now (leads and ops)",
    "help.help": "this list",
    "inbox.none": "Nothing is open.",
    "inbox.headline": {"one": "{count} conversation is open:", "other": "{count} conversations are open:"},
    "mine.none": "You have nothing in hand.",
    "mine.headline": {"one": "You have {count} conversation:", "other": "You have {count} conversations:"},
    "who.none": "Nobody has anything in hand.",
    "who.headline": "{name}: {count}",
    "rows.rest": "… and {count} more",
    "stats.mentions": {"one": "Today: {count} mention", "other": "Today: {count} mentions"},
    "stats.alerts": {"one": "{count} alert", "other": "{count} alerts"},
    "stats.none_answered": "None answered",
    "stats.answered": "{count} answered, median {median} (n = {n})",
    "stats.longest": "The longest wait: {duration}",
    "stats.nobody": "Nobody waits.",
    "catchup.since": "Since you last acted ({at}):",
    "catchup.first": "You have not acted yet. Since {at}:",
    "catchup.nothing": "nothing new",
    "catchup.handled": "{counted}, handled by: {names}",
    "catchup.by": "{name} ({count})",
    "catchup.by_nobody": "nobody in particular ({count})",
    "catchup.waiting": {
        "=0": "none wait for somebody to take them",
        "one": "{count} waits for somebody to take it",
        "other": "{count} wait for somebody to take them",
    },
    "whynow.usage": "Write /why as a reply to a card, or /why with the id of a mention.",
    "whynow.unknown": "I know no such mention.",
    "trace.ignored": "Ignored by the rules, {points}",
    "trace.rules": "Rules {version}",
    # notices
    "notice.channel_refused": (
        "{channel} refuses our messages: {cause}\nIts alerts come here until that is mended."
    ),
    "notice.account_refused": "{platform} does not let our account publish: {cause}",
    "notice.feed_failed": (
        "Buttons on {feed} do not reach us: {cause}\nPresses wait there until that is mended."
    ),
    "notice.rules_not_loaded": "rules NOT loaded:",
    "notice.settings_not_loaded": "{file} NOT loaded:",
    "notice.tests_fail": "a test in the rules fails:",
    "notice.still_running": "still running {version} from {time}",
    "notice.runs_all_the_same": "{version} runs all the same",
    "notice.rules_loaded": "rules loaded: {version}",
    "notice.settings_loaded": "{file} and the rules loaded: {version}",
    "notice.more_problems": "and {count} more",
    # trying a chat
    "test.headline": "Outcare reaches this chat",
    "test.what_comes": "Cards about {brand} will come here: who wrote, what, and by when to answer.",
    "test.nothing_to_do": "Nobody has to do anything about this one.",
    # setting up a chat: the first words are the configuration's keys
    "ids.chat": "chat: {chat}",
    "ids.thread": "thread: {thread}",
    "ids.person": "your id: {person}",
}


def plural(number: int) -> str:
    return "one" if number == 1 else "other"


def ordinal(number: int) -> str:
    """1st, 22nd, 3rd, 4th, 11th: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html."""
    if number % 100 in {11, 12, 13}:
        return "other"
    return {1: "one", 2: "two", 3: "few"}.get(number % 10, "other")


ENGLISH = Texts(
    Language(
        code="en",
        messages=_STAFF | ANSWERS | PAGE,
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        plural=plural,
        ordinal=ordinal,
        units={"d": "{count}d", "h": "{count}h", "m": "{count}m", "s": "{count}s"},
        group=",",
        grouped_from=1000,
    )
)
