"""What was before with the person who writes: all accounts that people linked count as theirs.

It reads, along indexes; which accounts belong together stands in the table links.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.overrides import NO_MEMORY, Memory, Note
from bot.store import rows

if TYPE_CHECKING:
    from bot.records import Conversation
    from bot.store.card import Fetch

WHO = (
    "WITH who(platform, author_id) AS (SELECT :platform, :author UNION SELECT o.platform, o.author_id"
    " FROM links l JOIN links o ON o.whose = l.whose WHERE l.platform = :platform AND l.author_id = :author)"
)
THEIRS = (
    " FROM who JOIN conversations c ON c.brand = :brand AND c.platform = who.platform"
    " AND c.author_id = who.author_id"
)
_EARLIER = f"{WHO} SELECT count(*){THEIRS} AND c.id <> :id"
_ANSWERED = (
    f"{WHO} SELECT a.answered_at, c.claimed_by{THEIRS} JOIN asks a ON a.conversation = c.id"
    " WHERE a.outcome = 'answered' ORDER BY a.answered_at DESC LIMIT 1"
)
_WAITING = (
    f"{WHO} SELECT count(*) OVER (), p.url{THEIRS} AND c.id <> :id JOIN asks a ON a.conversation = c.id"
    " AND a.outcome IS NULL JOIN mentions m ON m.id = a.mention JOIN posts p ON p.id = m.post"
    " ORDER BY a.started_at, a.id LIMIT 1"
)
_NOTES = (
    f"{WHO} SELECT d.note, d.person, d.at{THEIRS} JOIN decisions d ON d.conversation = c.id"
    " AND d.verb = 'note' AND d.undone_by IS NULL AND d.note IS NOT NULL ORDER BY d.id DESC LIMIT 2"
)


def read(fetch: Fetch, conversation: Conversation, *, is_new: bool = False) -> Memory:
    """`is_new`: nothing has been said or done in this conversation yet."""
    given = who(conversation)
    earlier = fetch(_EARLIER, given)[0][0]
    if is_new and not earlier:
        return NO_MEMORY
    answered = fetch(_ANSWERED, given)
    waiting = fetch(_WAITING, given) if earlier else ()
    return Memory(
        earlier=earlier,
        answered_at=rows.moment(answered[0][0]) if answered else None,
        answered_by=answered[0][1] if answered else None,
        waiting=waiting[0][0] if waiting else 0,
        waiting_url=waiting[0][1] if waiting else None,
        notes=tuple(
            Note(text=text, person=person, at=rows.moment(at))
            for text, person, at in reversed(fetch(_NOTES, given))
        ),
    )


def who(conversation: Conversation) -> dict[str, Any]:
    """What `WHO` and `THEIRS` are about."""
    return {
        "brand": conversation.brand,
        "platform": conversation.platform,
        "author": conversation.author_id,
        "id": conversation.id,
    }
