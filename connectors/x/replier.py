"""Answers on X: `bot.replies.Replier` for the account that the configuration names.

`POST /2/tweets` (https://docs.x.com/x-api/posts/create-post). Since February 2026 only a post whose
author named or quoted the account may be answered by API; others are answered in the app. X knows no key
of ours by which the same reply would be one: so what was lost is looked for among the account's own
posts, and only what is not there is sent again. It refuses to say the same words twice, which tells the
same. What a reply costs is counted before it is sent, and given back when it surely was not published.
Limits: 280, weighed; one cashtag; 100 posts in 15 minutes
(https://docs.x.com/x-api/posts/manage-tweets/integrate). Terms:
https://help.x.com/en/rules-and-policies/x-automation.
"""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable, Unknown
from bot.publications import Publications
from bot.replies import Published
from connectors.x import weight
from connectors.x.budget import PLATFORM
from connectors.x.ids import first_id
from connectors.x.own import own_account
from connectors.x.pages import List, Walk, walk_down

if TYPE_CHECKING:
    from decimal import Decimal

    from bot.expenses import Price
    from bot.model import Post
    from bot.ports import Wiring
    from bot.replies import Length, Outgoing
    from connectors.x.account import AccountSettings
    from connectors.x.api import Answer
    from connectors.x.tweets import Tweet

SOURCE, LOOKING, TAKING_BACK = "x-replies", "x-own-posts", "x-deletions"
TWEETS = "/2/tweets"
KEPT = 3200
"""So many of an account's own posts X shows."""
NOT_SUMMONED = "not_summoned"
CLOCKS_DIFFER = timedelta(minutes=10)
_KEPT = "x.published"
_ID = re.compile(r"[0-9]{1,19}")
_NAMES_IN_FRONT = re.compile(r"(?:@[A-Za-z0-9_]{1,15}\s+)*")


class Id(msgspec.Struct, frozen=True):
    id: str


class Created(msgspec.Struct, frozen=True):
    """What a 201 holds."""

    data: Id


class XReplier:
    """`bot.replies.Replier`, and `Priced`."""

    platform = PLATFORM
    is_idempotent = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._settings, self._wiring = settings, wiring
        self._own = own_account(settings, wiring)
        self._clock = wiring.clock
        self._publications = Publications(wiring.vault, _KEPT)
        self._named = re.compile(rf"(?<![\w@])@{self._own.handle}(?![\w@])", re.IGNORECASE)

    @property
    def account_id(self) -> str | None:
        return self._own.known_id

    def length(self, text: str) -> Length:
        return weight.length(text)

    def refusal(self, to: Post) -> str:
        is_named = self.account_id in to.mentions or self._named.search(to.text)
        is_quoted = to.quoted is not None and to.quoted.author_id == (self.account_id or "")
        return "" if is_named or is_quoted else NOT_SUMMONED

    def price(self, text: str, to: str) -> Price:
        return self._own.meter.price(self._price(text))

    async def publish(self, reply: Outgoing) -> Published:
        self._check(reply)
        await self._own.me()
        price = self._price(reply.text)
        async with self._own.meter.holding(price):
            await self._own.meter.add(SOURCE, price)
        to = reply.to.revision or reply.to.id
        body = {"text": reply.text, "reply": {"in_reply_to_tweet_id": to}}
        try:
            answer = await self._own.api.write("POST", TWEETS, body)
            made = created(answer)
        except Unknown:
            raise
        except BotError as error:
            await self._own.meter.add(SOURCE, price, -1)
            if error.reason is Reason.DUPLICATE and (found := await self._looked_again(reply)):
                return found
            raise
        return await self._kept(reply, made)

    async def find(self, reply: Outgoing) -> Published | None:
        known = await self._publications.all()
        me = await self._own.me()
        walk = Walk(max(0, first_id(reply.approved_at - CLOCKS_DIFFER) - 1))
        budget = self._settings.budget
        listed = List(
            path=f"/2/users/{me.id}/tweets",
            source=LOOKING,
            price=budget.price_per_owned_read,
            is_reading=False,
        )
        try:
            await walk_down(self._own, walk, listed, {"exclude": "retweets"})
        except Unauthorized:
            raise
        except BotError as error:
            raise seen_not(error) from error
        mine = known.get(reply.key)
        others = set(known.values()) - {mine}
        for tweet in walk.oldest_first:
            if tweet.id == mine or (tweet.id not in others and is_same(tweet, reply)):
                return await self._kept(reply, tweet.id)
        if walk.seen >= KEPT or walk.strange:
            raise Unknown("not all of what we published since then can be looked through: see in the thread")
        return None

    async def delete(self, post_id: str) -> None:
        await self._own.me()
        if not _ID.fullmatch(post_id):
            raise Rejected("only a post of our own can be taken back", reason=Reason.FORBIDDEN)
        price = self._settings.budget.price_per_delete
        await self._own.meter.add(TAKING_BACK, price)
        try:
            answer = await self._own.api.write("DELETE", f"{TWEETS}/{post_id}")
            if answer.status not in {200, 404}:
                raise undone(answer)
        except Unknown:
            raise
        except BotError:
            await self._own.meter.add(TAKING_BACK, price, -1)
            raise
        if answer.status != 200:
            await self._own.meter.add(TAKING_BACK, price, -1)

    def _check(self, reply: Outgoing) -> None:
        """Raises: Rejected for what would be refused anyway."""
        length = weight.length(reply.text)
        if not length.fits:
            message = f"{length.used} {length.unit}: a post has at least one and at most {length.limit}"
            raise Rejected(message, reason=Reason.INVALID)
        try:
            reply.text.encode()
        except UnicodeEncodeError:
            raise Rejected("half a character cannot be published", reason=Reason.INVALID) from None
        if not _ID.fullmatch(reply.to.id):
            raise Rejected("only a post can be answered", reason=Reason.INVALID)
        if len(weight.cashtags(reply.text)) > weight.MOST_CASHTAGS:
            message = f"X takes {weight.MOST_CASHTAGS} name of a share like $ACME in a post, and no more"
            raise Rejected(message, reason=Reason.INVALID)
        if self.refusal(reply.to):
            message = "X lets only a post be answered whose author named or quoted the account"
            raise Rejected(message, reason=Reason.FORBIDDEN)

    def _price(self, text: str) -> Decimal:
        budget = self._settings.budget
        return budget.price_per_reply_with_url if weight.links(text) else budget.price_per_reply

    async def _looked_again(self, reply: Outgoing) -> Published | None:
        """These words were said before: by a try of this reply, or otherwise. Raises: Unknown."""
        try:
            return await self.find(reply)
        except BotError as error:
            raise Unknown(f"these words stand there already; {error}") from error

    async def _kept(self, reply: Outgoing, post_id: str) -> Published:
        await self._publications.add(reply.key, post_id)
        return Published(post_id=post_id, at=self._clock.now(), url=f"https://x.com/i/web/status/{post_id}")


def created(answer: Answer) -> str:
    """The id of what was published. Raises: as `publish`."""
    if not 200 <= answer.status < 300:
        raise undone(answer)
    try:
        made = answer.read(Created).data.id
    except Unavailable as error:
        raise Unknown(f"{error}; it may have been published all the same") from error
    if not _ID.fullmatch(made):
        raise Unknown(f"{answer.where} answered no id; it may have been published all the same")
    return made


def undone(answer: Answer) -> BotError:
    """What an answer to a write says: nothing was done, or nobody knows."""
    error = answer.error()
    if not 400 <= answer.status < 500 or answer.status == 408:
        return Unknown(f"{answer.where} answered {answer.status}; it may have been done all the same")
    if answer.status == 403 and answer.fault.says_the_same:
        return Rejected(f"{answer.where}: the same words were said before", reason=Reason.DUPLICATE)
    if isinstance(error, Unauthorized | Rejected | Unavailable):
        return error
    return Rejected(str(error), reason=error.reason)


def seen_not(error: BotError) -> BotError:
    """What a failed look says; nothing of what was sent before."""
    if isinstance(error, Unavailable):
        return error
    return Unavailable(str(error), reason=error.reason)


def is_same(tweet: Tweet, reply: Outgoing) -> bool:
    """Whether a post of ours says this, to that post; X puts the names of those who are answered in front."""
    to = {reply.to.id, reply.to.revision or reply.to.id}
    if tweet.reference("replied_to") not in to:
        return False
    said = html.unescape(tweet.note_tweet.text if tweet.note_tweet else tweet.text)
    wanted = weight.same(reply.text)
    return wanted in {weight.same(said), weight.same(_NAMES_IN_FRONT.sub("", said, count=1))}
