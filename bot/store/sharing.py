"""One answer for all who wait in an incident: its text as a row, and what came of it.

What is published are ordinary drafts and replies, each decided in its own conversation; the decision that
made a draft names the answer (`MARK`). It knows the tables shared_answers and decisions.
"""

from __future__ import annotations

from datetime import timedelta

from bot.changes import Shared
from bot.incidents import AnswerState, SharedAnswer
from bot.model import Cursor
from bot.preparing import MARK, Job
from bot.replies import LIVE, Origin
from bot.store import rows
from bot.store.card import Fetch
from bot.store.work import Work, save_cursor

LOOK_WHILE_PREPARING = timedelta(seconds=5)
"""A card that counts drafts changes no more often."""
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE)
CONVERSATIONS = "SELECT conversation FROM burst_posts WHERE incident = :incident"
DECIDED = (
    "SELECT x.draft FROM decisions x WHERE x.argument = :mark AND x.draft IS NOT NULL"
    f" AND x.conversation IN ({CONVERSATIONS})"
)
_ASKS = "EXISTS (SELECT 1 FROM asks a WHERE a.conversation = c.id AND a.outcome IS NULL)"
DRAFTED = "EXISTS (SELECT 1 FROM drafts d WHERE d.conversation = c.id AND d.state = 'open')"
SAID = (
    "EXISTS (SELECT 1 FROM replies r WHERE r.conversation = c.id AND NOT r.is_automatic"
    f" AND r.state IN ({_LIVE}, 'published'))"
)
OPTED_OUT = "EXISTS (SELECT 1 FROM opt_outs o WHERE o.platform = c.platform AND o.author_id = c.author_id)"
FREE = f"(c.state = 'open' AND {_ASKS} AND NOT {DRAFTED} AND NOT {SAID} AND NOT {OPTED_OUT})"
_MAY_BE_ANSWERED = f" FROM conversations c WHERE c.id IN ({CONVERSATIONS}) AND {FREE}"
"""Nobody has it, nobody of ours said anything or is about to, and they did not ask for none."""


def newest(fetch: Fetch, incident: int) -> SharedAnswer | None:
    found = fetch(
        "SELECT id, text, state, person, preparing IS NOT NULL FROM shared_answers WHERE incident = ?"
        " AND state <> 'replaced' ORDER BY id DESC LIMIT 1",
        (incident,),
    )
    if not found:
        return None
    id_, text, state, person, is_preparing = found[0]
    given = {"incident": incident, "mark": f"{MARK}{id_}"}
    (drafts,) = fetch(f"SELECT count(*) FROM drafts WHERE state = 'open' AND id IN ({DECIDED})", given)[0]
    published, under_way, whole = fetch(
        f"SELECT total(state = 'published'), total(state IN ({_LIVE})), count(*) FROM replies"
        f" WHERE draft IN ({DECIDED})",
        given,
    )[0]
    return SharedAnswer(
        id=id_,
        text=text,
        state=AnswerState(state),
        person=person,
        to=fetch(f"SELECT count(*){_MAY_BE_ANSWERED}", given)[0][0],
        drafts=drafts,
        published=int(published),
        under_way=int(under_way),
        refused=int(whole - published - under_way),
        is_preparing=bool(is_preparing),
    )


def offered(fetch: Fetch, incident: int) -> str:
    """The text that rules prepared for most of the first of them."""
    found = fetch(
        "SELECT json_extract(v.verdict, '$.draft_text') AS said, count(*) FROM verdicts v WHERE v.mention IN"
        " (SELECT mention FROM burst_posts WHERE incident = ? ORDER BY at, mention LIMIT 100)"
        " AND said IS NOT NULL GROUP BY said ORDER BY 2 DESC, 1 LIMIT 1",
        (incident,),
    )
    return str(found[0][0]) if found else ""


def incident_of(fetch: Fetch, uid: str) -> int | None:
    found = fetch("SELECT id FROM incidents WHERE uid = ?", (uid,))
    return found[0][0] if found else None


def of_receipt(fetch: Fetch, kind: str, receipt: str) -> str | None:
    """Whose card a message is that went to a channel of this kind."""
    found = fetch(
        "SELECT i.uid FROM effects e JOIN incidents i ON i.id = json_extract(e.payload, '$.incident')"
        " WHERE e.receipt = ? AND (e.channel = ? OR e.channel LIKE ? || ':%') AND e.kind = 'digest'"
        " ORDER BY e.id DESC LIMIT 1",
        (receipt, kind, kind),
    )
    return found[0][0] if found else None


def being_prepared(fetch: Fetch) -> tuple[Job, ...]:
    found = fetch(
        "SELECT x.id, s.incident, s.id, s.text, x.press_id, x.feed, x.channel, x.person, x.at"
        " FROM shared_answers s JOIN decisions x ON x.id = s.preparing"
        " WHERE s.preparing IS NOT NULL AND s.state <> 'replaced' ORDER BY x.id",
        (),
    )
    names = ("began", "incident", "answer", "text", "press_id", "feed", "channel", "person")
    return tuple(Job(**dict(zip(names, row, strict=False)), at=rows.moment(row[8])) for row in found)


def recipients(fetch: Fetch, job: Job, limit: int) -> tuple[str, ...]:
    """The newest mention of each who may be answered, first who is due first; not who was tried already."""
    found = fetch(
        "SELECT (SELECT m.uid FROM mentions m WHERE m.conversation = c.id ORDER BY m.id DESC LIMIT 1),"
        f" (SELECT a.due_at FROM asks a WHERE a.conversation = c.id AND a.outcome IS NULL) AS due"
        f"{_MAY_BE_ANSWERED} AND NOT EXISTS (SELECT 1 FROM decisions x WHERE x.conversation = c.id"
        " AND x.argument = :mark AND x.id > :began)"
        " AND EXISTS (SELECT 1 FROM shared_answers s WHERE s.id = :answer AND s.preparing = :began)"
        " ORDER BY due IS NULL, due, c.id LIMIT :limit",
        {
            "incident": job.incident,
            "mark": f"{MARK}{job.answer}",
            "began": job.began,
            "answer": job.answer,
            "limit": limit,
        },
    )
    return tuple(row[0] for row in found)


def end_preparing(work: Work, answer: int, began: int | None) -> None:
    """As `bot.preparing.PreparingStore.end_preparing`."""
    state = AnswerState.STOPPED if began is None else AnswerState.PREPARED
    work.conn.execute(
        "UPDATE shared_answers SET preparing = NULL, state = ? WHERE id = ? AND preparing IS NOT NULL"
        " AND preparing = COALESCE(?, preparing)",
        (state.value, answer, began),
    )


def look_again(work: Work, incident: int) -> None:
    """At its card, but no more often than a chat bears."""
    soon = rows.micros(work.now + LOOK_WHILE_PREPARING)
    work.conn.execute(
        "UPDATE incidents SET look_at = min(COALESCE(look_at, :soon), max(:at, looked_at + :wait))"
        " WHERE id = :incident",
        {"soon": soon, "at": work.at, "wait": soon - work.at, "incident": incident},
    )


def drafts(fetch: Fetch, incident: int, answer: int) -> tuple[tuple[str, int], ...]:
    """What waits for approval: mention, draft."""
    found = fetch(
        "SELECT m.uid, d.id FROM drafts d JOIN mentions m ON m.id = d.mention WHERE d.state = 'open'"
        f" AND d.id IN ({DECIDED}) ORDER BY d.id",
        {"incident": incident, "mark": f"{MARK}{answer}"},
    )
    return tuple((row[0], row[1]) for row in found)


def held(fetch: Fetch, incident: int, answer: int) -> tuple[tuple[str, int], ...]:
    """What is approved and not tried yet: mention, reply."""
    found = fetch(
        "SELECT m.uid, r.id FROM replies r JOIN mentions m ON m.id = r.mention WHERE r.state = 'held'"
        f" AND r.draft IN ({DECIDED}) ORDER BY r.id",
        {"incident": incident, "mark": f"{MARK}{answer}"},
    )
    return tuple((row[0], row[1]) for row in found)


def keep(work: Work, shared: Shared, *, cursor: Cursor | None) -> None:
    """What a person decided of it, with an audit row, and the feed's position; the card is looked at now."""
    save_cursor(work.conn, shared.feed, "feed", cursor, at=work.now)
    known = work.conn.execute(
        "SELECT 1 FROM decisions WHERE feed = ? AND press_id = ?", (shared.feed, shared.press_id)
    ).fetchone()
    if known is not None:
        return
    if shared.text:
        before = "UPDATE shared_answers SET state = 'replaced' WHERE incident = ?"
        work.conn.execute(before, (shared.incident,))
        work.conn.execute(
            "INSERT INTO shared_answers (incident, text, origin, person, made_at, state)"
            " VALUES (?, ?, ?, ?, ?, 'open')",
            (shared.incident, shared.text, Origin(shared.origin), shared.person, work.at),
        )
    elif shared.state is not None:
        work.conn.execute(
            "UPDATE shared_answers SET state = ? WHERE id = ?", (shared.state.value, shared.answer)
        )
    work.conn.execute("UPDATE incidents SET look_at = ? WHERE id = ?", (work.at, shared.incident))
    (decision,) = work.conn.execute(
        "INSERT INTO decisions (feed, press_id, person, channel, verb, at, outcome, reply, is_loud, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?) RETURNING id",
        (
            shared.feed,
            shared.press_id,
            shared.person,
            shared.channel,
            shared.verb,
            rows.micros(shared.at),
            shared.outcome,
            shared.reply,
            shared.text or None,
        ),
    ).fetchone()
    if shared.prepares:
        work.conn.execute("UPDATE shared_answers SET preparing = ? WHERE id = ?", (decision, shared.answer))
