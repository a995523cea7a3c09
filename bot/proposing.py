"""Where drafts come from, put together from the configuration: the library, the voice, the model.

Knows which part asks which; knows no store, no card and no channel. Who shows drafts gives it the state of a
card, and, for the model, the thread and how long a reply may be there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from bot.answers import Answers
from bot.ghostwriter import Declined, Endpoint, Ghostwriter, House, Job, Said
from bot.library import Found, Library
from bot.ports import Clock, Http
from bot.records import CardState
from bot.replies import Length, Suggestion
from bot.settings.answering import Model
from bot.settings.load import Settings
from bot.suggestions import AiReply, Asked, Written, asked, suggestions
from rules.signals.measure import measure


def library_of(answers: Answers | None) -> Library | None:
    """The index takes a second for ten thousand answers: a reload makes it in its thread."""
    return Library(answers) if answers is not None else None


class Proposing:
    """`library` may be replaced at any time. `ghostwriter`: None where no model is configured."""

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
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
            self.library = library

        return use

    def suggest(self, state: CardState, written: Written | None = None) -> tuple[Suggestion, ...]:
        """Up to three drafts for a mention, filled in and signed; none for a post that was taken back."""
        if state.post_deleted:
            return ()
        wanted = asked(state)
        voice = self._settings.voices.on(wanted.platform)
        return suggestions(wanted, self._found(wanted), voice, written, self._ai_reply(wanted.platform))

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

    def _found(self, wanted: Asked) -> tuple[Found, ...]:
        if self.library is None:
            return ()
        return self.library.search(wanted.text, wanted.lang, on=self._today(), platform=wanted.platform)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._settings.timezone).date()

    def _ai_reply(self, platform: str) -> AiReply:
        return self._settings.ai_reply.get(platform, AiReply.NEEDS_APPROVAL)


def ghostwriter_of(settings: Settings, http: Http, clock: Clock) -> Ghostwriter | None:
    """None: no model is configured."""
    endpoint = _endpoint(settings.drafts.model)
    if endpoint is None:
        return None
    own = (account for brand in settings.brands if not brand.is_rival for account in brand.accounts)
    house = House(
        links=settings.drafts.links,
        promises=settings.drafts.promises,
        handles=[account.handle for account in own],
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
