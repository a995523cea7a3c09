"""Commands about silences: `/silence author @troll 8h why`, `/silence words "known outage" 2h why`,
`/silences`.

Understands the words and knows who may; what is to be carried out comes back as a function of the silences
that stand. Knows no chat, no SQL, no rule but by name, and of a query only that somebody else can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from bot import duration
from bot.duration import show, whole_minutes
from bot.orders import Ordered, Silence
from bot.silenced import Scope
from bot.silences import BY_ANYBODY, LONGEST, SHORTEST
from bot.staff import MAY_STEER
from bot.steering import MOST_REASON
from bot.yamlfile import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.orders import Account, RulesInUse
    from bot.reports import StoredVerdict
    from bot.steering import Said
    from bot.texts.catalogue import Texts

    Carry = Callable[[tuple[Silence, ...]], Ordered]

OFF = "off"
CRITICALS = frozenset({"+critical", "+criticals"})
"""Said behind the length: what is critical is held too. A bare word would be taken out of somebody's
reason.
"""
_QUOTES = '"“”„'


_OF_MENTION = "mention"
"""In the place of a platform: the author of the mention that follows."""


class Authors(Protocol):
    """The store, for who is meant."""

    async def author(self, platform: str, name: str) -> Account | None:
        """The account of this id or handle; None: nobody (or more than one) is known by it."""
        ...

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        """The newest verdict of a mention; its facts say whose it is."""
        ...


class _UnclearError(ValueError):
    """Why a command is not carried out, in the words of whoever said it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be silenced, as it was said; `length` may be `off`."""

    scope: Scope
    name: str
    length: str
    reason: str = ""
    criticals: bool = False

    @property
    def said(self) -> str:
        return f"/silence {self.scope.value} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silencing:
    """`sources`: the names of what is read, and of the platforms. `canonical` makes a query as it is kept
    out of what was said; None: nobody can look for that.
    """

    store: Authors
    zone: ZoneInfo
    people: Callable[[str], str]
    rules: Callable[[], RulesInUse]
    sources: Sequence[str] = ()
    platforms: Sequence[str] = ()
    canonical: Callable[[str], str | None] = lambda text: text.strip(_QUOTES).lower() or None

    async def understood(self, verb: str, said: Said) -> Carry | None:
        """What the command orders; None: it is none of these. Raises: StoreError."""
        if verb == "silences":
            return lambda standing: self._list(said, standing)
        if verb != "silence":
            return None
        try:
            return await self._silence(said)
        except _UnclearError as error:
            return _only_told("not_understood", str(error))

    def listed(self, texts: Texts, silence: Silence, now: datetime) -> str:
        return listed(texts, silence, now=now, zone=self.zone, name=self.people(silence.person))

    def line(self, texts: Texts, silence: Silence, now: datetime) -> str:
        return line(texts, silence, now=now, zone=self.zone, name=self.people(silence.person))

    def news(self, ordered: Ordered, by: str, texts: Texts, now: datetime) -> str:
        """What the rest of the staff must know; empty: nothing of this."""
        if ordered.ends:
            return texts.say("silence.lifted_by", name=self.people(by), end=ended(texts, ordered.ends))
        if ordered.begins:
            told = self.line(texts, ordered.begins, now)
            return texts.say("silence.begun_by", name=self.people(by), silence=told)
        return ""

    def _list(self, said: Said, standing: tuple[Silence, ...]) -> Ordered:
        lines = [self.listed(said.texts, one, said.now) for one in standing]
        return Ordered(outcome="told", reply="\n".join(lines) or said.texts.say("silence.none"))

    # --- /silence SCOPE NAME 8h why ---

    async def _silence(self, said: Said) -> Carry:
        wanted = self._understand(said)
        is_steering = said.person.role in MAY_STEER
        if not is_steering and (wanted is None or wanted.scope is not Scope.AUTHOR):
            return _only_told("refused", said.texts.say("silence.refused"))
        if wanted is None:
            return _only_told("not_understood", said.texts.say("silence.usage"))
        if wanted.length == OFF:
            names = {wanted.name, await self._maybe_named(wanted, said.texts)}
            return lambda standing: _end(said, wanted, names, standing)
        name, label = await self._named(wanted, said.texts)
        length = _checked(wanted, said.texts)
        if not is_steering and (length > BY_ANYBODY or wanted.criticals):
            return _only_told("refused", said.texts.say("silence.refused"))
        silence = Silence(
            scope=wanted.scope,
            name=name,
            label=label,
            until=said.now + length,
            person=said.person.key,
            reason=wanted.reason,
            begun_at=said.now,
            criticals=wanted.criticals and wanted.scope is not Scope.RULE,
        )
        told = self.line(said.texts, silence, said.now)
        off = f"/silence {wanted.scope.value} {label or wanted.name} {OFF}"
        told = said.texts.say("silence.begun", silence=told, off=off)
        return lambda _: Ordered(outcome="silenced", reply=told, begins=silence)

    def _understand(self, said: Said) -> Wanted | None:
        """The words as an order; None: they are none."""
        first, *words = said.words or [""]
        if first not in set(Scope):
            return None
        scope = Scope(first)
        at = _until_length(words) if scope is Scope.WORDS else self._until_name(scope, words)
        if not 0 < at < len(words):
            return None
        length, *rest = words[at:]
        criticals = rest[:1] != [] and rest[0] in CRITICALS
        reason = " ".join(rest[1:] if criticals else rest)[:MOST_REASON]
        name = " ".join(words[:at])
        return Wanted(scope=scope, name=name, length=length, reason=reason, criticals=criticals)

    def _until_name(self, scope: Scope, words: list[str]) -> int:
        """How many words the name has: one that is known may have several."""
        known = (name.split() for name in self._known(scope))
        return max((len(name) for name in known if words[: len(name)] == name), default=1)

    def _known(self, scope: Scope) -> Sequence[str]:
        match scope:
            case Scope.RULE:
                return self.rules().names
            case Scope.ROUTE:
                return self.rules().routes
            case Scope.SOURCE:
                return tuple(dict.fromkeys([*self.sources, *self.platforms]))
        return ()

    async def _maybe_named(self, wanted: Wanted, texts: Texts) -> str:
        """What is not there any more (a route, an account) can be ended by the name that the list has."""
        try:
            return (await self._named(wanted, texts))[0]
        except _UnclearError:
            return wanted.name

    async def _named(self, wanted: Wanted, texts: Texts) -> tuple[str, str]:
        """The name as the silence has it, and how it is called where that is not the same."""
        if wanted.scope is Scope.AUTHOR:
            return await self._author(wanted.name, texts)
        if wanted.scope is Scope.WORDS:
            query = self.canonical(wanted.name)
            if query is None:
                raise _UnclearError(texts.say("silence.no_words", text=wanted.name))
            return query, ""
        known = self._known(wanted.scope)
        if wanted.name not in known:
            kind = texts.say(f"silence.scope_{wanted.scope.value}")
            if near := closest(wanted.name, known):
                raise _UnclearError(texts.say("silence.unknown_but", kind=kind, name=wanted.name, near=near))
            raise _UnclearError(texts.say("silence.unknown", kind=kind, name=wanted.name))
        return wanted.name, ""

    async def _author(self, word: str, texts: Texts) -> tuple[str, str]:
        """By `platform:name`, or by the name alone where only one of all platforms knows it."""
        platform, _, name = word.partition(":")
        if platform == _OF_MENTION:
            return await self._author_of(name, texts)
        asked = [(platform.lower(), name)] if name else [(one, word) for one in self.platforms]
        found = [
            account
            for platform, name in asked
            if (account := await self.store.author(platform, name.removeprefix("@")))
        ]
        if len(found) != 1:
            raise _UnclearError(texts.say("command.no_such_account", account=word))
        (account,) = found
        label = word if name else f"{account.platform}:{word}"
        return f"{account.platform}:{account.id}", label

    async def _author_of(self, mention: str, texts: Texts) -> tuple[str, str]:
        stored = await self.store.verdict(mention)
        if stored is None or stored.facts.author_id is None:
            raise _UnclearError(texts.say("press.stale"))
        facts = stored.facts
        label = f"@{facts.handle}" if facts.handle else facts.author_id
        return f"{facts.platform}:{facts.author_id}", f"{facts.platform}:{label}"


def silence_of(mention_id: str, reason: str) -> str:
    """What a button under a card says: quiet for a day about whoever wrote it."""
    return f"/silence {Scope.AUTHOR.value} {_OF_MENTION}:{mention_id} {show(BY_ANYBODY)} {reason}"


def line(texts: Texts, silence: Silence, *, now: datetime, zone: ZoneInfo, name: str) -> str:
    """What is silenced until when, by whom and why."""
    until, reason = texts.time_in_zone(silence.until, now=now, zone=zone), silence.reason
    if silence.scope is Scope.RULE:
        return texts.say("silence.rule", rule=silence.name, until=until, name=name, reason=reason)
    what = called(texts, silence)
    told = texts.say("silence.other", what=what, until=until, name=name, reason=reason)
    return texts.say("silence.with_criticals", line=told) if silence.criticals else told


def listed(texts: Texts, silence: Silence, *, now: datetime, zone: ZoneInfo, name: str) -> str:
    """The same, with how long it goes on and what it has held so far."""
    told = line(texts, silence, now=now, zone=zone, name=name)
    told = texts.say("silence.left", line=told, left=whole_minutes(silence.until - now))
    return texts.say("silence.held", line=told, count=silence.held) if silence.held else told


def called(texts: Texts, silence: Silence) -> str:
    """`the author bluesky:@troll`, `the words “known outage”`."""
    return texts.say(f"silence.what_{silence.scope.value}", called=silence.called)


def ended(texts: Texts, silence: Silence) -> str:
    """That it is over, and what it held meanwhile."""
    if silence.scope is Scope.RULE:
        told = texts.say("silence.lifted_rule", rule=silence.name)
    else:
        told = texts.say("silence.lifted", what=called(texts, silence))
    return f"{told} {texts.say('silence.were_held', count=silence.held)}" if silence.held else told


def over(texts: Texts, silence: Silence) -> str:
    """The same of one that ran out by itself: for the staff's chat."""
    return texts.say("silence.over", end=ended(texts, silence))


def _end(said: Said, wanted: Wanted, names: set[str], standing: tuple[Silence, ...]) -> Ordered:
    meant = [one for one in standing if one.scope is wanted.scope and {one.name, one.called} & names]
    found = next((one for one in meant if one.until > said.now), None)
    texts = said.texts
    if found is None:
        return Ordered(outcome="not_silenced", reply=texts.say("silence.not_silenced", name=wanted.name))
    if said.person.role not in MAY_STEER and found.person != said.person.key:
        return Ordered(outcome="refused", reply=texts.say("silence.refused"))
    return Ordered(outcome="lifted", reply=ended(texts, found), ends=found)


def _checked(wanted: Wanted, texts: Texts) -> timedelta:
    try:
        length = duration.parse(wanted.length)
    except ValueError:
        length = timedelta()
    if not SHORTEST <= length <= LONGEST:
        said = texts.say("silence.length", text=wanted.length, least=SHORTEST, most=LONGEST)
        raise _UnclearError(said)
    if not wanted.reason:
        raise _UnclearError(texts.say("silence.reason", said=f"{wanted.said} {wanted.length}"))
    return length


def _until_length(words: list[str]) -> int:
    """How many words, one at least, come before a length, or `off`, that stands in no quotation marks."""
    marks = 0
    for number, word in enumerate(words):
        if number and marks % 2 == 0 and (word == OFF or _is_length(word)):
            return number
        marks += sum(word.count(mark) for mark in _QUOTES)
    return len(words)


def _is_length(word: str) -> bool:
    try:
        duration.parse(word)
    except ValueError:
        return False
    return True


def _only_told(outcome: str, reply: str) -> Carry:
    return lambda _: Ordered(outcome=outcome, reply=reply)
