"""Where drafts come from, put together from the configuration: the library, the voice, the model.

And what the library's file would say of a reply that is kept: it is shown, never written. Knows which part
asks which; knows no store, no card and no channel. Who shows drafts gives it the state of a card, and, for
the model, the thread and how long a reply may be there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from bot import saving
from bot.answers import Answers
from bot.errors import BotError
from bot.garbage import no_full_collection
from bot.ghostwriter import Declined, Endpoint, Ghostwriter, House, Job, Said
from bot.library import Found, Library
from bot.ports import Clock, Http
from bot.records import CardState
from bot.replies import Length, Patch, Reply, Suggestion
from bot.settings.answering import Model
from bot.settings.answers import DEFAULT_ANSWERS, check_proposed
from bot.settings.load import Settings
from bot.suggestions import MOST, AiReply, Asked, Written, asked, of_library, suggestions
from rules.signals.measure import measure


def library_of(answers: Answers | None) -> Library | None:
    """The index takes a second for ten thousand answers: a reload makes it in its thread."""
    return Library(answers) if answers is not None else None


class Proposing:
    """`answers` and their `library` may be replaced at any time. `ghostwriter`: None where no model is
    configured.
    """

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self.answers = settings.answers
        self.library = library_of(settings.answers)
        self.ghostwriter = ghostwriter_of(settings, http, clock)
        self._settings = settings
        self._clock = clock

    @property
    def has_model(self) -> bool:
        return self.ghostwriter is not None

    @property
    def trouble(self) -> str | None:
        """Why the model writes nothing just now; None: it does, or there is none."""
        return self.ghostwriter.trouble if self.ghostwriter is not None else None

    def reading(self, answers: Answers | None) -> Callable[[], None]:
        """Index answers that were read anew; what it gives puts them into use."""
        library = library_of(answers)

        def use() -> None:
            self.answers, self.library = answers, library

        return use

    def suggest(self, state: CardState, written: Written | None = None) -> tuple[Suggestion, ...]:
        """Up to three drafts for a mention, filled in and signed; none for a post that was taken back."""
        if state.post_deleted:
            return ()
        wanted = asked(state)
        voice = self._settings.voices.on(wanted.platform)
        return suggestions(wanted, self._found(wanted), voice, written, self._ai_reply(wanted.platform))

    def personal(self, wanted: Asked, text: str) -> str:
        """A text for many, filled in for whoever wrote this, and signed."""
        return self._settings.voices.on(wanted.platform).signed(wanted.filled(text, wanted.url))

    def for_many(self, states: Sequence[CardState]) -> tuple[Suggestion, ...]:
        """Up to three prepared answers to what several people wrote, first what answers most of them; fields
        of a person are not filled in yet.
        """
        several: dict[str, Suggestion] = {}
        times: Counter[str] = Counter()
        for state in states:
            for one in self._found(asked(state))[:MOST]:
                text = one.text.replace("{link}", one.answer.link or "").strip()
                several.setdefault(text, of_library(one, text))
                times[text] += 1
        return tuple(several[text] for text, _ in times.most_common(MOST) if text)

    async def write(
        self, state: CardState, thread: Sequence[Said], length: Callable[[str], Length]
    ) -> Written | Declined | None:
        """One by the model, to be given to `suggest`; None: there is no model. `thread`: oldest first, the
        mention's own post last. Takes up to the configured time; raises nothing of `bot.errors`.
        """
        if self.ghostwriter is None:
            return None
        wanted = asked(state)
        job = Job(
            asked=wanted,
            thread=thread,
            why=[fired.why for fired in state.verdict.fired if fired.why],
            found=self._found(wanted),
            voice=self._settings.voices.on(wanted.platform),
            length=length,
            ai_reply=self._ai_reply(wanted.platform),
        )
        return await self.ghostwriter.write(job)

    async def patch(self, state: CardState, reply: Reply) -> Patch:
        """What the file of answers, as it was read last, would say of a published reply to this mention.

        Raises nothing of `bot.errors`.
        """
        wanted, path = asked(state), str(self.answers.path) if self.answers else ""
        if state.post_deleted:
            return Patch(path=path, reason="deleted")
        text = self._settings.voices.on(wanted.platform).unsigned(reply.text)
        lang = measure(text, ())[0] or reply.lang
        if lang is None:
            return Patch(path=path, reason="language")
        said = saving.Reply(
            question=wanted.text, text=text, lang=lang, name=wanted.name or "", handle=wanted.handle or ""
        )
        work = partial(patched, self.answers, said, keep=self._settings.own_handles)
        with no_full_collection():  # ten thousand answers take three seconds
            return await asyncio.to_thread(work)  # not the reload's: that one may be busy for longer

    def _found(self, wanted: Asked) -> tuple[Found, ...]:
        if self.library is None:
            return ()
        return self.library.search(wanted.text, wanted.lang, on=self._today(), platform=wanted.platform)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._settings.timezone).date()

    def _ai_reply(self, platform: str) -> AiReply:
        return self._settings.ai_reply.get(platform, AiReply.NEEDS_APPROVAL)


def patched(answers: Answers | None, said: saving.Reply, *, keep: Collection[str] = ()) -> Patch:
    """The difference that keeping it makes. `answers` None: there is no file, and this would be all of it.

    `keep`: handles of ours.
    """
    known = answers or Answers(path=Path(DEFAULT_ANSWERS))
    before, platforms = known.text.replace("\r\n", "\n"), {name for one in known for name in one.platforms}
    path = str(known.path) if answers else ""
    try:
        proposal = saving.propose(before, known, said, keep=keep)
        check_proposed(proposal.text, known, platforms)
    except BotError as error:
        return Patch(path=path, reason="by_hand", detail=str(error))
    return Patch(
        path=path,
        entry=proposal.entry,
        is_known=proposal.did is not saving.Did.ADDED,
        text=proposal.diff(before, known.path) if answers else proposal.text,
    )


def ghostwriter_of(settings: Settings, http: Http, clock: Clock) -> Ghostwriter | None:
    """None: no model is configured."""
    endpoint = _endpoint(settings.drafts.model)
    if endpoint is None:
        return None
    house = House(
        links=settings.drafts.links,
        promises=settings.drafts.promises,
        handles=sorted(settings.own_handles),
        language=lambda text: measure(text, ())[0],
    )
    return Ghostwriter(http=http, clock=clock, endpoint=endpoint, house=house)


def _endpoint(model: Model) -> Endpoint | None:
    if model.name is None:
        return None
    key = model.key.get_secret_value() if model.key else None
    return Endpoint(
        url=model.url, model=model.name, key=key, timeout=model.timeout, languages=model.languages
    )
