"""English: the language that every other one is measured by."""

from __future__ import annotations

from bot.texts.catalogue import Texts
from bot.texts.en_answers import ANSWERS
from bot.texts.en_incidents import INCIDENTS
from bot.texts.en_noise import NOISE
from bot.texts.en_on_call import ON_CALL
from bot.texts.en_page import PAGE
from bot.texts.en_shift import SHIFT
from bot.texts.en_silences import SILENCES
from bot.texts.en_steps import STEPS
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
    "button.hand_over": "Hand over",
    "button.snooze": "Snooze",
    "button.elsewhere": "Answered elsewhere",
    "button.urgency": "Urgency",
    "button.persona": "Persona",
    "button.note": "Note",
    "button.undo": "Undo",
    "button.undo_of": "Undo: {verb}",
    "menu.people": "Hand over…",
    "menu.snooze": "Snooze…",
    "menu.reasons": "Dismiss because…",
    "menu.urgency": "Urgency…",
    "menu.persona": "Persona…",
    "menu.feedback": "Was it right?",
    "nap.10m": "10 minutes",
    "nap.1h": "1 hour",
    "nap.morning": "Tomorrow 09:00",
    "nap.reply": "Until they write",
    "reason.no_answer_needed": "Needs no answer",
    "reason.not_for_us": "Not for us",
    "reason.spam": "Spam",
    "reason.duplicate": "Duplicate",
    "reason.other": "Other",
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
    "card.answered_elsewhere": "Answered elsewhere",
    "card.snoozed_until": "Snoozed until {at} by {name}",
    "card.snoozed_until_written": "Snoozed by {name} until they write",
    "card.woken": "Snooze is over",
    "card.still_open": "Still open",
    "card.rang_again": "Rang again {at}, see the card below",
    "card.draft": "Prepared answer, to copy:",
    "suggestion.rule": "Prepared for this rule: {name}",
    "suggestion.library": "Answer {name}, matches by {score} %",
    "suggestion.foreign": "written in another language ({lang})",
    "suggestion.model": "Written by {name}",
    "suggestion.sources": "from the answers {names}",
    "suggestion.unread": "nobody has read it yet",
    "card.by_calendar": "In working hours; round the clock it would be by {at}.",
    "card.private": "Direct message: nobody else can read it; an answer goes to them alone.",
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
    "card.nth_time": {
        "one": "{nth}st time",
        "two": "{nth}nd time",
        "few": "{nth}rd time",
        "other": "{nth}th time",
    },
    "card.last_answered": "last answered {at}",
    "card.last_answered_by": "last answered {at} by {name}",
    "card.waits_elsewhere": {
        "one": "They wait in {count} other thread",
        "other": "They wait in {count} other threads",
    },
    "card.note": "Note by {name}: {text}",
    "card.urgency_by": "{urgency} by {name}, the rules say {rules}",
    "card.persona_by": "{persona} by {name}",
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
    "press.not_dismissed": "No person has closed it.",
    "press.answered_elsewhere": "Answered elsewhere. Nobody waits any more.",
    "press.handed_over": "Handed over to {name}.",
    "press.already_theirs": "{name} already has it.",
    "press.no_such_person": "That person is not in the list of people any more.",
    "press.snoozed": "Snoozed until {at}. The clock is running.",
    "press.snoozed_until_written": "Snoozed until they write again. The clock is running.",
    "press.urgency": "It is {urgency} now.",
    "press.persona": "Persona: {persona}.",
    "press.same": "It is so already.",
    "press.note": "Noted on the card.",
    "press.empty_note": "A note needs some words.",
    "press.undone": "Undone. All is as it was before.",
    "press.changed_since": "It cannot be undone: something has changed since.",
    "press.undo_theirs": "Only {name} can undo that.",
    "press.too_late": "It is too late to undo that.",
    "press.noted": "Noted. The rules will be measured by it.",
    "press.stale": "This button is too old: what it belongs to is no longer known.",
    "press.note_begins": "note:",
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
    # what staff asks
    "help.inbox": "what is open, the most urgent first",
    "help.mine": "what you have claimed",
    "help.who": "who has what",
    "help.why": "as a reply to a card, or with an id: which rules made it what it is",
    "help.stats": "today in numbers",
    "help.rules": "rules status: which rules are in use",
    "help.reload": "read words and rules now (leads and ops)",
    "help.pause": "pause publishing why: no answer goes out (leads and ops)",
    "help.resume": "let publishing go on (leads and ops)",
    "help.link": "say that two accounts are one person's",
    "help.unlink": "say that an account is nobody else's",
    "help.block": "say that somebody is to get no answers from us",
    "help.unblock": "let somebody be answered again",
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
    "stats.week": "Last 7 days: {count} of {n} answered, half of them all within {median}",
    "stats.week_unknown": "Last 7 days: {count} of {n} answered, fewer than half",
    "stats.promises": "Promises: {counts}",
    "stats.promises.kept": {"one": "{count} kept", "other": "{count} kept"},
    "stats.promises.missed": {"one": "{count} missed", "other": "{count} missed"},
    "stats.promises.open": {"one": "{count} still to be kept", "other": "{count} still to be kept"},
    "stats.longest": "The longest wait: {duration}",
    "stats.nobody": "Nobody waits.",
    "whynow.usage": "Write /why as a reply to a card, or /why with the id of a mention.",
    "whynow.many": {
        "one": "{count} conversation is on this card. Ask about it by its id:",
        "other": "{count} conversations are on this card. Ask about one by its id:",
    },
    "whynow.unknown": "I know no such mention.",
    "trace.ignored": "Ignored by the rules, {points}",
    "trace.rules": "Rules {version}",
    "command.pause_usage": "Say it like this: /pause publishing why (or: /resume).",
    "command.pause_refused": "Only leads and ops may stop publishing, or let it go on.",
    "command.paused": "Publishing was paused by {name} at {since}; no answer goes out.",
    "command.paused_why": "Publishing was paused by {name} at {since}; no answer goes out: {reason}",
    "command.how_to_resume": "To let it go on: /resume",
    "command.not_paused": "Publishing is not paused.",
    "command.resumed": "Publishing goes on.",
    "command.resumed_by": "{name} let publishing go on.",
    "command.block_usage": "Say it like this: /block bluesky:@mara.example (or: /unblock …).",
    "command.blocked": "{account} gets no answers from us any more.",
    "command.unblocked": "{account} may be answered again.",
    "command.link_usage": (
        "Say it like this: /link bluesky:@mara.example telegram:12345 (or: /unlink telegram:12345)."
    ),
    "command.no_such_account": "Nobody is known as {account}. Write it as platform:@handle or platform:id.",
    "command.link_same": "That is the same account twice.",
    "command.linked": "{one} and {other} are one person from now on.",
    "command.unlinked": "{account} is linked to no other account any more.",
    # notices
    "notice.channel_refused": (
        "{channel} refuses our messages: {cause}\nIts alerts come here until that is mended."
    ),
    "notice.account_refused": "{platform} does not let our account publish: {cause}",
    "notice.source_refused": (
        "{platform} refuses our credentials, so {source} is not read: {cause}\nLet somebody run"
        " `outcare doctor`: it says what to set anew. What waits is read then, as far back as {platform}"
        " keeps it."
    ),
    "notice.source_works": "{platform} lets us in again after {after}: {source} is read.",
    "notice.budget_slow": (
        "{spent} of the {budget} for {platform} in {month} are spent."
        " Reading there gets an equal share of the rest each day; answers go out as before."
    ),
    "notice.budget_empty": (
        "{spent} of the {budget} for {platform} in {month} are spent, and the rest is not enough: nothing is"
        " read there before the next month. What waits is read then, as far back as {platform} keeps it."
    ),
    "notice.budget_again": (
        "There is money for {platform} again: {budget} for {month}. What waited there is read now."
    ),
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
    # a card as a mail
    "email.open": "Open the conversation",
    "email.open_page": "Open the page",
    "email.no_page": "To act on this, use the staff's chat or the page (it has no address here: web.url).",
    "email.footer": "Sent by Outcare. Nobody reads answers to this mail.",
    # setting up a chat: the first words are the configuration's keys
    "ids.chat": "chat: {chat}",
    "ids.channel": "channel: {channel}",
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
        messages=_STAFF | ANSWERS | INCIDENTS | NOISE | ON_CALL | PAGE | SHIFT | SILENCES | STEPS,
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        plural=plural,
        ordinal=ordinal,
        units={"d": "{count}d", "h": "{count}h", "m": "{count}m", "s": "{count}s"},
        group=",",
        point=".",
        grouped_from=1000,
    )
)
