"""Who would get the answer for all who wait in an incident, and who would not, and why.

Reads only. It knows the tables of conversations and drafts; what is too long, and what a platform refuses,
it does not.
"""

from __future__ import annotations

from bot.incidents import Addressee, Outlook, SharedAnswer
from bot.preparing import MARK
from bot.store import rows
from bot.store.card import Fetch
from bot.store.sharing import CONVERSATIONS, DECIDED, DRAFTED, FREE, OPTED_OUT, SAID

_OF_THIS = f"c.id IN (SELECT d.conversation FROM drafts d WHERE d.state = 'open' AND d.id IN ({DECIDED}))"
_WHY = (
    f"CASE WHEN c.state = 'answered' OR {SAID} THEN 'answered' WHEN {OPTED_OUT} THEN 'opted_out'"
    " WHEN c.state = 'dismissed' THEN 'dismissed' WHEN c.state = 'claimed' THEN 'taken'"
    f" WHEN c.state = 'snoozed' THEN 'snoozed' WHEN {DRAFTED} THEN 'drafted'"
    f" WHEN {FREE} THEN 'unprepared' ELSE 'no_question' END"
)
_LEFT = (
    f"SELECT c.platform, {_WHY}, count(*) FROM conversations c WHERE c.id IN ({CONVERSATIONS})"
    " AND NOT ({to}) GROUP BY 1, 2 ORDER BY 3 DESC, 2"
)
_POST_AT = 6
_TO = (
    "SELECT m.uid, m.brand, p.deleted_at, u.name, u.handle, {draft},"
    f" {rows.columns(rows.POST, 'p')} FROM {{what}} JOIN posts p ON p.id = m.post"
    " LEFT JOIN authors u ON u.platform = p.platform AND u.author_id = p.author_id"
)
_FREE_ONES = (
    _TO.format(
        draft="''",
        what=(
            "conversations c JOIN mentions m"
            " ON m.id = (SELECT max(x.id) FROM mentions x WHERE x.conversation = c.id)"
        ),
    )
    + f" WHERE c.id IN ({CONVERSATIONS}) AND {FREE}"
)
_DRAFTED_ONES = _TO.format(draft="d.text", what="drafts d JOIN mentions m ON m.id = d.mention") + (
    f" WHERE d.state = 'open' AND d.id IN ({DECIDED})"
)


def read(fetch: Fetch, incident: int, answer: SharedAnswer) -> Outlook | None:
    """Of the drafts that wait for approval, else of whom it could go to; None: something goes on."""
    if answer.is_preparing or (answer.under_way and not answer.drafts):
        return None
    given = {"incident": incident, "mark": f"{MARK}{answer.id}"}
    to = fetch(_DRAFTED_ONES if answer.drafts else _FREE_ONES, given)
    left: dict[str, dict[str, int]] = {}
    for platform, why, count in fetch(_LEFT.format(to=_OF_THIS if answer.drafts else FREE), given):
        left.setdefault(platform, {})[why] = count
    return Outlook(to=tuple(map(_addressee, to)), left=left)


def _addressee(row: rows.Row) -> Addressee:
    post = rows.post(row[_POST_AT:])
    return Addressee(
        mention_id=row[0],
        brand=row[1],
        is_deleted=row[2] is not None,
        name=row[3],
        handle=row[4] or post.author_handle,
        draft=row[5],
        post=post,
    )
