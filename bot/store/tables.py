"""The tables: with `staff_tables` the one place that says which columns there are.

It knows names, types, keys and constraints. It is used for reading and for migrations; writing goes through
plain SQL on the writer thread. Row models (more of them: `bot.store.derived`) never leave `bot.store`. They
stay dumb: table models validate nothing (https://sqlmodel.tiangolo.com/), what is written was checked before.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.model import Alert, ConversationState, Kind
from bot.store import (  # noqa: F401 - of the same metadata
    answering_tables,
    call_tables,
    effect_tables,
    escalation_tables,
    incident_tables,
    staff_tables,
)
from bot.store.columns import (
    RowId,
    UTCDateTime,
    at,
    bits,
    brand_name,
    flag,
    key,
    maybe_at,
    maybe_ref,
    microseconds,
    one_of,
    ref,
    where,
    while_open,
)


class BrandRow(SQLModel, table=True):
    __tablename__: ClassVar[str] = "brands"
    name: str = Field(primary_key=True)
    is_rival: bool = False


class AccountRow(SQLModel, table=True):
    """`account_id` is None until the handle is resolved."""

    __tablename__: ClassVar[str] = "accounts"
    __table_args__ = (UniqueConstraint("brand", "platform", "handle"),)
    id: int | None = key()
    brand: str = brand_name()
    platform: str
    handle: str
    account_id: str | None = None


class AuthorRow(SQLModel, table=True):
    """What is known of an author; NULL is unknown, not zero."""

    __tablename__: ClassVar[str] = "authors"
    platform: str = Field(primary_key=True)
    author_id: str = Field(primary_key=True)
    handle: str | None = None
    name: str | None = None
    bio: str | None = None
    followers: int | None = Field(default=None, sa_type=BigInteger)
    following: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime | None = maybe_at()
    verified: bool | None = None
    updated_at: datetime = at()


class PostRow(SQLModel, table=True):
    """A post, also one that is only the line above a mention. `thread_id` is the root's id, or its own.

    `revised_at` says when the text that stands here was written, by the platform's clock if it tells, else
    when it was seen; the text is blank once `deleted_at` is set.
    """

    __tablename__: ClassVar[str] = "posts"
    __table_args__ = (
        UniqueConstraint("platform", "post_id"),
        Index(None, "platform", "thread_id", "parent_author_id"),
        Index(None, "platform", "author_id"),
        Index(None, "platform", "parent_id"),
        Index(None, "stored_at"),
    )
    id: int | None = key()
    platform: str
    post_id: str
    author_id: str
    author_handle: str | None = None
    text: str
    title: str
    alts: str
    links: str
    langs: str
    mentions: str
    parent_id: str | None = None
    parent_author_id: str | None = None
    parent_revision: str | None = None
    root_id: str | None = None
    root_author_id: str | None = None
    root_revision: str | None = None
    quoted_id: str | None = None
    quoted_author_id: str | None = None
    quoted_revision: str | None = None
    revision: str | None = None
    url: str | None = None
    posted_at: datetime = at()
    seen_at: datetime = at()
    thread_id: str
    stored_at: datetime = at()
    revised_at: datetime = at()
    deleted_at: datetime | None = maybe_at()


class AnswerRow(SQLModel, table=True):
    """A post by one of a brand's own accounts; `is_automatic`: it only said that somebody will answer."""

    __tablename__: ClassVar[str] = "answers"
    post: int = Field(primary_key=True, foreign_key="posts.id", sa_type=RowId)
    brand: str = Field(primary_key=True, foreign_key="brands.name")
    is_automatic: bool = flag()


class ConversationRow(SQLModel, table=True):
    """`version` grows with everything that a card of it would show.

    A snoozed one without `snoozed_until` is so until its author writes again. `override` is JSON of what
    people put in the place of the verdict's urgency and persona.
    """

    __tablename__: ClassVar[str] = "conversations"
    __table_args__ = (
        UniqueConstraint("brand", "platform", "root_id", "author_id"),
        Index(None, "brand", "platform", "author_id"),
        where("snoozed_until", "snoozed_until IS NOT NULL"),
        one_of("state", ConversationState),
    )
    id: int | None = key()
    brand: str = brand_name()
    platform: str
    root_id: str
    author_id: str
    state: str
    version: int = Field(sa_type=BigInteger)
    claimed_by: str | None = None
    claimed_at: datetime | None = maybe_at()
    snoozed_until: datetime | None = maybe_at()
    snoozed_by: str | None = None
    override: str | None = None


class MentionRow(SQLModel, table=True):
    """`ask` is the ask that it started or joined (no foreign key: asks refer to mentions already)."""

    __tablename__: ClassVar[str] = "mentions"
    __table_args__ = (UniqueConstraint("post", "brand"), one_of("kind", Kind))
    id: int | None = key()
    uid: str = Field(unique=True)
    post: int = ref("posts.id")
    brand: str = brand_name()
    conversation: int = Field(foreign_key="conversations.id", sa_type=RowId, index=True)
    kind: str
    spans: str
    asks: bool
    due_at: datetime | None = maybe_at()
    calendar_due_at: datetime | None = maybe_at()
    ask: int | None = Field(default=None, sa_type=RowId, index=True)


class AskRow(SQLModel, table=True):
    """One wait; at most one of a conversation is open. `mention` is the one whose time it starts at.

    `judged_to` is for how long (in microseconds) it had waited when it was last judged again for that,
    `engaged_to` when it was last asked how many reacted. `counted`: a bit a stage that metrics know of.
    `rang_at`: when staff last heard of it, apart from steps; `escalate_at`: when somebody must be asked next.
    """

    __tablename__: ClassVar[str] = "asks"
    __table_args__ = (
        one_of("outcome", ("answered", "deleted", "dismissed", "elsewhere")),
        Index(
            "uq_asks_open",
            "conversation",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        while_open("judged_to"),
        while_open("started_at"),
        where("escalate_at", "outcome IS NULL AND escalate_at IS NOT NULL"),
    )
    id: int | None = key()
    brand: str = brand_name()
    conversation: int = Field(foreign_key="conversations.id", sa_type=RowId, index=True)
    mention: int = ref("mentions.id")
    started_at: datetime = at()
    due_at: datetime | None = maybe_at()
    calendar_due_at: datetime | None = maybe_at()
    seen_at: datetime = at()
    alerted_at: datetime | None = maybe_at()
    claimed_at: datetime | None = maybe_at()
    answered_at: datetime | None = maybe_at()
    ended_at: datetime | None = maybe_at()
    outcome: str | None = None
    answered_by: int | None = maybe_ref("posts.id")
    judged_to: int = microseconds()
    engaged_to: int = microseconds()
    counted: int = bits()
    rang_at: datetime | None = maybe_at()
    escalate_at: datetime | None = maybe_at()


class VerdictRow(SQLModel, table=True):
    """The newest of a mention counts. `facts` and `verdict` are JSON of the whole values."""

    __tablename__: ClassVar[str] = "verdicts"
    __table_args__ = (CheckConstraint("urgency BETWEEN 0 AND 3", name="urgency"), one_of("alert", Alert))
    id: int | None = key()
    mention: int = Field(foreign_key="mentions.id", sa_type=RowId, index=True)
    brand: str = brand_name()
    rules_version: str
    engine_version: str
    urgency: int
    score: int
    ignored: bool
    alert: str
    persona: str | None = None
    route: str
    tags: str
    verdict: str
    facts: str
    judged_at: datetime = at()


class FiredRow(SQLModel, table=True):
    """A rule that fired in a verdict; `place` keeps the verdict's order."""

    __tablename__: ClassVar[str] = "fired"
    verdict: int = Field(primary_key=True, foreign_key="verdicts.id", sa_type=RowId)
    place: int = Field(primary_key=True)
    rule: str = Field(index=True)
    points: int
    brand: str = brand_name()


class RuleSetRow(SQLModel, table=True):
    __tablename__: ClassVar[str] = "rule_sets"
    version: str = Field(primary_key=True)
    engine_version: str
    source: str
    loaded_at: datetime = at()


class ReloadRow(SQLModel, table=True):
    """What came of reading the rules, whenever that was new: which run `since` when, and why (`problems`)
    they are not what stands in the files. The newest row is how things are.
    """

    __tablename__: ClassVar[str] = "reloads"
    id: int | None = key()
    version: str = Field(foreign_key="rule_sets.version")
    since: datetime = at()
    read_at: datetime = at()
    problems: str | None = None


class DecisionRow(SQLModel, table=True):
    """Every press, refused ones too (`verb` NULL). A press id is its platform's, hence unique per feed.

    `changed` is JSON of what was before and after, column by column, of conversation and asks (NULL: nothing
    was changed); `undone_by` the decision that took it back. `draft`: the one that was proposed, approved or
    thrown away, or whose reply was stopped or taken back.
    """

    __tablename__: ClassVar[str] = "decisions"
    __table_args__ = (UniqueConstraint("feed", "press_id"),)
    id: int | None = key()
    feed: str
    press_id: str
    brand: str | None = Field(default=None, foreign_key="brands.name")
    conversation: int | None = Field(default=None, foreign_key="conversations.id", sa_type=RowId, index=True)
    mention: int | None = maybe_ref("mentions.id")
    person: str
    channel: str
    verb: str | None = None
    at: datetime = at()
    outcome: str
    state_before: str | None = None
    state_after: str | None = None
    reply: str
    is_loud: bool
    note: str | None = None
    argument: str | None = None
    changed: str | None = None
    undone_by: int | None = Field(default=None, sa_type=RowId)
    draft: int | None = Field(default=None, sa_type=RowId)


class FeedbackRow(SQLModel, table=True):
    """What a person says of a verdict: the last that they said; what came before stands in `decisions`."""

    __tablename__: ClassVar[str] = "feedback"
    __table_args__ = (Index("uq_feedback", "verdict", "person", unique=True),)
    id: int | None = key()
    decision: int = ref("decisions.id")
    verdict: int = Field(foreign_key="verdicts.id", sa_type=RowId, index=True)
    brand: str = brand_name()
    person: str
    says: str
    at: datetime = at()


class CursorRow(SQLModel, table=True):
    __tablename__: ClassVar[str] = "cursors"
    __table_args__ = (one_of("kind", ("source", "feed")),)
    name: str = Field(primary_key=True)
    kind: str
    cursor: str
    updated_at: datetime | None = maybe_at()


class CoverageRow(SQLModel, table=True):
    """What a source observed, both ends included; intervals of one source neither touch nor overlap."""

    __tablename__: ClassVar[str] = "coverage"
    source: str = Field(primary_key=True)
    started_at: datetime = Field(primary_key=True, sa_type=UTCDateTime)
    ended_at: datetime = at()


class GapRow(SQLModel, table=True):
    """A hole in the coverage of a source, and why."""

    __tablename__: ClassVar[str] = "gaps"
    __table_args__ = (UniqueConstraint("source", "started_at", "ended_at"),)
    id: int | None = key()
    source: str
    started_at: datetime = at()
    ended_at: datetime = at()
    reason: str
