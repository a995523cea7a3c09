"""The outbox rows: what is announced, in which order it is leased, how a try ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model import Alert, Urgency
from bot.records import Dead, Dropped, Held, RetryAt, Sent
from bot.staff import Receipt, Verb
from bot.store.sqlite import SqliteStore
from bot.wishes import EffectKind
from tests.integration import store_samples as s


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(tmp_path / "x.db") as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_an_alert_comes_back_leased(store: SqliteStore) -> None:
    """The first try costs no second transaction: nobody else can lease it meanwhile."""
    done = await s.record(store, s.judged(s.post("q")))
    assert [(one.attempt, one.fence, one.effect.kind) for one in done.leased] == [(1, 1, EffectKind.ALERT)]
    assert await s.lease(store) == ()
    assert s.at(60) + s.LEASE == await store.next_due_at()


@pytest.mark.parametrize(
    ("alert", "channel"), [(Alert.NONE, "telegram:care"), (Alert.PING, None), (Alert.DIGEST, None)]
)
async def test_nothing_is_announced_that_nobody_should_hear(
    store: SqliteStore, path: Path, alert: Alert, channel: str | None
) -> None:
    """Alert none, or no channel (a rival's mention, an import): stored and counted only."""
    await s.record(store, s.judged(s.post("q"), alert=alert, channel=channel))
    assert s.effects(path) == []
    assert await store.next_due_at() is None


async def test_a_second_message_updates_the_card(store: SqliteStore, path: Path) -> None:
    """Two questions in one wait are one card that shows the newer one."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0])
    done = await s.record(store, s.judged(s.post("q2", minute=3, text="and now?")))
    update = done.leased[0]
    card = await store.card(update)
    assert card is not None
    assert s.effects(path) == [("alert", "sent"), ("update", "leased")]
    assert (EffectKind.UPDATE, Receipt(ref="msg-1", at=s.at(60))) == (update.effect.kind, update.receipt)
    assert (card.mention.post.text, card.messages) == ("and now?", 2)


async def test_a_harmless_line_does_not_hide_an_urgent_one(store: SqliteStore) -> None:
    """The card keeps the most urgent message of the wait, and counts the other."""
    first = await s.record(store, s.judged(s.post("q1", text="fire!"), urgency=Urgency.CRITICAL))
    await s.settle(store, first.leased[0])
    done = await s.record(store, s.judged(s.post("q2", minute=3, text="hello?"), urgency=Urgency.NORMAL))
    card = await store.card(done.leased[0])
    assert card is not None
    assert (card.mention.post.text, card.messages) == ("fire!", 2)


async def test_a_more_urgent_message_alerts_again(store: SqliteStore, path: Path) -> None:
    """Louder than what was said is a new alert, the same or less is not."""
    await s.record(store, s.judged(s.post("q1"), urgency=Urgency.NORMAL))
    await s.record(store, s.judged(s.post("q2", minute=1), urgency=Urgency.CRITICAL))
    await s.record(store, s.judged(s.post("q3", minute=2), urgency=Urgency.HIGH))
    assert s.rows(path, "SELECT kind, urgency FROM effects ORDER BY id") == [
        ("alert", 1),
        ("alert", 3),
        ("update", None),
    ]


async def test_an_update_waits_for_its_alert(store: SqliteStore, path: Path) -> None:
    """While the alert is on its way the update is not leased; once it is sent, it is."""
    first = await s.record(store, s.judged(s.post("q1")))
    done = await s.record(store, s.judged(s.post("q2", minute=1)))
    assert (done.leased, await s.lease(store)) == ((), ())
    await s.settle(store, first.leased[0])
    taken = await s.lease(store)
    assert [(one.effect.kind, one.receipt.ref) for one in taken if one.receipt] == [
        (EffectKind.UPDATE, "msg-1")
    ]


async def test_an_alert_tried_again_shows_all_and_needs_no_update(store: SqliteStore, path: Path) -> None:
    """An update that waited for a failed try is superseded by the next one."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.record(store, s.judged(s.post("q2", minute=1)))
    await s.settle(store, first.leased[0], RetryAt(at=s.at(61), reason="timeout"))
    assert s.at(61) == await store.next_due_at()
    taken = await s.lease(store, minute=61)
    card = await store.card(taken[0])
    assert card is not None
    assert ([one.attempt for one in taken], card.messages) == ([2], 2)
    assert s.effects(path) == [("alert", "leased"), ("update", "dropped")]


async def test_a_newer_update_supersedes_an_older_one(store: SqliteStore, path: Path) -> None:
    """One update waits at most, and it respects how long the channel asked us to wait."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0])
    second = await s.record(store, s.judged(s.post("q2", minute=1)))
    await s.settle(store, second.leased[0], RetryAt(at=s.at(70), reason="rate_limited"))
    third = await s.record(store, s.judged(s.post("q3", minute=2)))
    assert ([], s.at(70)) == (list(third.leased), await store.next_due_at())
    assert s.rows(path, "SELECT state, reason FROM effects ORDER BY id") == [
        ("sent", None),
        ("dropped", "superseded"),
        ("pending", None),
    ]
    assert [one.id for one in await s.lease(store, minute=70)] == [3]


async def test_one_update_of_a_message_at_a_time(store: SqliteStore) -> None:
    """While an update is in flight the next one waits: edits may not overtake each other."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0])
    second = await s.record(store, s.judged(s.post("q2", minute=1)))
    third = await s.record(store, s.judged(s.post("q3", minute=2)))
    assert (len(second.leased), len(third.leased), await s.lease(store)) == (1, 0, ())
    await s.settle(store, second.leased[0])
    assert len(await s.lease(store)) == 1


async def test_a_dead_alert_takes_its_updates_along(store: SqliteStore, path: Path) -> None:
    """What was never delivered can't be edited; without a fallback it ends there."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.record(store, s.judged(s.post("q2", minute=1)))
    await s.settle(store, first.leased[0], Dead(reason="forbidden"))
    assert s.rows(path, "SELECT state, reason FROM effects ORDER BY id") == [
        ("dead", "forbidden"),
        ("dropped", "alert not delivered"),
    ]
    assert await store.next_due_at() is None
    assert (await store.status(now=s.at(60))).failures == {"telegram:care": "forbidden"}


async def test_a_dead_alert_goes_to_the_fallback(store: SqliteStore, path: Path) -> None:
    """In the same transaction; a later message updates that card instead of trying the dead channel."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0], Dead(reason="unauthorized", fallback="console:main"))
    taken = await s.lease(store)
    assert [(f"{first.leased[0].effect.key}~console:main", "console:main", 1)] == [
        (one.effect.key, one.effect.channel, one.attempt) for one in taken
    ]
    await s.settle(store, taken[0])
    done = await s.record(store, s.judged(s.post("q2", minute=1)))
    assert [(one.effect.kind, one.effect.channel) for one in done.leased] == [
        (EffectKind.UPDATE, "console:main")
    ]


async def test_a_fallback_that_was_tried_ends_it(store: SqliteStore, path: Path) -> None:
    """Two channels that name each other as fallback don't play ping-pong."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0], Dead(reason="forbidden", fallback="console:main"))
    second = await s.lease(store)
    await s.settle(store, second[0], Dead(reason="forbidden", fallback="telegram:care"))
    assert s.effects(path) == [("alert", "dead"), ("alert", "dead")]


async def test_a_dead_update_has_no_fallback(store: SqliteStore, path: Path) -> None:
    """A card that was deleted in the chat is not sent elsewhere because of an edit."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0])
    second = await s.record(store, s.judged(s.post("q2", minute=1)))
    await s.settle(store, second.leased[0], Dead(reason="not_found", fallback="console:main"))
    assert s.effects(path) == [("alert", "sent"), ("update", "dead")]


async def test_the_first_delivery_is_when_staff_was_alerted(store: SqliteStore, path: Path) -> None:
    """The ask keeps the time of the first receipt; every try is a row, a hold is none."""
    first = await s.record(store, s.judged(s.post("q1"), urgency=Urgency.NORMAL))
    await s.settle(store, first.leased[0], Held(until=s.at(61), reason="quiet hours"))
    again = await s.lease(store, minute=61)
    assert [one.attempt for one in again] == [1]
    await s.settle(store, again[0], minute=62)
    louder = await s.record(store, s.judged(s.post("q2", minute=1), urgency=Urgency.CRITICAL), minute=70)
    await s.settle(store, louder.leased[0], minute=71)
    assert [(s.at(62).timestamp() * 1e6,)] == s.rows(path, "SELECT alerted_at FROM asks")
    assert s.rows(path, "SELECT outcome FROM deliveries") == [("sent",), ("sent",)]


async def test_a_dropped_effect_says_why(store: SqliteStore, path: Path) -> None:
    """A gate's never is stored with its reason."""
    done = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, done.leased[0], Dropped(reason="already answered"))
    assert s.rows(path, "SELECT state, reason FROM effects") == [("dropped", "already answered")]


async def test_a_lease_that_ran_out_passes_on_and_the_old_settlement_is_ignored(
    store: SqliteStore, path: Path
) -> None:
    """The fence of the first holder is lower than that of the second."""
    first = await s.record(store, s.judged(s.post("q1")))
    second = await s.lease(store, minute=61)
    assert [(one.id, one.fence, one.attempt) for one in second] == [(1, 2, 2)]
    await s.settle(store, first.leased[0], Dead(reason="timeout"))
    assert s.effects(path) == [("alert", "leased")]
    await s.settle(store, second[0])
    await s.settle(store, second[0], Dead(reason="timeout"))
    assert s.effects(path) == [("alert", "sent")]


async def test_a_late_settlement_counts_while_nobody_else_has_it(store: SqliteStore, path: Path) -> None:
    """A slow delivery that worked is not repeated if its lease was not taken yet."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0], minute=90)
    assert (await s.lease(store, minute=91), s.effects(path)) == ((), [("alert", "sent")])


async def test_no_effect_is_leased_twice(store: SqliteStore) -> None:
    """Eight takers at once share forty effects without one in common."""
    for number in range(40):
        await store.notice(f"n{number}", "telegram:care", "hello", now=s.at(0))
    taken = await asyncio.gather(*(s.lease(store, limit=9) for _ in range(8)))
    ids = [one.id for some in taken for one in some]
    assert (len(ids), len(set(ids))) == (40, 40)


async def test_leasing_is_oldest_first(store: SqliteStore) -> None:
    """What is due longest goes first, up to the limit."""
    for minute in (5, 3, 4):
        await store.notice(f"n{minute}", "telegram:care", "hello", now=s.at(minute))
    taken = await s.lease(store, limit=2)
    assert [one.effect.key for one in taken] == ["notice:n3:telegram:care", "notice:n4:telegram:care"]


async def test_a_notice_is_queued_once(store: SqliteStore, path: Path) -> None:
    """The same key again is a no-op, another channel is another message."""
    for _ in range(2):
        await store.notice("bluesky down", "telegram:care", "Bluesky is unreachable", now=s.at(0))
    await store.notice("bluesky down", "console:main", "Bluesky is unreachable", now=s.at(0))
    taken = await s.lease(store)
    assert [one.effect.channel for one in taken] == ["telegram:care", "console:main"]
    assert dict(taken[0].effect.payload) == {"text": "Bluesky is unreachable"}
    assert await store.card(taken[0]) is None


async def test_a_digest_collects_an_hour_of_a_route(store: SqliteStore) -> None:
    """It is due at the end of the hour and lists what is still there."""
    gone = s.post("q2", root=None)
    await s.record(store, s.judged(s.post("q1"), alert=Alert.DIGEST), minute=5)
    await s.record(store, s.judged(gone, alert=Alert.DIGEST), minute=50)
    await s.record(store, s.judged(s.post("q3", root=None), alert=Alert.DIGEST), minute=70)
    assert s.at(60) == await store.next_due_at()
    taken = await s.lease(store, minute=60)
    digest = await store.digest(taken[0])
    assert [one.effect.key for one in taken] == ["digest:default:telegram:care:2026-11-21T12"]
    assert (
        digest.route,
        sorted(row.mention_id for row in digest.rows),
    ) == ("default", ["M-acme-at://ann/q1-", "M-acme-at://ann/q2-"])


async def test_a_digest_on_its_way_takes_no_more(store: SqliteStore) -> None:
    """A mention that comes while its hour's digest is being sent is in the next one."""
    await s.record(store, s.judged(s.post("q1"), alert=Alert.DIGEST), minute=59)
    await s.lease(store, minute=60)
    await s.record(store, s.judged(s.post("q2"), alert=Alert.DIGEST), minute=59)
    taken = await s.lease(store, minute=120)
    newest = [one for one in taken if one.effect.key.endswith("T13")]
    assert len((await store.digest(newest[0])).rows) == 1


async def test_a_digest_keeps_its_items_on_the_fallback(store: SqliteStore) -> None:
    """The other channel gets the whole hour."""
    await s.record(store, s.judged(s.post("q1"), alert=Alert.DIGEST), minute=5)
    taken = await s.lease(store, minute=60)
    await s.settle(store, taken[0], Dead(reason="forbidden", fallback="console:main"))
    again = await s.lease(store, minute=60)
    assert (again[0].effect.channel, len((await store.digest(again[0])).rows)) == ("console:main", 1)


async def test_an_answer_updates_the_delivered_card(store: SqliteStore) -> None:
    """The card then shows that, and when, we answered."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0])
    done = await s.record(store, s.answer("a", minute=12))
    card = await store.card(done.leased[0])
    assert card is not None
    assert card.ask is not None
    assert ("answered", s.at(12)) == (card.conversation.state, card.ask.answered_at)


async def test_the_receipt_of_an_update_is_the_newest(store: SqliteStore) -> None:
    """A channel that answers an edit with a new reference is edited there from then on."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.settle(store, first.leased[0])
    second = await s.record(store, s.judged(s.post("q2", minute=1)))
    await s.settle(store, second.leased[0], Sent(receipt=Receipt(ref="moved", at=s.at(61))))
    third = await s.record(store, s.judged(s.post("q3", minute=2)))
    assert [Receipt(ref="moved", at=s.at(61))] == [one.receipt for one in third.leased]


async def test_next_due_never_names_what_cannot_be_leased(store: SqliteStore) -> None:
    """An update behind an alert in flight is no reason to wake: the outbox would spin."""
    first = await s.record(store, s.judged(s.post("q1")))
    await s.record(store, s.judged(s.post("q2", minute=1)))
    assert s.at(60) + s.LEASE == await store.next_due_at()
    await s.settle(store, first.leased[0])
    assert s.at(60) == await store.next_due_at()


async def test_an_expanded_card_is_an_update_with_its_payload(store: SqliteStore) -> None:
    """More changes only the card that was pressed, on its channel."""
    first = await s.record(store, s.judged(s.post("q1"), uid="A"))
    other = await s.record(
        store, s.judged(s.post("q2", minute=1), urgency=Urgency.CRITICAL, channel="console:main")
    )
    for done in (*first.leased, *other.leased):
        await s.settle(store, done)
    decided = await store.decide(
        s.press(1, Verb.MORE, "A"), s.transition, cursor=None, now=s.at(61), lease_for=s.LEASE
    )
    assert decided is not None
    assert [(one.effect.channel, dict(one.effect.payload)) for one in decided.leased] == [
        ("telegram:care", {"menu": "more"})
    ]


async def test_a_new_life_takes_over_what_the_dead_one_held(tmp_path: Path) -> None:
    """One daemon per database: whoever opens it next need not wait for leases of a dead process."""
    path = tmp_path / "outcare.db"
    async with s.opened(path) as first:
        (held,) = (await s.record(first, s.judged(s.post("q")))).leased
    async with s.opened(path) as second:
        (again,) = await s.lease(second)
        assert (held.id, held.attempt + 1) == (again.id, again.attempt)
        assert held.fence < again.fence
