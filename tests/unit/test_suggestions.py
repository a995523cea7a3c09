"""Up to three drafts: which, in which order, filled in and signed; and what is told of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.card_answers import told
from bot.errors import ConfigError
from bot.http import HttpClient
from bot.library import Found, Library
from bot.model import NO_DRAFT, Author, Kind, Mention
from bot.ports import Connector
from bot.proposing import Proposing, library_of
from bot.records import CardState
from bot.replies import Length, Origin, Suggestion
from bot.settings.answers import parse_answers
from bot.settings.load import load
from bot.suggestions import AiReply, Asked, Written, asked, suggestions
from bot.testing.clock import ManualClock
from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH
from bot.voice import Emoji, Voice, Voices
from tests.unit._values import card_state, post, verdict
from tests.unit.settings_world import CONNECTORS, MINIMAL, load_text, unused

ANSWERS = """
answers:
  late:
    questions: [Why is it late?]
    answer: {en: "Sorry {author.name}, see {link}", es: "Perdona, {author.name}"}
    link: https://acme.example/late
  later:
    questions: [Why is it late again?]
    answer: {en: "Sorry again"}
  tarde:
    questions: [Why is the bus late?]
    answer: {es: "El autobús llega tarde"}
"""
LIBRARY = Library(parse_answers(ANSWERS, Path("answers.yaml"), ("bluesky",)))
ASKED = Asked(
    text="Why is it late again?", platform="bluesky", brand="acme", lang="en", name="Ann", handle="ann.example",
    url="https://bsky.example/1", draft="sorry", draft_text="Hi {author.name}, {brand} is sorry: {link}",
)  # fmt: skip
WRITTEN = Written(text="Hi {author.name}, we look.", by="small-1", lang="en", sources=("late", "later"))
VOICE = Voice(signature="— Acme")


def found(text: str = "Why is it late again?", lang: str = "en") -> tuple[Found, ...]:
    return LIBRARY.search(text, lang, on=date(2026, 11, 22))


def suggested(**parts: Any) -> list[Suggestion]:
    base: dict[str, Any] = {
        "asked": ASKED, "found": found(), "voice": Voice(), "written": None, "ai_reply": AiReply.NEEDS_APPROVAL,
    }  # fmt: skip
    return list(suggestions(**{**base, **parts}))


def test_the_rules_first_then_the_best_answer_then_the_model() -> None:
    """Further answers only where there is room; three at most."""
    assert [Origin.RULE, Origin.LIBRARY, Origin.LIBRARY] == [one.origin for one in suggested()]
    with_model = suggested(written=WRITTEN)
    assert ["sorry", "later", "small-1"] == [one.name for one in with_model]
    alone = suggested(written=WRITTEN, asked=replace(ASKED, draft=None, draft_text=None))
    assert ["later", "small-1", "late"] == [one.name for one in alone]


def test_they_are_filled_in_and_signed() -> None:
    """A rule's `{link}` is the post, an answer's is its own; the signature stands once."""
    texts = [one.text for one in suggested(voice=VOICE, written=WRITTEN, found=found("Why is it late?"))]
    assert [
        "Hi Ann, acme is sorry: https://bsky.example/1\n— Acme",
        "Sorry Ann, see https://acme.example/late\n— Acme",
        "Hi Ann, we look.\n— Acme",
    ] == texts
    assert "x\n— Acme" == VOICE.signed(VOICE.signed("x\n"))
    assert "" == VOICE.signed(" ")


def test_a_rule_or_a_platform_may_forbid_them() -> None:
    """`draft: none` forbids all, `ai_reply: forbidden` the model's."""
    assert [] == suggested(written=WRITTEN, asked=replace(ASKED, draft=NO_DRAFT, draft_text=None))
    assert Origin.MODEL not in {one.origin for one in suggested(written=WRITTEN, ai_reply=AiReply.FORBIDDEN)}


def test_no_text_comes_twice() -> None:
    """A rule and an answer may say the same."""
    same = replace(ASKED, draft_text="Sorry again")
    assert ["Sorry again", "Sorry Ann, see https://acme.example/late"] == [
        one.text for one in suggested(asked=same)
    ]


def test_a_hostile_name_does_nothing() -> None:
    """It stays one name on one line, fields in it stay text, and an address in it is not repeated."""
    for name, shown in (
        ("{link}{brand}", "{link}{brand}"), ("A\n\u202eB", "A B"), ("evil.example", "ann.example"), ("", "ann.example"),
    ):  # fmt: skip
        [first, *_] = suggested(asked=replace(ASKED, name=name))
        assert f"Hi {shown}, acme is sorry: https://bsky.example/1" == first.text


@pytest.mark.parametrize(
    ("one", "english", "spanish"),
    [
        (Suggestion(text="x", origin=Origin.RULE, name="sorry"), "Prepared for this rule: sorry",
         "Preparada para esta regla: sorry"),
        (Suggestion(text="x", origin=Origin.LIBRARY, name="late", score=0.874),
         "Answer late, matches by 87 %", "Respuesta late, coincide en un 87 %"),
        (Suggestion(text="x", origin=Origin.LIBRARY, name="late", score=1.0, lang="es", is_foreign=True),
         "Answer late, matches by 100 % · written in another language (es)",
         "Respuesta late, coincide en un 100 % · escrita en otro idioma (es)"),
        (Suggestion(text="x", origin=Origin.MODEL, name="small-1", sources=("a", "b"), needs_approval=True),
         "Written by small-1 · from the answers a, b · nobody has read it yet",
         "Escrita por small-1 · a partir de las respuestas a, b · nadie la ha leído todavía"),
        (Suggestion(text="x", origin=Origin.MODEL, name="small-1"), "Written by small-1", "Escrita por small-1"),
    ],
)  # fmt: skip
def test_staff_is_told_where_each_comes_from(one: Suggestion, english: str, spanish: str) -> None:
    """With the score, the language where it is another, the sources; in the staff's language."""
    assert (english, spanish) == (told(one, ENGLISH), told(one, SPANISH))


def test_only_what_is_written_in_another_language_is_marked() -> None:
    """It comes where there is nothing else."""
    [one] = suggested(
        asked=replace(ASKED, draft=None, draft_text=None), found=found("why is the bus late", "fr")
    )[:1]
    assert (True, "es") == (one.is_foreign, one.lang)


def state(**parts: Any) -> CardState:
    said = post(text="Why is it late?", url="https://bsky.example/1", author_handle="ann.example")
    return card_state(mention=Mention(post=said, brand="acme", kind=Kind.MENTION), **parts)


def test_what_is_asked_is_read_off_a_card() -> None:
    """What the lookup knows goes before what stood in the post."""
    author = Author(platform="bluesky", id="did:plc:ann", handle="ann.new", name="Ann")
    a = asked(state(author=author, verdict=verdict(draft="sorry", draft_text="Sorry")))
    assert ("Why is it late?", "Ann", "ann.new", "sorry") == (a.text, a.name, a.handle, a.draft)
    assert (None, "ann.example") == (asked(state()).name, asked(state()).handle)


CONFIG = (
    MINIMAL
    + """
voice:
  default: {tone: warm, signature: — Acme}
  bluesky: {emoji: none, signature: ^A}
drafts: {model: {name: small-1}, ai_reply: {bluesky: forbidden}}
"""
)


async def test_everything_put_together(tmp_path: Path) -> None:
    """From the configuration: the file beside it, the voice of the platform, the model that is not to write."""
    (tmp_path / "answers.yaml").write_text(ANSWERS, "utf-8")
    settings = load_text(CONFIG, tmp_path, env={"OUTCARE_DRAFTS__MODEL__KEY": "planted"})
    assert "planted" in settings.secrets()
    http = HttpClient(ManualClock())
    answering = Proposing(settings, http, ManualClock())
    facts = replace(state().facts, lang="en")
    [one, _] = answering.suggest(state(facts=facts), WRITTEN)
    assert ("Sorry ann.example, see https://acme.example/late\n^A", Origin.LIBRARY) == (one.text, one.origin)
    assert () == answering.suggest(state(facts=facts, post_deleted=True))
    declined = await answering.write(
        state(facts=facts), (), lambda text: Length(used=len(text), limit=9, unit="x")
    )
    assert "forbidden" == getattr(declined, "reason", None)
    answering.library = library_of(None)
    assert () == answering.suggest(state(facts=facts))
    await http.close()


def test_where_a_platform_forbids_it_no_setting_allows_it(tmp_path: Path) -> None:
    """Hacker News: forbidden without a word, and anything else is a mistake with its place."""
    connectors = {**CONNECTORS, "hackernews": Connector(name="hackernews", source=unused)}
    file = tmp_path / "outcare.yaml"
    for word in ("forbidden", "needs_approval"):
        file.write_text(f"{MINIMAL}drafts: {{ai_reply: {{hackernews: {word}}}}}\n", "utf-8")
        if word == "forbidden":
            assert AiReply.FORBIDDEN is load(file, connectors, env={}).ai_reply["hackernews"]
            continue
        with pytest.raises(ConfigError, match=r":2:33: drafts\.ai_reply\.hackernews can only be forbidden"):
            load(file, connectors, env={})
    replies = load_text(MINIMAL, tmp_path).ai_reply
    assert AiReply.NEEDS_APPROVAL is replies["bluesky"]


async def test_without_a_model_there_is_none(tmp_path: Path) -> None:
    """Nothing is asked, and nothing is declined."""
    answering = Proposing(load_text(MINIMAL, tmp_path), HttpClient(ManualClock()), ManualClock())
    assert await answering.write(state(), (), lambda text: Length(used=0, limit=9, unit="x")) is None


def test_a_platform_speaks_as_the_brand_does_but_for_what_it_says(tmp_path: Path) -> None:
    """What a platform leaves out is as in `default`."""
    voices = load_text(CONFIG, tmp_path).voices
    assert Voice(tone="warm", emoji=Emoji.NONE, signature="^A") == voices.on("bluesky")
    assert Voice(tone="warm", emoji=Emoji.FEW, signature="— Acme") == voices.on("elsewhere")
    assert Voices() == load_text(MINIMAL, tmp_path).voices
