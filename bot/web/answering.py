"""Answering on the page: what is written, what would be published and to whom, and what became of it.

A press here goes to the desk like any other. It shows the states that a card in chat shows, in the same words
(`bot.card_answers`); it knows no platform, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from bot import card_answers
from bot.buttons import token
from bot.changes import numbered
from bot.model import ConversationState, Kind
from bot.oneline import link
from bot.replies import FINAL, LIVE, ReplyState
from bot.settings.answers import DEFAULT_ANSWERS
from bot.staff import MOST_TEXT, Line, Verb
from bot.web import shown
from bot.web.deciding import Asked, Deciding, asked_by
from bot.web.door import PERSON, form, local

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from bot.expenses import Price
    from bot.listing import Whole
    from bot.records import CardState, DigestState
    from bot.replies import Length, Patch, Reply, Suggestion
    from bot.texts.catalogue import Texts
    from bot.web.page import Page
    from bot.web.shown import Eye, Piece

_ON_ITS_WAY = frozenset({ReplyState.HELD, ReplyState.GOING, ReplyState.LEAVING})
"""Of an automatic one; whether it arrived may stay unknown."""
MOST_FORM = 200_000
"""Bytes of a form: ten thousand characters, each of them several bytes and each byte three characters."""


class Answers(Protocol):
    """What the page needs of answering."""

    async def state(self, mention_id: str) -> CardState | None:
        """What there is to answer and what was said, with how; None: the mention is not known.

        Raises: StoreError.
        """
        ...

    def shown(self, state: CardState | DigestState | None) -> CardState | DigestState | None:
        """With how it can be answered, or with what would come of an answer for all."""
        ...

    def offered(self, states: Sequence[CardState]) -> tuple[Suggestion, ...]:
        """Prepared texts for all who wrote something like these, fields not filled in."""
        ...

    def length(self, platform: str, text: str, to: str) -> Length | None:
        """As the platform counts in an answer to the post `to`; None: nothing can be published there."""
        ...

    def price(self, platform: str, text: str, to: str) -> Price | None:
        """What it will cost to say this to the post `to`; None: nothing."""
        ...

    async def patch(self, mention_id: str, number: int) -> Patch | None:
        """What the file of answers would say if the reply of this number were kept; None: it is not there any
        more. Raises: StoreError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button: its verb in words, and what it hands back."""

    verb: str
    label: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A text that may be taken as a draft."""

    label: str
    text: str
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A length, and a price where there is one, in words."""

    text: str
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """The field to write in. `is_folded`: it is not what one usually wants here."""

    text: str
    token: str
    platform: str
    to: str
    counted: Counted | None
    most: int
    is_draft: bool
    is_folded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`target` is the post that a draft answers. `saves`: what leads to a page of its own. `is_moving`:
    something becomes of it without a press.
    """

    refusal: str
    lines: tuple[Line, ...]
    target: tuple[Piece, ...]
    target_url: str | None
    choices: tuple[Choice, ...]
    saves: tuple[Choice, ...]
    offers: tuple[Offer, ...]
    compose: Compose | None
    is_moving: bool


class AnswerPage:
    def __init__(self, page: Page, deciding: Deciding) -> None:
        self._page = page
        self._deciding = deciding

    async def press(self, request: web.Request) -> web.Response:
        """`POST /answer`: a press like any other; but changed words are proposed, not published unseen."""
        asked = await asked_by(request, self._page.texts(request))
        if asked.verb is Verb.SAVE:
            return await self._show_patch(request, asked)
        if asked.verb in {Verb.APPROVE, Verb.CORRECT} and asked.text:
            state = await self._page.answers.state(asked.mentions[0])
            if state is None or state.draft is None or state.draft.text != asked.text:
                asked = replace(asked, verb=Verb.EDIT, argument="")
        return await self._deciding.carry_out(request, asked)

    async def _show_patch(self, request: web.Request, asked: Asked) -> web.Response:
        """A page of its own, with all of it."""
        told = await self._deciding.press(request[PERSON], asked, asked.mentions[0])
        return self._page.html(
            request,
            "patch.html",
            told=told.reply,
            patch=shown.clean(told.shown),
            is_difference=told.shown.startswith("---"),  # else it is all of a file that is to be begun
            press=token(asked.verb, asked.mentions[0], asked.argument),
            back=local(str((await form(request)).get("back", "/"))),
        )

    async def download(self, request: web.Request) -> web.Response:
        """`POST /answer/patch`: what was shown, as a file."""
        asked = await asked_by(request, self._page.texts(request))
        patch = await self._page.answers.patch(asked.mentions[0], numbered(asked.argument))
        if patch is None or not patch.text:
            raise web.HTTPNotFound(text=self._page.texts(request).say("answer.outdated") + "\n")
        name = "answers.patch" if patch.path else DEFAULT_ANSWERS
        return web.Response(
            body=patch.text.encode(errors="replace"),
            content_type="text/x-patch" if patch.path else "text/yaml",
            charset="utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def count(self, request: web.Request) -> web.Response:
        """`POST /answer/length`: how long it is so far, as the platform counts."""
        given = await form(request)
        text = shown.words(str(given.get("text", "")))
        platform, to = str(given.get("platform", "")), str(given.get("to", ""))
        told = counted(self._page.answers, platform, text, to, self._page.texts(request))
        return self._page.html(request, "_length.html", counted=told)


async def panel_of(page: Page, whole: Whole, eye: Eye) -> Panel | None:
    """What is to be said there; None: the mention is gone."""
    state = await state_of(page.answers, whole)
    if state is None:
        return None
    post = state.mention.post
    text = state.draft.text if state.draft else ""
    written = counted(page.answers, post.platform, text, post.id, eye.texts)
    return panel(state, eye, written=written)


async def state_of(answers: Answers, whole: Whole) -> CardState | None:
    """Of the mention that the open draft answers, else of the one that matters now."""
    state = await answers.state(whole.shown.mention_id)
    if state is not None and state.draft is not None and state.draft.mention_id != state.mention_id:
        return await answers.state(state.draft.mention_id)
    return state


def panel(state: CardState, eye: Eye, *, written: Counted | None) -> Panel:
    post, reply, said = state.mention.post, state.reply, state.acknowledged
    is_target = state.draft is not None and not state.post_deleted
    return Panel(
        refusal=eye.texts.say(f"refusal.{state.means.refusal}") if state.means.refusal else "",
        lines=tuple(lines(state, eye)),
        target=shown.snippet(post.text or post.title, state.mention.spans) if is_target else (),
        target_url=link(post.url) if is_target else None,
        choices=choices(state, eye.texts, without={Verb.USE, Verb.SAVE}),
        saves=choices(state, eye.texts, without=set(Verb) - {Verb.SAVE}),
        offers=offers(state, eye.texts),
        compose=compose(state, written),
        is_moving=_is_moving(reply) or (said is not None and said.state in _ON_ITS_WAY),
    )


def _is_moving(reply: Reply | None) -> bool:
    return reply is not None and reply.state in LIVE and not reply.asks_staff


def lines(state: CardState, eye: Eye) -> Iterator[Line]:
    """What waits for approval, else what became of what was approved."""
    texts, draft, reply, post = eye.texts, state.draft, state.reply, state.mention.post
    if state.mention.kind is Kind.DM:
        yield Line(text=texts.say("card.private"))
    if state.acknowledged is not None:
        yield from _clean(
            card_answers.of_acknowledgement(
                state.acknowledged, texts, platform=post.platform, time=lambda one: _at(one, eye)
            )
        )
    if draft is not None:
        to = shown.author(state.name or "", state.handle or "", post.author_id, texts)
        heading = texts.on_page("answer_preview", platform=texts.platform(post.platform), to=to)
        for line in card_answers.of_draft(draft, state.means, texts, heading=heading):
            yield replace(line, text=shown.clean(line.text))
        if unseen := len(draft.text) - len(shown.clean(draft.text)):
            hidden = texts.on_page("answer_unseen", count=unseen)
            yield Line(text=hidden, is_strong=True)
    elif reply is not None:
        name = eye.name(reply.approved_by)
        told = card_answers.of_reply(
            reply, texts, platform=post.platform, time=lambda one: _at(one, eye), name=name
        )
        yield from _clean(told)


def _clean(lines: Iterable[Line]) -> Iterator[Line]:
    return (replace(line, text=shown.clean(line.text), href=link(line.href)) for line in lines)


def _at(reply: Reply, eye: Eye) -> str:
    return eye.time(reply.published.at if reply.published else reply.due_at)


def choices(state: CardState, texts: Texts, *, without: Collection[Verb]) -> tuple[Choice, ...]:
    """The buttons of a card, but those that stand elsewhere."""
    return tuple(
        _choice(verb, number, state, texts)
        for row in (*card_answers.verbs(state), card_answers.last_verbs(state))
        for verb, number in row
        if verb not in without
    )


def _choice(verb: Verb, number: int, state: CardState, texts: Texts) -> Choice:
    return Choice(
        verb=verb.value, label=texts.button(verb, number), token=token(verb, state.mention_id, str(number))
    )


def offers(state: CardState, texts: Texts) -> tuple[Offer, ...]:
    """Texts that may be used."""
    return tuple(
        Offer(
            label=shown.clean(f"{number}. {card_answers.told(one, texts)}"),
            text=shown.clean(one.text),
            choice=_choice(Verb.USE, number, state, texts),
        )
        for number, one in enumerate(state.means.suggestions, start=1)
    )


def compose(state: CardState, written: Counted | None) -> Compose | None:
    """None: nothing can be said here now."""
    draft, conversation = state.draft, state.conversation
    is_under_way = state.reply is not None and state.reply.state in LIVE
    is_final = draft is not None and draft.stale in FINAL
    is_dismissed = conversation.state is ConversationState.DISMISSED and draft is None
    if not state.means.can_answer or is_under_way or is_final or is_dismissed:
        return None
    return Compose(
        text=shown.clean(draft.text) if draft else "",
        token=token(Verb.EDIT, state.mention_id),
        platform=state.mention.post.platform,
        to=state.mention.post.id,
        counted=written,
        most=MOST_TEXT,
        is_draft=draft is not None,
        is_folded=draft is None and conversation.state is ConversationState.ANSWERED,
    )


def counted(answers: Answers, platform: str, text: str, to: str, texts: Texts) -> Counted | None:
    length = answers.length(platform, text, to)
    if length is None:
        return None
    told = [card_answers.told_length(length, texts)]
    if text and (price := answers.price(platform, text, to)):
        told.append(card_answers.told_price(price, texts))
    return Counted(text=" · ".join(told), is_over=length.used > length.limit)
