"""Published answers: what is to be said, to whom, by which platform, and what became of it.

Frozen values and the port that connectors implement; its docstrings are the specification. It does no I/O
and knows no platform. How a reply comes to be approved stands in `bot.approval`, how it goes out exactly
once in `bot.publishing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from bot.expenses import Price
    from bot.model import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a text is in the platform's own unit ("graphemes", "characters"), and how long it may be."""

    used: int
    limit: int
    unit: str

    @property
    def fits(self) -> bool:
        return 0 < self.used <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An approved reply. All of it is the same on every try: `key` (unique for ever), the text, the times.

    `to` is the post that is answered. `approved_at` is the time that the published post bears where the
    platform lets its author say one. `lang` is what the text is written in, if that is known.
    """

    key: str
    brand: str
    text: str
    to: Post
    approved_at: datetime
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Our post as the platform has it: its id as `Post.id` is written there, and where a browser finds it."""

    post_id: str
    at: datetime
    url: str | None = None
    revision: str | None = None


class Replier(Protocol):
    """The answering side of a connector: one account of a brand on a platform.

    What was said once in public cannot be unsaid, so a try ends in exactly one of three ways, and which one
    must be certain: published (`Published`), surely not published (`Unavailable`, `Refused`), or nobody knows
    (`Unknown`). A request that was begun and not answered is `Unknown`, also after a time-out, a broken
    connection or a 5xx; only a connection that never came about, or an answer of the platform that says so,
    is sure.
    """

    platform: str
    is_idempotent: bool
    """Whether `publish` of the same `Outgoing` again is sure to make no second post."""

    @property
    def account_id(self) -> str | None:
        """Whose posts these are, once that is known: the same id as in `Post.author_id`."""
        ...

    def length(self, text: str) -> Length:
        """Pure: the platform's limits, as its documentation counts."""
        ...

    def refusal(self, to: Post) -> str:
        """Why this post cannot be answered by API, as `refusal.…` of the catalogue; empty: it can. Pure."""
        ...

    async def publish(self, reply: Outgoing) -> Published:
        """Publish it in answer to `reply.to`, in its thread, as text and nothing else: what looks like markup
        stays as it is; links and handles are marked up (facets) where the platform wants them.

        Raises: Unavailable (surely not published; `retry_after` where given), Rejected (the platform says no:
        blocked, deleted, gated, too long; surely not published), Unauthorized, Unknown.
        """
        ...

    async def find(self, reply: Outgoing) -> Published | None:
        """Our post of an earlier try of exactly this reply; None: there is surely none.

        Looks where the platform tells the truth at once, not in an index that lags. Raises: Unavailable,
        Unauthorized, Unknown (this platform cannot tell: a person must look).
        """
        ...

    async def delete(self, post_id: str) -> None:
        """Take a post of ours back; one that is gone is success. Raises: Unavailable, Refused, Unknown."""
        ...


@runtime_checkable
class Corrector(Replier, Protocol):
    """A replier on whose platform what was published can be changed in its place."""

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        """Let a post of ours say this from now on; one that says so already is success, so that it may be
        asked for again. Raises: as `publish`; nothing was changed where that one publishes nothing.
        """
        ...


@runtime_checkable
class Measuring(Replier, Protocol):
    """A replier where it hangs on what is answered how long an answer may be: a direct message is no post."""

    def length_to(self, post_id: str, text: str) -> Length:
        """`length` of an answer to this post. Pure."""
        ...


def length_of(replier: Replier, post_id: str, text: str) -> Length:
    """How long an answer to this post is, as its platform counts."""
    if isinstance(replier, Measuring):
        return replier.length_to(post_id, text)
    return replier.length(text)


@runtime_checkable
class Priced(Replier, Protocol):
    """A replier on whose platform an answer costs money."""

    def price(self, text: str, to: str) -> Price | None:
        """What this answer to the post `to` (its id) will cost, by what is known; None: nothing."""
        ...


@runtime_checkable
class Several(Replier, Protocol):
    """A replier with several accounts, of which each post is always answered by the same one."""

    def account_for(self, to: Post) -> str | None:
        """Whose the answer to this post is, once that is known: as `account_id`."""
        ...


def answers_as(replier: Replier, to: Post) -> str | None:
    """Whose the answer to a post is, once that is known."""
    return replier.account_for(to) if isinstance(replier, Several) else replier.account_id


# --- drafts and replies, as they are kept -----------------------------------------------------------


class Origin(StrEnum):
    """Who proposed a text."""

    RULE = "rule"
    LIBRARY = "library"
    MODEL = "model"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is proposed to be said in a conversation: its newest, until it is approved or thrown away.

    `mention_id` is what it answers. `stale`: why it should be looked at again before anybody approves it
    (empty: it need not).
    """

    id: int
    text: str
    origin: Origin
    made_by: str
    made_at: datetime
    mention_id: str
    lang: str | None = None
    stale: str = ""


class ReplyState(StrEnum):
    """`HELD`: approved, and not due yet or to be tried again. `GOING`: being tried. `UNSURE`: it may stand in
    public or not; somebody looks. `WITHDRAWN`: something happened before it went out. `LEAVING`: published,
    and to be taken back.
    """

    HELD = "held"
    GOING = "going"
    PUBLISHED = "published"
    REFUSED = "refused"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"
    CANCELED = "canceled"
    LEAVING = "leaving"
    TAKEN_BACK = "taken_back"


LIVE = (ReplyState.HELD, ReplyState.GOING, ReplyState.UNSURE, ReplyState.LEAVING)
"""A conversation has one of these at most: before it is over, nothing else is approved there."""
FINAL = frozenset({"deleted", "opted_out"})
"""Why a draft or a reply is stale for good: no second look makes it right again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An approved text and what became of it. `due_at`: not before then is it tried (again).

    `asks_staff`: nobody but a person can find out whether it was published. `corrects`: it takes the place
    of what our post before it said. `mention_id`: what it answers; `origin`: who proposed its text.
    """

    id: int
    text: str
    state: ReplyState
    approved_by: str
    approved_at: datetime
    due_at: datetime
    reason: str = ""
    asks_staff: bool = False
    published: Published | None = None
    lang: str | None = None
    corrects: bool = False
    mention_id: str = ""
    origin: Origin = Origin.PERSON

    @property
    def may_be_kept(self) -> bool:
        """Whether the library could learn from it: it was said in public, and is not the library's own."""
        return self.state is ReplyState.PUBLISHED and self.origin is not Origin.LIBRARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What the file of answers would say if a reply were kept as an answer. Nobody but a person writes there.

    `path`: the file; empty: there is none yet. `entry`: the answer that is new, or (`is_known`) gets one more
    question. `text`: the difference, as people and `patch` read it, or all of a file that is to be begun;
    empty: the file says so already. `reason`: why there is no patch, as `answer.unsaved_…` of the catalogue,
    and `detail` of it.
    """

    path: str = ""
    entry: str = ""
    is_known: bool = False
    text: str = ""
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What is said by itself and at once to somebody who wrote to us, if the store knows nothing against it.

    `rule` asked for it by firing. One author gets no more than `per_day` of them in 24 hours on a platform.
    After `until` none at all would be better.
    """

    text: str
    rule: str
    per_day: int
    until: datetime


# --- what is offered on a card ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One draft, filled in and signed: exactly what would be published.

    `name`: the rule's draft, the answer, or the model. `score`: of an answer, how well it matches. `lang`:
    what it is written in, if that is known; `is_foreign`: not what was asked in. `sources`: the answers that
    a model was given. `needs_approval`: nobody of ours has written or read this.
    """

    text: str
    origin: Origin
    name: str
    score: float | None = None
    lang: str | None = None
    sources: tuple[str, ...] = ()
    is_foreign: bool = False
    needs_approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How a conversation can be answered: `refusal` is why it cannot, as by `Replier.refusal`.

    `length` is that of the open draft, `price` what it will cost (None: nothing); `suggestions` are offered
    as long as there is none. `can_correct`: the
    draft may also take the place of what we published last.
    """

    can_answer: bool = False
    refusal: str = ""
    length: Length | None = None
    price: Price | None = None
    suggestions: tuple[Suggestion, ...] = ()
    can_correct: bool = False


NO_MEANS = Means()


# --- what a decision wants to be done -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """A text to look at before it is approved; it takes the place of the one before."""

    text: str
    origin: Origin
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    draft: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """From here on the text of this draft is fixed. It goes out at `due_at`, or never after `until`.

    `corrects`: the published reply in whose place it goes; None: it is a post of its own.
    """

    draft: int
    due_at: datetime
    until: datetime
    corrects: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """A person looked: it `is_there`, or it is not and goes out again."""

    reply: int
    is_there: bool


Step: TypeAlias = Propose | Discard | Approve | Cancel | TakeBack | Resolve
