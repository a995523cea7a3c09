"""What people order by a command: `/rules status`, `/reload`. Those about silences stand in `bot.silencing`,
about publishing and about who is who in `bot.steering`, about who is on call in `bot.covering`; what they ask
(`/inbox` …) in `bot.inquiries`.

Understands the words, knows who may, and has it carried out in one transaction with its audit row. Knows no
chat platform, no SQL and no rule but by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from bot.covering import Covering
from bot.inquiries import Inquiries
from bot.metrics import Metrics
from bot.model import Cursor
from bot.orders import Order, OrderBook, Ordered, RulesInUse, Silence
from bot.pausing import Paused
from bot.ports import Clock
from bot.silencing import Silencing
from bot.staff import MAY_STEER, Person, Press, Told
from bot.steering import Said, Steering
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in

log = structlog.get_logger()

_Carry = Callable[[tuple[Silence, ...]], Ordered]


@dataclass(kw_only=True)
class Commands:
    """`rules` tells which are in force; `reload` reads the files now, and says what came of it.

    `use_silences` is called with the silences that stand, `tell` with what the rest of the staff would else
    not see, because it was ordered where they do not look; `use_pause` with the pause of publishing.
    """

    store: OrderBook
    clock: Clock
    metrics: Metrics
    texts: Texts
    zone: ZoneInfo
    people: Callable[[str], str]
    rules: Callable[[], RulesInUse]
    reload: Callable[[Texts], Awaitable[str]]
    use_silences: Callable[[tuple[Silence, ...]], None]
    tell: Callable[[str, str], None]
    inquiries: Inquiries
    use_pause: Callable[[Paused | None], None]
    covering: Covering
    silencing: Silencing

    def __post_init__(self) -> None:
        self.steering = Steering(store=self.store, zone=self.zone, people=self.people)

    async def take(self, feed: str, press: Press, person: Person, *, cursor: Cursor | None = None) -> Told:
        """Carry out a press whose token is a command. Raises: StoreError."""
        verb, *words = press.token.removeprefix("/").split()[:200] or [""]
        texts = texts_in(person.language) if person.language else self.texts
        said = Said(
            person=person,
            words=words,
            texts=texts,
            now=self.clock.now(),
            channel=press.channel,
            receipt=press.receipt,
        )
        order = Order(
            order_id=press.id,
            feed=feed,
            channel=press.channel,
            person=person.key,
            verb=verb,
            argument=" ".join(words)[:500],
            at=press.at,
        )
        ordered, standing = await self.store.order(
            order, await self._understood(verb, said), cursor=cursor, now=said.now
        )
        self.use_silences(standing)
        if ordered.pauses or ordered.resumes:
            self.use_pause(ordered.pauses)
        if ordered.covers or ordered.uncovers:
            await self.covering.refresh(said.now)
        self._report(order, ordered)
        return Told(reply=ordered.reply, is_loud=True, outcome=ordered.outcome)

    def _report(self, order: Order, ordered: Ordered) -> None:
        self.metrics.decisions.labels(order.verb, ordered.outcome).inc()
        log.info("command.taken", person=order.person, verb=order.verb, outcome=ordered.outcome)
        is_aside = order.channel.endswith(":?") or ":" not in order.channel
        if is_aside and (news := self._news(order, ordered)):
            self.tell(f"{order.verb}:{order.order_id}", news)

    def _news(self, order: Order, ordered: Ordered) -> str:
        """What the rest of the staff must know, in its language."""
        name = self.people(order.person)
        if ordered.pauses:
            return self.steering.told(ordered.pauses, self.texts, self.clock.now())
        if ordered.resumes:
            return self.texts.say("command.resumed_by", name=name)
        said = self.silencing.news(ordered, order.person, self.texts, self.clock.now())
        return said or self.covering.news(ordered, order.person, self.texts, self.clock.now())

    async def _understood(self, verb: str, said: Said) -> _Carry:
        match verb:
            case "reload":
                return await self._reload(said)
            case "rules":
                return self._rules(said)
        carry = await self.silencing.understood(verb, said)
        return carry or await self._ordered_or_asked(verb, said)

    async def _ordered_or_asked(self, verb: str, said: Said) -> _Carry:
        ordered = await self.steering.understood(verb, said)
        ordered = ordered or await self.covering.understood(verb, said)
        if ordered is not None:
            return lambda _: ordered
        answer = await self.inquiries.answer(verb, said)
        if answer is None:
            return _only_told("not_understood", said.texts.say("command.unknown"))
        return _asked(answer)

    async def _reload(self, said: Said) -> _Carry:
        if said.person.role not in MAY_STEER:
            return _only_told("refused", said.texts.say("command.reload_refused"))
        return _only_told("told", await self.reload(said.texts))

    def _rules(self, said: Said) -> _Carry:
        if said.words[:1] in ([], ["status"]):
            return lambda standing: self._status(said, standing)
        return _only_told("not_understood", said.texts.say("command.rules_usage"))

    # --- what each of them says ---

    def _status(self, said: Said, standing: tuple[Silence, ...]) -> Ordered:
        rules, texts = self.rules(), said.texts
        since = texts.time_in_zone(rules.since, now=said.now, zone=self.zone)
        lines = [
            texts.say("command.rules", count=len(rules.names), version=rules.version, since=since),
            rules.problem or texts.say("command.reload_ok"),
            *(self.silencing.listed(texts, one, said.now) for one in standing),
        ]
        return Ordered(outcome="told", reply="\n".join(lines))


def _only_told(outcome: str, reply: str) -> _Carry:
    return lambda _: Ordered(outcome=outcome, reply=reply)


def _asked(reply: str) -> _Carry:
    """What people wrote is not kept once more with the command."""
    return lambda _: Ordered(outcome="told", reply=reply, is_kept=False)
