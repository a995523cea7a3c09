"""One sorted and judged batch with its cursor, written inside one unit of work.

It knows the order of things; what each of them writes stands in posts, threads, verdicts, effects and
deletions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model import Alert, Author
from bot.optout import wants_no_answers
from bot.overrides import Anew
from bot.records import Answer, Ask, CardState, Entry, Judged, Leased, Recorded
from bot.silenced import holds_alert
from bot.store import (
    acknowledging,
    announcing,
    card,
    catching_up,
    counts,
    coverage,
    deletions,
    effects,
    grouping,
    incidents,
    listing,
    opting,
    overriding,
    posts,
    remembering,
    ringing,
    rows,
    silencing,
    threads,
    verdicts,
)
from bot.store.work import Work, save_cursor


@dataclass(slots=True)
class _Tally:
    source: str
    stored: list[str] = field(default_factory=list)
    duplicates: int = 0
    answered: int = 0
    leased: list[Leased] = field(default_factory=list)
    waits: bool = False
    acknowledged: list[str] = field(default_factory=list)


def record(work: Work, entry: Entry) -> Recorded:
    """Items in order, then deletions, coverage and cursor. Written twice, an entry changes nothing more."""
    tally = _Tally(source=entry.source)
    _know_brands(work, entry)
    for item in entry.items:
        if isinstance(item, Judged):
            _mention(work, item, tally)
        else:
            _answer(work, item, tally)
    for deletion in entry.deleted:
        tally.leased += deletions.delete(work, deletion)
    if entry.caught_up:
        tally.leased += catching_up.release(work, entry.source)
    listing.refresh(work)
    gaps = coverage.observe(work, entry)
    save_cursor(work.conn, entry.source, "source", entry.cursor, at=work.now)
    return Recorded(
        stored=tuple(tally.stored),
        duplicates=tally.duplicates,
        answered=tally.answered,
        leased=_newest(tally.leased),
        gaps=gaps,
        waits=tally.waits,
        acknowledged=tuple(tally.acknowledged),
    )


def _know_brands(work: Work, entry: Entry) -> None:
    """`save_brands` has the say on brands; a row is needed before anything can be theirs."""
    names = dict.fromkeys(
        item.mention.brand if isinstance(item, Judged) else item.brand for item in entry.items
    )
    work.conn.executemany(
        "INSERT INTO brands (name, is_rival) VALUES (?, 0) ON CONFLICT DO NOTHING",
        [(name,) for name in names],
    )


def _newest(leased: list[Leased]) -> tuple[Leased, ...]:
    """Each effect once, in the order written."""
    return tuple({one.id: one for one in leased}.values())


# --- a mention ----------------------------------------------------------------------------------


def _mention(work: Work, item: Judged, tally: _Tally) -> None:
    stored = posts.save(work, item.mention.post)
    known = None if stored.is_new else _known(work, stored.id, item.mention.brand)
    if stored.is_deleted:
        tally.duplicates += 1
    elif known is None:
        _new_mention(work, item, stored, tally)
    elif _is_new_text(work, item, stored, known[0]):
        _edited_mention(work, item, known, tally)
    else:
        tally.duplicates += 1


def _known(work: Work, post: int, brand: str) -> rows.Row | None:
    return rows.one(
        work.conn.execute(
            "SELECT id, uid, asks, conversation FROM mentions WHERE post = ? AND brand = ?", (post, brand)
        )
    )


def _is_new_text(work: Work, item: Judged, stored: posts.Stored, mention: int) -> bool:
    if not (item.mention.post.is_edit and stored.is_current):
        return False
    return verdicts.judged_text(work, mention) != item.facts.text


def _context(work: Work, item: Judged) -> Author | None:
    """What the card shows around the mention: its author as now known, and the post above it."""
    author = posts.save_author(work, item.author) if item.author is not None else None
    if item.parent is not None:
        posts.save(work, item.parent)
    return author


def _new_mention(work: Work, item: Judged, stored: posts.Stored, tally: _Tally) -> None:
    author = _context(work, item)
    mention = item.mention
    entered = threads.find_or_open(work, mention.brand, mention.post)
    conversation = entered.conversation
    row = work.conn.execute(
        "INSERT INTO mentions (uid, post, brand, conversation, kind, spans, asks, due_at, calendar_due_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            item.mention_id,
            stored.id,
            mention.brand,
            conversation.id,
            mention.kind,
            rows.dump(mention.spans),
            item.asks,
            rows.micros_or_none(item.due.at),
            rows.micros_or_none(item.due.by_calendar),
        ),
    ).fetchone()
    if wants_no_answers(mention.post.text, mention.kind):
        opting.said(work, mention, post=stored.id)
    verdicts.save(work, row[0], item, item.mention_id)
    counts.save(work.conn, row[0], item.counted)
    silencing.count(work, item.held_by)
    joined = _join(work, entered, item, row[0], tally)
    tally.stored.append(item.mention_id)
    tally.answered += joined.is_answered
    place = _Place(mention=row[0], uid=item.mention_id, conversation=conversation.id)
    first = _first_card(work, item, joined, author) if stored.is_new else None
    _announce(work, item, place, joined, tally, first)
    if acknowledging.plan(work, item, conversation.id):
        tally.acknowledged.append(item.mention_id)


def _join(work: Work, entered: threads.Entered, item: Judged, mention: int, tally: _Tally) -> threads.Joined:
    """A person's urgency gives way to something worse, and a snooze to its author; who wakes, rings."""
    conversation = entered.conversation
    if conversation.override.urgency is not None:
        overriding.outgrow(work, conversation.id, item.verdict.urgency)
    joined = threads.join(work, entered, item, mention)
    if joined.woke and holds_alert(item.held_by) and item.verdict.alert is Alert.NONE:
        shown = effects.delivered(work, conversation.id)
        tally.leased += effects.update(work, shown, version=joined.version)
    elif joined.woke:
        tally.leased += ringing.ring(work, conversation.id, Anew.WOKEN, version=joined.version)
    return joined


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    mention: int
    uid: str
    conversation: int


def _announce(
    work: Work,
    item: Judged,
    place: _Place,
    joined: threads.Joined,
    tally: _Tally,
    first: CardState | None = None,
) -> None:
    for route in item.routes if joined.alerts else ():
        heard = announcing.Heard(
            brand=item.mention.brand,
            conversation=place.conversation,
            version=joined.version,
            mention=place.mention,
            uid=place.uid,
            ask=joined.ask,
            verdict=item.verdict,
            route=route,
            card=first,
            group=grouping.key(item, route, place.conversation),
        )
        if item.is_late:
            tally.leased += catching_up.announce(work, heard, tally.source)
        else:
            tally.leased += _told(work, heard)
            tally.waits |= heard.group is not None or bool(work.noise.quiet or work.noise.budgets)


def _told(work: Work, heard: announcing.Heard) -> tuple[Leased, ...]:
    """Whoever comes first tells it; what is critical rings by itself, and counts."""
    begun = incidents.count(work, heard)
    told = incidents.announce(work, heard)
    return begun + (grouping.announce(work, heard) if told is None else told)


def _first_card(work: Work, item: Judged, joined: threads.Joined, author: Author | None) -> CardState | None:
    """What `card.of_effect` would read of a mention that begins its conversation; None: it must be read."""
    post, opened = item.mention.post, joined.opened
    if opened is None or not joined.alerts or not item.routes or post.is_edit:
        return None
    ask = _begun(joined.ask, item) if joined.ask else None
    return CardState(
        mention_id=item.mention_id,
        mention=item.mention,
        verdict=item.verdict,
        facts=item.facts,
        conversation=opened,
        author=author or posts.author(work, post),
        ask=ask,
        parent=card.parent(card.fetcher(work.conn), post),
        memory=remembering.read(card.fetcher(work.conn), opened, is_new=True),
    )


def _begun(ask: int, item: Judged) -> Ask:
    due, began = item.due, item.mention.post.posted_at
    return Ask(id=ask, started_at=began, due_at=due.at, calendar_due_at=due.by_calendar)


def _edited_mention(work: Work, item: Judged, known: rows.Row, tally: _Tally) -> None:
    """A new verdict on new words. A mention that had its ask keeps it; one that begins to ask joins now."""
    mention, uid, asked, conversation_id = known
    _context(work, item)
    verdicts.save(work, mention, item, uid)
    work.conn.execute(
        "UPDATE mentions SET kind = ?, spans = ?, asks = ?, due_at = ?, calendar_due_at = ? WHERE id = ?",
        (
            item.mention.kind,
            rows.dump(item.mention.spans),
            item.asks or asked,
            rows.micros_or_none(item.due.at),
            rows.micros_or_none(item.due.by_calendar),
            mention,
        ),
    )
    overriding.outgrow(work, conversation_id, item.verdict.urgency)
    if asked:
        joined = threads.stay(work, conversation_id, mention)
    else:
        entered = threads.Entered(conversation=threads.get(work, conversation_id))
        joined = _join(work, entered, item, mention, tally)
    shown = effects.delivered(work, conversation_id)
    tally.leased += effects.update(work, shown, version=joined.version)
    _announce(work, item, _Place(mention=mention, uid=uid, conversation=conversation_id), joined, tally)


# --- an answer ----------------------------------------------------------------------------------


def _answer(work: Work, item: Answer, tally: _Tally) -> None:
    stored = posts.save(work, item.post)
    acknowledged = acknowledging.acknowledged(work, item)
    is_automatic = acknowledged is not None
    is_new = posts.mark_answer(work, stored.id, item.brand, is_automatic=is_automatic)
    if not is_new or stored.is_deleted:
        tally.duplicates += 1
        return
    if acknowledged is not None:  # it ends nothing; its card may show what nobody was sure of
        version = threads.advance(work, acknowledged)
        tally.leased += effects.update(work, effects.delivered(work, acknowledged), version=version)
        return
    author = posts.parent_author(work, item.post)
    if author is None or author == item.post.author_id:
        return
    conversation = threads.find(work, item.brand, item.post, author)
    if conversation is None:
        return
    given = posts.OwnAnswer(post=stored.id, at=item.post.posted_at)
    answered = threads.answer(work, conversation, given)
    if answered is not None:
        tally.answered += answered.ended
        shown = effects.delivered(work, conversation.id)
        tally.leased += effects.update(work, shown, version=answered.version)
