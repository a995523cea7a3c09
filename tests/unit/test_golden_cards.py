"""What staff reads, as it is read, in every language: a file of cards and answers for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import cards, digests
from bot.buttons import Choices
from bot.decisions import POLICIES
from bot.escalation import Asked
from bot.escalation import Kind as StepKind
from bot.expenses import Money, Price
from bot.model import Alert, ConversationState, Kind, Urgency
from bot.noise import Why, Withheld
from bot.overrides import Anew, Memory, Note, Override, Undoable
from bot.records import CardState, CaughtUp, DigestState
from bot.replies import Draft, Length, Means, Origin, Published, Reply, ReplyState, Suggestion
from bot.staff import Card, Menu, Verb
from bot.texts.catalogue import Texts
from bot.texts.languages import LANGUAGES
from tests.unit.test_cards import AN_ASK, ANNA, BERLIN, NOW, a_state, in_state
from tests.unit.test_desk import change
from tests.unit.test_digests import a_row

CHOICES = Choices(people={"anna": "Anna", "ben": "Ben"}, personas=("press",))
A_MEMORY = Memory(
    earlier=1,
    answered_at=NOW - timedelta(days=20),
    answered_by="anna",
    waiting=1,
    waiting_url="https://example.org/1",
    notes=(Note(text="likes\ntea", person="ben", at=NOW),),
)
AN_OVERRIDE = Override(urgency=Urgency.LOW, urgency_by="anna", persona="press", persona_by="ben")

A_STEP = Asked(number=1, kind=StepKind.ASK, step="next", share=50, whom=("ben",), owner=None, at=NOW)
BACK = replace(A_STEP, number=2, kind=StepKind.RETURN, share=100, whom=("li",), owner="anna")
ASKED = {Anew.ASKED: (A_STEP,), Anew.RETURNED: (A_STEP, BACK)}
FOLDER = Path(__file__).parents[1] / "golden" / "cards"


def shown(card: Card) -> str:
    """Lines, then rows of buttons."""
    lines = [card.headline, *(line.text for line in card.lines)]
    return "\n".join([*lines, *(" ".join(f"[{one.label}]" for one in row) for row in card.buttons)])


def mentions() -> Iterator[tuple[str, CardState]]:
    """Every state of a card that is said in its own words."""
    parent = replace(a_state().mention.post, author_handle="acme.example", text="We ship today")
    answered = replace(AN_ASK, answered_at=NOW + timedelta(minutes=125))
    plain = replace(a_state().verdict, urgency=Urgency.LOW, fired=())
    yield "open", a_state()
    yield (
        "known",
        a_state(
            messages=3,
            memory=A_MEMORY,
            facts=replace(a_state().facts, tier="gold"),
            parent=parent,
            author=replace(ANNA, followers=1_000_000),
        ),
    )
    yield "overdue", a_state(ask=replace(AN_ASK, due_at=NOW - timedelta(days=2)))
    yield "due next year", a_state(ask=replace(AN_ASK, due_at=NOW + timedelta(days=300)))
    yield "claimed", in_state(ConversationState.CLAIMED, claimed_by="anna", claimed_at=NOW)
    draft = replace(a_state().verdict, draft="sorry", draft_text="Hi {author.name}, we are sorry.")
    yield "prepared", a_state(verdict=draft)
    yield "handed over", in_state(ConversationState.CLAIMED, claimed_by="anna")
    yield "snoozed", in_state(ConversationState.SNOOZED, snoozed_by="anna")
    later = NOW + timedelta(hours=20)
    yield "snoozed until", in_state(ConversationState.SNOOZED, claimed_by="anna", snoozed_until=later)
    yield "overridden", in_state(ConversationState.OPEN, override=AN_OVERRIDE)
    undo = Undoable(decision=7, person="anna", verb="dismiss", at=NOW)
    yield "undo", replace(in_state(ConversationState.DISMISSED), undo=undo)
    ask = replace(AN_ASK, outcome="elsewhere")
    yield "elsewhere", replace(in_state(ConversationState.ANSWERED), ask=ask)
    yield "answered", replace(in_state(ConversationState.ANSWERED), ask=answered)
    yield "dismissed", in_state(ConversationState.DISMISSED, claimed_by="anna")
    yield "deleted", a_state(post_deleted=True)
    for kind in Kind:
        mention = replace(a_state().mention, kind=kind)
        yield f"kind {kind.value}", a_state(mention=mention, verdict=plain, author=None)


PATCH = """--- config/answers.yaml
+++ config/answers.yaml (proposed)
@@ -1,3 +1,8 @@
 answers:
+  kettle-leaks:
+    questions:
+      - "my kettle leaks, what now?"
+    answer:
+      en: "Hi {author.name}, which kettle is it?"
"""


def patches() -> Iterator[tuple[str, Choices]]:
    """What the file of answers would say; a long one is cut."""
    for name, patch in (("a patch", PATCH), ("a patch, cut", PATCH + f"+{' and so on' * 200}\n")):
        yield name, replace(CHOICES, menu=Menu.ANSWER.value, shown=patch)


def many() -> Iterator[tuple[str, DigestState]]:
    """Digests and catch-up cards, of one and of many."""
    rows = tuple(a_row(number) for number in range(23))
    waiting = tuple(
        replace(
            a_row(number),
            urgency=list(Urgency)[number % 4],
            is_waiting=True,
            due_at=NOW + timedelta(hours=9 * number - 20),
        )
        for number in range(6)
    )
    about = CaughtUp(started_at=NOW - timedelta(hours=30), ended_at=NOW, mentions=12_000)
    yield "digest", DigestState(route="support", rows=rows)
    yield "digest of one", DigestState(route="support", rows=rows[:1])
    yield "caught up", DigestState(route="support", rows=(*waiting, rows[0]), caught_up=about)
    yield "caught up, one waits", DigestState(route="support", rows=waiting[:1], caught_up=about)
    yield "a group", DigestState(route="support", rows=waiting, group_alert=Alert.PING)
    yield "a group of one", DigestState(route="support", rows=waiting[:1], group_alert=Alert.PING)
    yield "a group, all done", DigestState(route="support", rows=(), group_alert=Alert.MESSAGE)
    for why in Why:
        told = Withheld(why=why, budget=20)
        for name, some in (("", waiting), (" of one", waiting[:1]), (", all done", ())):
            yield (
                f"held back for {why.value}{name}",
                DigestState(route="care", rows=some, group_alert=Alert.MESSAGE, withheld=told),
            )
    single = replace(about, started_at=NOW, mentions=1)
    yield "caught up, none waits", DigestState(route="support", rows=(), caught_up=single)


def replying() -> Iterator[tuple[str, CardState]]:
    """What is offered, waits for approval, or became of it."""
    mine = in_state(ConversationState.CLAIMED)
    can = Means(can_answer=True, length=Length(used=24, limit=300, unit="graphemes"))
    offered = (
        Suggestion(text="Sorry! Which order is it?", origin=Origin.RULE, name="refund"),
        Suggestion(text="Hello!", origin=Origin.LIBRARY, name="hi", score=0.92),
    )
    yield "answers are offered", replace(a_state(), means=replace(can, suggestions=offered))
    yield "claimed, to be answered", replace(mine, means=can)
    draft = Draft(
        id=7, text="Sorry! Which order is it?", origin=Origin.PERSON, made_by="anna", made_at=NOW,
        mention_id=mine.mention_id,
    )  # fmt: skip
    yield "a draft", replace(mine, draft=draft, means=can)
    over = replace(can, length=Length(used=312, limit=300, unit="graphemes"))
    yield "a draft, too long", replace(mine, draft=draft, means=over)
    yield from costing(replace(mine, draft=draft, means=can))
    for reason in ("deleted", "edited", "newer", "answered", "opted_out"):
        yield f"a draft, {reason}", replace(mine, draft=replace(draft, stale=reason), means=can)
    reply = Reply(
        id=9, text=draft.text, state=ReplyState.HELD, approved_by="anna", approved_at=NOW, due_at=NOW
    )  # fmt: skip
    there = Published(post_id="1", at=NOW, url="https://wall.example/1")
    for state in ReplyState:
        is_out = state in {ReplyState.PUBLISHED, ReplyState.LEAVING, ReplyState.TAKEN_BACK}
        why = "forbidden" if state in {ReplyState.REFUSED, ReplyState.WITHDRAWN} else ""
        one = replace(reply, state=state, published=there if is_out else None, reason=why)
        standing = one if state is ReplyState.PUBLISHED else None
        yield f"a reply, {state.value}", replace(mine, reply=one, standing=standing, means=can)
    open_again = replace(a_state(), means=replace(can, suggestions=offered))
    said = replace(reply, state=ReplyState.PUBLISHED, published=there, origin=Origin.LIBRARY)
    yield "a reply, and a new question", replace(open_again, reply=said, standing=said)
    yield "a reply that waits", replace(mine, reply=replace(reply, reason="rate_limited"), means=can)
    lost = replace(reply, state=ReplyState.UNSURE, reason="timeout", asks_staff=True)
    yield "a reply that a person must look for", replace(mine, reply=lost, means=can)
    kept = replace(reply, state=ReplyState.PUBLISHED, published=there, reason="server")
    yield "a reply that could not be taken back", replace(mine, reply=kept, standing=kept, means=can)
    yield from correcting(replace(mine, draft=draft, means=replace(can, can_correct=True)), reply, there)
    yield from acknowledged(a_state(), reply, there, replace(can, suggestions=offered))


def costing(drafted: CardState) -> Iterator[tuple[str, CardState]]:
    """Answers that are paid for."""
    price = Price(money=Money(200_000, "USD"))
    yield "a draft that costs money", replace(drafted, means=replace(drafted.means, price=price))
    beyond = replace(price, is_within=False)
    yield (
        "a draft that costs more than there is",
        replace(drafted, means=replace(drafted.means, price=beyond)),
    )


def correcting(drafted: CardState, reply: Reply, there: Published) -> Iterator[tuple[str, CardState]]:
    """Other words for what is public already."""
    public = replace(reply, id=8, text="Sorry!", state=ReplyState.PUBLISHED, published=there)
    mine = replace(drafted, standing=public)
    yield "a draft that may correct", replace(mine, reply=public)
    for state, why in ((ReplyState.PUBLISHED, ""), (ReplyState.REFUSED, "forbidden")):
        is_done = state is ReplyState.PUBLISHED
        one = replace(reply, state=state, corrects=True, published=there if is_done else None, reason=why)
        standing = one if is_done else public
        yield f"a correction, {state.value}", replace(mine, draft=None, reply=one, standing=standing)


def acknowledged(
    waits: CardState, reply: Reply, there: Published, can: Means
) -> Iterator[tuple[str, CardState]]:
    """What was said automatically, or not."""
    said = replace(reply, text="[automatic] We are on it.", approved_by="core/outage")
    for state in (ReplyState.HELD, ReplyState.PUBLISHED, ReplyState.REFUSED, ReplyState.UNSURE):
        is_out, why = state is ReplyState.PUBLISHED, "forbidden" if state is ReplyState.REFUSED else ""
        one = replace(said, state=state, published=there if is_out else None, reason=why)
        yield f"acknowledged, {state.value}", replace(waits, acknowledged=one)
    gone = replace(said, state=ReplyState.TAKEN_BACK, published=there)
    yield "acknowledged, taken back", replace(waits, acknowledged=gone)
    stays = replace(said, state=ReplyState.PUBLISHED, published=there, reason="server")
    yield "acknowledged, and answers are offered", replace(waits, acknowledged=stays, means=can)


def answers(texts: Texts) -> Iterator[tuple[str, str]]:
    """What a press, a command and a notice tell."""
    press = partial(change, texts=texts)
    for verb in POLICIES:
        yield f"press {verb.value}", press(verb).reply
    for verb in (Verb.CLAIM, Verb.DISMISS):
        yield f"lost {verb.value}", press(verb, person="ben", state="claimed", claimed_by="anna").reply
        for state in ("answered", "dismissed"):
            yield f"{verb.value} of {state}", press(verb, state=state).reply
    yield "claim twice", press(Verb.CLAIM, state="claimed", claimed_by="anna").reply
    for key in ("added", "question", "none", "begun"):
        named = {"entry": "kettle-leaks-kitchen", "path": "/srv/outcare/config/answers.yaml"}
        yield f"patch {key}", texts.say(f"answer.patch_{key}", **named)
    for key in ("deleted", "language"):
        yield f"no patch, {key}", texts.say(f"answer.unsaved_{key}")
    yield "why", texts.why(a_state().verdict)
    yield "ids", texts.your_ids(-1001234567890, 12345678, 7)
    yield "not staff", texts.say("press.not_staff", identity="telegram:99")
    yield "stale", texts.say("press.stale")
    yield "refused", texts.say("notice.channel_refused", channel="telegram:care", cause="bot was kicked")
    yield "feed", texts.say("notice.feed_failed", feed="telegram", cause="Conflict")
    yield "coverage", f"{texts.not_listening('14:05 CET', 'connection')}; {texts.behind(timedelta(hours=3))}"
    still = texts.say("notice.still_running", version="3aeb446a", time="09:12")
    for head in (
        texts.say("notice.rules_not_loaded"),
        texts.say("notice.settings_not_loaded", file="outcare.yaml"),
        texts.say("notice.tests_fail"),
    ):
        yield "reload", texts.held_back(head, ["rules.yaml:12:8 R012 unknown route"], still)
    yield "reload", texts.held_back("rules:", [f"problem {number}" for number in range(7)], still)
    yield "reload", texts.say("notice.runs_all_the_same", version="3aeb446a")
    yield "reload", texts.say("notice.rules_loaded", version="3aeb446a")
    yield "reload", texts.say("notice.settings_loaded", version="3aeb446a", file="outcare.yaml")


def again(why: Anew) -> CardState:
    """A card for which that is a reason to come again."""
    if why in {Anew.HANDED, Anew.REMINDED}:
        return in_state(ConversationState.CLAIMED, claimed_by="anna")
    return replace(a_state(), asked=ASKED.get(why, ()))


def told(texts: Texts) -> str:
    """All of it, each under its name."""
    render = partial(cards.render, texts=texts, zone=BERLIN, now=NOW, choices=CHOICES)
    said = [(name, shown(render(state))) for name, state in (*mentions(), *replying())]
    said += [
        (f"menu {menu.value}", shown(render(a_state(), choices=replace(CHOICES, menu=menu.value))))
        for menu in Menu
    ]
    published = next(state for name, state in replying() if name == "a reply, published")
    said += [(name, shown(render(published, choices=choices))) for name, choices in patches()]
    said += [(f"again {why.value}", shown(render(again(why), again=why))) for why in Anew]
    said.append(
        ("rang again below", shown(cards.replaced_card(a_state(), texts=texts, zone=BERLIN, now=NOW)))
    )
    said += [
        (
            name,
            shown(
                (digests.group if state.group_alert else digests.render)(
                    state, texts=texts, zone=BERLIN, now=NOW
                )
            ),
        )
        for name, state in many()
    ]
    said += answers(texts)
    return "\n".join(f"--- {name}\n{text}\n" for name, text in said)


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_staff_reads_is_as_it_was_read_through(code: str) -> None:
    """A file that is missing is written, for a person to read."""
    file, now = FOLDER / f"{code}.txt", told(LANGUAGES[code])
    if not file.exists():
        file.write_text(now, encoding="utf-8")
        pytest.fail(f"{file} is new: read it through")
    assert file.read_text(encoding="utf-8") == now


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_headline_fits_a_lock_screen(code: str) -> None:
    """In every language urgency, time and twenty characters of the words are seen."""
    texts = LANGUAGES[code]
    for ask in (AN_ASK, replace(AN_ASK, due_at=NOW - timedelta(minutes=1))):
        card = cards.render(a_state(ask=ask), texts=texts, zone=BERLIN, now=NOW)
        assert len(card.headline) <= cards.LOCK_SCREEN


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_answer_fits_a_toast(code: str) -> None:
    """Telegram shows 200 characters."""
    texts = LANGUAGES[code]
    assert all(len(text) <= 200 for name, text in answers(texts) if name != "reload")
