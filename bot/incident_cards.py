"""What staff sees of an incident: how much, by how many, where, and what of it still waits. Pure.

Knows what belongs on such a card and in which order; all wording comes from the catalogue that it is given
(`bot.texts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import previewing
from bot.buttons import token
from bot.model import Alert
from bot.oneline import NAME_CHARS, link, one_line
from bot.staff import Button, Card, Line, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.buttons import Choices
    from bot.incidents import Incident, SharedAnswer
    from bot.records import DigestState, InboxRow
    from bot.texts.catalogue import Texts

_TEXT_CHARS = 80


def render(
    state: DigestState,
    incident: Incident,
    *,
    texts: Texts,
    zone: ZoneInfo,
    now: datetime,
    choices: Choices,
) -> Card:
    """As it stands at the last look; `state.rows` are the mentions that it names."""
    rows = {row.mention_id: row for row in state.rows}
    since, until = (
        texts.time_of_day(at, now=now, zone=zone) if at else ""
        for at in (incident.begun_at, incident.ended_at)
    )
    return Card(
        headline=_headline(incident, texts, since=since, until=until),
        lines=(
            Line(text=_counts(incident, texts), is_strong=True),
            Line(text=_standing(incident, texts)),
            *_examples(incident, rows, texts),
            *_waiting(incident, rows, texts, zone=zone, now=now),
            *_shared(incident, texts, choices.people),
            *_on_page(incident, texts, choices.page),
        ),
        buttons=_buttons(incident, texts),
        form=_form(incident),
        alert=Alert.MESSAGE if incident.ended_at else Alert.PING,
        data=data(incident),
    )


def _headline(incident: Incident, texts: Texts, *, since: str, until: str) -> str:
    said = {"route": incident.route, "brand": incident.brand}
    posts = texts.say("incident.posts", count=incident.posts)
    if incident.ended_at is not None:
        answered = texts.say("incident.answered", count=incident.answered)
        still = texts.say("incident.open", count=incident.open)
        when = texts.say("time.from_to", start=since, end=until)
        return texts.say("incident.ended", posts=posts, answered=answered, open=still, when=when, **said)
    return texts.say("incident.runs", posts=posts, since=since, **said)


def _counts(incident: Incident, texts: Texts) -> str:
    where = (
        texts.say("incident.on", platform=texts.platform(name), count=count)
        for name, count in incident.platforms.items()
    )
    parts = [texts.say("incident.authors", count=incident.authors), texts.listed(where)]
    if incident.ended_at is None:
        parts.append(texts.say("incident.lately", count=incident.lately))
    if incident.critical:
        parts.append(texts.say("incident.critical", count=incident.critical))
    return " · ".join(parts)


def _standing(incident: Incident, texts: Texts) -> str:
    return texts.say(
        "incident.stands",
        open=texts.say("incident.open", count=incident.open),
        answered=texts.say("incident.answered", count=incident.answered),
    )


def _examples(incident: Incident, rows: Mapping[str, InboxRow], texts: Texts) -> Iterator[Line]:
    for head, uids in (
        (texts.say("incident.first"), incident.first),
        (texts.say("incident.urgent"), incident.urgent),
    ):
        yield from _listed(head, (rows[uid] for uid in uids if uid in rows), texts)


def _listed(head: str, rows: Iterable[InboxRow], texts: Texts) -> Iterator[Line]:
    lines = [Line(text=_said(row, texts), href=link(row.url)) for row in rows]
    if lines:
        yield Line(text=head)
        yield from lines


def _waiting(
    incident: Incident, rows: Mapping[str, InboxRow], texts: Texts, *, zone: ZoneInfo, now: datetime
) -> Iterator[Line]:
    """Who is still to be answered once it is over, first who is due first."""
    found = [rows[uid] for uid in incident.waiting if uid in rows]
    if found:
        yield Line(text=texts.say("incident.waiting"), is_strong=True)
    for row in found:
        when = texts.answer_by(row.due_at, now=now, zone=zone) if row.due_at else ""
        yield Line(text=" · ".join(filter(None, [when, _said(row, texts)])), href=link(row.url))
    if found and (rest := incident.open - len(found)) > 0:
        yield Line(text=texts.say("digest.rest", count=rest))


def _shared(incident: Incident, texts: Texts, people: Mapping[str, str]) -> Iterator[Line]:
    """What is to be said to all of them, and how far that has come."""
    answer = incident.answer
    if answer is None:
        if incident.open:
            yield Line(text=texts.say("incident.to_answer"))
            if incident.offered:
                yield Line(text=incident.offered, is_copy=True)
        return
    yield Line(text=texts.say("share.text", name=people.get(answer.person, answer.person)), is_strong=True)
    yield Line(text=answer.text, is_copy=True)
    if answer.whole:
        yield Line(
            text=texts.say(
                "share.progress",
                published=answer.published,
                count=answer.whole,
                under_way=answer.under_way,
                refused=answer.refused,
            )
        )
    if standing := _next(incident, answer, texts):
        yield Line(text=standing)
    for told in previewing.lines(incident, texts):
        yield Line(text=told)


def _next(incident: Incident, answer: SharedAnswer, texts: Texts) -> str:
    """How far the preparation is; empty: what there was is on its way."""
    if answer.is_preparing:
        return texts.say("share.preparing", count=answer.drafts)
    if answer.drafts:
        return texts.say("share.drafts", count=answer.drafts)
    return "" if answer.under_way else texts.say("share.to", count=incident.to)


def _on_page(incident: Incident, texts: Texts, page: str) -> Iterator[Line]:
    if page:
        yield Line(text=texts.say("incident.page"), href=f"{page.rstrip('/')}/incident/{incident.uid}")


def _form(incident: Incident) -> str | None:
    """What a form for the text begins with; None: there is nothing to be written now."""
    answer = incident.answer
    if answer is None:
        return incident.offered if incident.open else None
    return None if answer.under_way or answer.is_preparing else answer.text


def _buttons(incident: Incident, texts: Texts) -> tuple[tuple[Button, ...], ...]:
    """The next step, with how many it is about, and the way back."""
    answer = incident.answer
    if answer is None:
        is_offered = bool(incident.offered) and incident.open > 0
        return ((_button(incident, Verb.ALL_USE, texts),),) if is_offered else ()
    steps = []
    if answer.drafts and not answer.is_preparing:
        steps.append(
            _button(incident, Verb.ALL_PUBLISH, texts, answer.drafts, f"{answer.id}.{answer.drafts}")
        )
    if answer.drafts or answer.under_way or answer.is_preparing:
        steps.append(_button(incident, Verb.ALL_STOP, texts, argument=str(answer.id)))
    elif incident.to:
        steps.append(_button(incident, Verb.ALL_PREPARE, texts, incident.to, f"{answer.id}.{incident.to}"))
    return (tuple(steps),) if steps else ()


def _button(incident: Incident, verb: Verb, texts: Texts, number: int = 0, argument: str = "") -> Button:
    return Button(label=texts.button(verb, number), token=token(verb, incident.uid, argument))


def _said(row: InboxRow, texts: Texts) -> str:
    author, text = one_line(row.author, NAME_CHARS), one_line(row.text, _TEXT_CHARS)
    return texts.digest_row(row.urgency, row.platform, author, text)


def data(incident: Incident) -> dict[str, object]:
    """The same for programs."""
    return {
        "event": "incident",
        "incident": incident.uid,
        "brand": incident.brand,
        "route": incident.route,
        "begun_at": incident.begun_at.isoformat(),
        "ended_at": incident.ended_at.isoformat() if incident.ended_at else None,
        "posts": incident.posts,
        "authors": incident.authors,
        "platforms": dict(incident.platforms),
        "critical": incident.critical,
        "open": incident.open,
        "answered": incident.answered,
    }
