"""Where direct messages are read, and texts that invite them where they are not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

from bot.errors import Problem
from bot.invitations import invited

if TYPE_CHECKING:
    from bot.acknowledging import Acknowledge
    from bot.answers import Answer, Answers
    from bot.ports import Connector

CODE = "W116"


def deaf(accounts: Mapping[str, BaseModel], connectors: Mapping[str, Connector]) -> frozenset[str]:
    """The platforms on which an account of ours answers and reads no direct messages."""
    return frozenset(
        name
        for name, account in accounts.items()
        if (reads := connectors[name].reads_direct) is not None and reads(account) is False
    )


def uninvited(answers: Answers | None, acknowledge: Acknowledge, unread: Collection[str]) -> list[Problem]:
    """What is said by itself, or proposed to be said, and invites to where nobody of ours reads."""
    return [*_of_answers(answers or (), unread), *_of_acknowledgements(acknowledge, unread)]


def _of_answers(answers: Iterable[Answer], unread: Collection[str]) -> Iterator[Problem]:
    for one in answers:
        where = sorted(set(unread) & set(one.platforms or unread))
        words = next(filter(None, map(invited, one.texts.values())), "")
        if words and where:
            message = _message(f"answer {one.name!r}", words, where)
            yield Problem(message=message, code=CODE, location=one.location, is_warning=True)


def _of_acknowledgements(acknowledge: Acknowledge, unread: Collection[str]) -> Iterator[Problem]:
    where = sorted(set(unread) & acknowledge.platforms)
    for rule, text in acknowledge.words.items():
        words = invited(text)
        if words and where:
            message = _message(f"the acknowledgement of the rule {rule!r}", words, where)
            place = acknowledge.strangers[rule].location
            yield Problem(message=message, code=CODE, location=place, is_warning=True)


def _message(what: str, words: str, where: list[str]) -> str:
    return f'{what} invites direct messages ("{words}"), and we read none on {", ".join(where)}'
