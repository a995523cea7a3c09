"""Automatic acknowledgements: which mention gets one, and with which words. Pure.

Off unless the configuration names platforms and rules. It only wishes: whoever stores the mention knows
whether its author wants answers, has had enough of these today, or is answered already. It knows no platform
but those that forbid it, and no SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.cards import prepared
from bot.errors import Problem
from bot.model import Alert, Facts, Mention, Verdict
from bot.replies import Acknowledgement, Replier, length_of
from bot.silenced import holds_alert
from bot.texts.languages import LANGUAGES
from bot.wishes import Route

log = structlog.get_logger(__name__)

EXPIRES = timedelta(minutes=10)
"""Later than so long after the post, it would only tell somebody that nobody has looked."""

FORBIDDEN: Mapping[str, str] = {
    "bluesky": "its developer guidelines count automated replies as spam",
    "hackernews": "it wants comments by people",
}
"""Platforms whose rules do not allow it, and why: https://docs.bsky.app/docs/support/developer-guidelines,
https://news.ycombinator.com/newsguidelines.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """What is configured. `words` by rule, the first of them counts; each with the label before it: `label`,
    else that of the language of whoever wrote, else of ours.

    `strangers`: what is to be said of each rule if there is no such one.
    """

    platforms: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)
    per_day: int = 1
    label: str | None = None
    language: str = "en"
    strangers: Mapping[str, Problem] = field(default_factory=dict, compare=False, repr=False)

    def labelled(self, text: str, lang: str | None) -> str:
        spoken = (lang or "").partition("-")[0]
        texts = LANGUAGES.get(spoken) or LANGUAGES[self.language]
        return f"{self.label or texts.say('acknowledged.label')} {text}"


NOTHING = Acknowledge()


@dataclass(kw_only=True)
class Acknowledging:
    """`wanted` may be replaced at any time. `wake`: something is to go out."""

    wanted: Acknowledge
    repliers: Mapping[str, Replier]
    now: Callable[[], datetime]
    is_paused: Callable[[], bool]
    wake: Callable[[], None]

    def use(self, wanted: Acknowledge) -> None:
        """From the next mention on."""
        self.wanted = wanted

    def wish(
        self, mention: Mention, facts: Facts, verdict: Verdict, routes: Collection[Route]
    ) -> Acknowledgement | None:
        """What this mention is to be answered with at once; None: nothing. `routes`: by which staff hears."""
        post, wanted = mention.post, self.wanted
        rule = self._rule(verdict)
        replier = self.repliers.get(post.platform) if post.platform in wanted.platforms else None
        if rule is None or replier is None or not self._may(mention, facts, verdict):
            return None
        if is_silenced(verdict, routes):
            return None
        words = prepared(
            wanted.words[rule], name=facts.name, handle=facts.handle, brand=mention.brand, url=post.url
        )
        text = wanted.labelled(words, facts.lang)
        length = length_of(replier, post.id, text)
        if replier.refusal(post) or not length.fits:
            log.warning("acknowledgement.impossible", platform=post.platform, rule=rule, length=length.used)
            return None
        until = post.posted_at + EXPIRES
        return Acknowledgement(text=text, rule=rule, per_day=wanted.per_day, until=until)

    def _rule(self, verdict: Verdict) -> str | None:
        """The first of those configured that fired and counts."""
        fired = {one.rule for one in verdict.fired if not one.probation}
        return next((rule for rule in self.wanted.words if rule in fired), None)

    def _may(self, mention: Mention, facts: Facts, verdict: Verdict) -> bool:
        """Said to us (not to a rival, not about us), just now, and not in an edit of what was said before."""
        is_ours = mention.is_addressed and facts.speaks_to_us
        is_new = not mention.post.is_edit and self.now() <= mention.post.posted_at + EXPIRES
        return is_ours and is_new and not verdict.ignored and not self.is_paused()

    def wished(self, mentions: Collection[str]) -> None:
        """It is stored that these are to be acknowledged."""
        for mention in mentions:
            log.info("acknowledgement.planned", mention=mention)
        self.wake()


def is_silenced(verdict: Verdict, routes: Collection[Route]) -> bool:
    """Whether silences keep all of the staff from hearing of it: "we are on it" would not be true."""
    return holds_alert(verdict.held_by) and (not routes or verdict.alert is Alert.NONE)
