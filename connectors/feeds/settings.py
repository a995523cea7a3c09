"""What ops people write about feeds: which, how often, and whether they may stand in their own network."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from yarl import URL

from bot import duration
from bot.addresses import is_public, literal


def _feed(value: str) -> str:
    text = value.strip()
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host or any(one.isspace() for one in text):
        raise ValueError("write it like https://blog.example/feed.xml")
    return str(url.with_fragment(None))


_Duration = Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("1s"))]


class Settings(BaseModel):
    """`sources.rss`.

    `feeds`: their addresses; they may hold a secret, so they are shown without their query. `every`: how
    often each is asked, unless it asks to be asked less often. `allow_private`: the hosts named in `feeds`
    may have addresses in your own network; redirects may still not lead there, except to one of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    feeds: Annotated[tuple[Annotated[str, AfterValidator(_feed)], ...], Field(min_length=1, repr=False)]
    every: _Duration = timedelta(minutes=15)
    allow_private: bool = False

    @model_validator(mode="after")
    def _may_be_asked(self) -> Self:
        hosts = (URL(feed).host or "" for feed in self.feeds)
        ours = sorted({host for host in hosts if is_private(host)})
        if ours and not self.allow_private:
            named = ", ".join(ours)
            raise ValueError(f"{named} is in your own network; to read feeds there, set allow_private: true")
        return self

    @property
    def allowed(self) -> frozenset[str]:
        """`host:port` of the feeds that may stand in the own network."""
        urls = [URL(feed) for feed in self.feeds] if self.allow_private else []
        return frozenset(f"{url.raw_host}:{url.port}" for url in urls)


def is_private(host: str) -> bool:
    """Whether a host is in one's own network by its looks; a name is only known when it is resolved."""
    address = literal(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return not is_public(address)
