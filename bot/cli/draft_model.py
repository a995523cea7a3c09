"""Tries the model that writes drafts, for `outcare doctor`: by a question of our own, by nobody's post."""

from __future__ import annotations

from bot.findings import Finding, fine, mend, note
from bot.ghostwriter import Because, Declined, Job, Said, Who
from bot.ports import Clock, Http
from bot.proofreading import Flaw
from bot.proposing import ghostwriter_of
from bot.replies import Length
from bot.settings.load import Settings
from bot.suggestions import Asked

_QUESTION = "What are your opening hours?"
_LONGEST = 300


async def tried(settings: Settings, http: Http, clock: Clock) -> Finding | None:
    """None: there is no model."""
    writer = ghostwriter_of(settings, http, clock)
    if writer is None:
        return None
    lang = next(iter(writer.endpoint.languages), "en")
    job = Job(
        asked=Asked(text=_QUESTION, platform="console", brand=settings.brands[0].name, lang=lang),
        thread=(Said(who=Who.AUTHOR, text=_QUESTION),),
        why=(),
        found=(),
        voice=settings.voices.default,
        length=lambda text: Length(used=len(text), limit=_LONGEST, unit="characters"),
    )
    began = clock.monotonic()
    outcome = await writer.write(job)
    took = f"{clock.monotonic() - began:.1f} s"
    name = f"model {writer.endpoint.model}"
    if not isinstance(outcome, Declined):
        return fine(name, f"wrote a draft in {took}; on a card it needs an approval like any other")
    if isinstance(outcome.reason, Flaw | Because):
        return note(name, f"answered in {took}, but that would be no draft: {outcome.reason.value}")
    do = "mend `drafts.model` (url, name, OUTCARE_DRAFTS__MODEL__KEY); cards go without its draft meanwhile"
    return mend(name, writer.trouble or outcome.detail, do)
