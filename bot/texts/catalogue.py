"""The one catalogue of the texts that people see: on cards, in answers to presses, in notices, on the page.

Knows how things are said, not when: every method takes values and gives back text, in one language. It knows
no channel's markup. What is only a message is asked for with `say`; what also decides has a method here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from bot.model import ConversationState, Fired, Kind, Signal, Urgency, Verdict
    from bot.staff import Verb
    from bot.texts.language import Language

PROBLEMS_SHOWN = 5
"""A notice tells so many mistakes of a configuration; the log has all of them."""

_WORDS_SHOWN = 3
_PLATFORMS = {"hackernews": "Hacker News", "rss": "RSS"}
"""Platforms that are not written like a name; in every language alike."""


@dataclass(frozen=True, slots=True)
class Texts:
    """All that is said to people, in one language."""

    language: Language

    def say(self, key: str, **values: object) -> str:
        """The message of this key with its values: `say("card.followers", count=3)`.

        Whole numbers (`int`) and durations (`timedelta`) are written as the language writes them; what must
        stay as it is (an id, a year) is given as `str`. Raises: KeyError (a mistake of ours).
        """
        return self.language.say(key, values)

    def on_page(self, key: str, **values: object) -> str:
        """A message of the page, what templates call `say`: its keys begin with `page.` in the tables."""
        return self.say(f"page.{key}", **values)

    # --- dates and times ---

    def time_of_day(self, at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
        """`14:35`; `Mon 14:35` when not today in `zone`, the date from a week off, the year if another.

        Minutes are cut off, never rounded up: a promise shown is not later than the promise made.
        """
        local, today = at.astimezone(zone), now.astimezone(zone)
        days = abs((local.date() - today.date()).days)
        if days == 0:
            form = "time.today"
        elif days < 7:
            form = "time.this_week"
        else:
            form = "time.this_year" if local.year == today.year else "time.another_year"
        return self.say(
            form,
            clock=f"{local.hour:02}:{local.minute:02}",
            weekday=self.language.days[local.weekday()],
            day=str(local.day),
            month=self.language.months[local.month - 1],
            year=str(local.year),
        )

    def time_in_zone(self, at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
        """`14:35 CET`; zones without a name of their own as `14:35 UTC-03`."""
        name = at.astimezone(zone).tzname() or "UTC"
        label = name if name[0].isalpha() else f"UTC{name}"
        return self.say("time.in_zone", time=self.time_of_day(at, now=now, zone=zone), zone=label)

    def answer_by(self, due_at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
        """`answer by 14:35 CET`, then `overdue since 14:35 CET`: no countdown, for nobody redraws a card."""
        at = self.time_in_zone(due_at, now=now, zone=zone)
        is_overdue = now.astimezone(UTC) > due_at.astimezone(UTC)
        return self.say("due.overdue", at=at) if is_overdue else self.say("due.answer_by", at=at)

    def since(self, created_at: datetime, zone: ZoneInfo) -> str:
        """`since Mar 2024`."""
        local = created_at.astimezone(zone)
        return self.say("card.since", month=self.language.months[local.month - 1], year=str(local.year))

    def brief(self, length: timedelta) -> str:
        """`2h`: in the largest unit alone."""
        return self.language.duration(length, parts=1)

    def listed(self, parts: Iterable[str]) -> str:
        """`2 critical, 9 high`."""
        return self.say("list.comma").join(parts)

    # --- on cards ---

    def button(self, verb: Verb, number: int = 0) -> str:
        return self.say(f"button.{verb.value}", number=number)

    def urgency(self, level: Urgency) -> str:
        return self.say(f"urgency.{level.label}")

    def quoted(self, text: str) -> str:
        return self.say("text.quoted", text=text)

    def claimed_by(self, name: str, at: str | None) -> str:
        if at is None:
            return self.say("card.claimed", name=name)
        return self.say("card.claimed_at", name=name, at=at)

    def answered_after(self, started_at: datetime, answered_at: datetime) -> str:
        """Elapsed time, counted in UTC: wall clocks of one zone are an hour off when the clocks change."""
        waited = answered_at.astimezone(UTC) - started_at.astimezone(UTC)
        return self.say("card.answered_after", duration=waited)

    def platform(self, name: str) -> str:
        """A platform as its people write it."""
        return _PLATFORMS.get(name, name[:1].upper() + name[1:])

    def concerns(self, kind: Kind, brand: str) -> str:
        """How the post concerns the brand: `reply to acme`, `mentions acme`."""
        return self.say(f"concerns.{kind.value}", brand=brand)

    def in_reply_to(self, author: str, text: str) -> str:
        if not author:
            return self.say("card.in_reply", text=self.quoted(text))
        return self.say("card.in_reply_to", author=author, text=self.quoted(text))

    def why_alerted(self, reasons: Iterable[str]) -> str:
        said = self._reasons(dict.fromkeys(reason for reason in reasons if reason))
        return self.say("card.why", reasons=said)

    def _reasons(self, reasons: Iterable[str]) -> str:
        return self.say("list.semicolon").join(reasons) or self.say("why.no_rule")

    def cause(self, reason: str) -> str:
        """Why a reply was not published, in plain words; empty for no reason."""
        return self.say(f"cause.{reason}") if reason else ""

    # --- digests ---

    def digest_row(self, level: Urgency, where: str, author: str, text: str) -> str:
        platform, quoted = self.platform(where), self.quoted(text)
        return self.say(
            "digest.row", urgency=self.urgency(level), platform=platform, author=author, text=quoted
        )

    def caught_up(self, start: str, end: str, count: int, waiting: int) -> str:
        """`Caught up 09:12–12:05: 200 mentions, 12 still wait for an answer`."""
        return self.say(
            "caught_up.headline",
            when=start if start == end else self.say("time.from_to", start=start, end=end),
            mentions=self.say("caught_up.mentions", count=count),
            waiting=self.say("caught_up.still_waiting", count=waiting),
        )

    def waiting(self, counts: Mapping[Urgency, int]) -> str:
        """`Waiting: 2 critical, 9 high`, most urgent first."""
        told = (
            self.say(f"waiting.{level.label}", count=counts[level]) for level in sorted(counts, reverse=True)
        )
        return self.say("caught_up.waiting", counts=self.listed(told))

    # --- coverage ---

    def not_listening(self, since: str, reason: str) -> str:
        """An outage that lasts: `not listening since 09:12 CET (connection)`."""
        return self.say("coverage.not_listening", since=since, reason=reason)

    def behind(self, length: timedelta) -> str:
        return self.say("coverage.behind", duration=length)

    # --- answers to presses: a toast holds 200 characters on Telegram ---

    def taken(self, name: str) -> str:
        """What the loser of a race for a claim is told."""
        return self.say("press.taken_by", name=name) if name else self.say("press.taken")

    def closed(self, state: ConversationState) -> str:
        """Why nothing can be done any more: it is answered or dismissed."""
        return self.say(f"press.closed_{state.value}")

    def why(self, verdict: Verdict) -> str:
        """What the button Why tells: `CRITICAL, 85 points: refund complaint +40 (refund, waiting); …`."""
        reasons = self._reasons(self._reason(fired, verdict.signals) for fired in verdict.fired)
        points = self.say("press.points", count=verdict.score)
        if verdict.ignored:
            return self.say("press.why_ignored", points=points, reasons=reasons)
        return self.say("press.why", urgency=self.urgency(verdict.urgency), points=points, reasons=reasons)

    def trace(self, verdict: Verdict) -> str:
        """The same as text of several lines, one a rule, and which rules they were."""
        points = self.say("press.points", count=verdict.score)
        urgency = self.urgency(verdict.urgency)
        head = self.say("trace.ignored", points=points) if verdict.ignored else f"{urgency}, {points}"
        reasons = [self._reason(fired, verdict.signals) for fired in verdict.fired]
        rules = self.say("trace.rules", version=verdict.rules_version)
        return "\n".join([head, *(reasons or [self.say("why.no_rule")]), rules])

    def _reason(self, fired: Fired, signals: Mapping[str, Signal]) -> str:
        score = f" {fired.points:+}" if fired.points else ""
        told = self.listed(self.evidence(one, signals) for one in fired.evidence[:_WORDS_SHOWN])
        return f"{fired.why or fired.rule}{score}" + (f" ({told})" if told else "")

    def evidence(self, evidence: str, signals: Mapping[str, Signal]) -> str:
        """What spoke for a rule; of a signal with the words that moved it: `complaint 0.99: waiting`."""
        signal = signals.get(evidence.partition(" ")[0])
        if signal is None or not signal.evidence:
            return evidence
        words = self.listed(_moving(signal)[:_WORDS_SHOWN])
        return self.say("why.moved_by", evidence=evidence, words=words)

    # --- notices ---

    def held_back(self, head: str, problems: Sequence[str], instead: str) -> str:
        """What does not run, why, and what runs instead; one mistake in a line, several each in its own.

        `rules NOT loaded: rules.yaml:12:8 R012 unknown route "biling" … still running 3aeb446a from 09:12`.
        """
        shown = list(problems[:PROBLEMS_SHOWN])
        if len(problems) > len(shown):
            shown.append(self.say("notice.more_problems", count=len(problems) - len(shown)))
        if len(problems) != 1:
            return "\n".join((head, *shown, instead))
        return f"{head} {shown[0]}{'' if shown[0].endswith('?') else ';'} {instead}"

    # --- setting up a chat ---

    def your_ids(self, chat: int, person: int, thread: int | None) -> str:
        """What a bot says to /id: what to write into the configuration."""
        lines = [self.say("ids.chat", chat=str(chat))]
        if thread is not None:
            lines.append(self.say("ids.thread", thread=str(thread)))
        return "\n".join([*lines, self.say("ids.person", person=str(person))])


def _moving(signal: Signal) -> list[str]:
    """The words that moved a signal to where it is, the strongest first."""
    up = signal.is_present
    there = [moved for moved in signal.evidence if signal.value is None or (moved[1] > 0) == up]
    return [
        word for word, _ in sorted(there or signal.evidence, key=lambda moved: (-abs(moved[1]), moved[0]))
    ]
