"""The record of a Bluesky post, and how it becomes a `Post`. Pure; shared by Jetstream and the AppView.

Knows the lexicons `app.bsky.feed.post`, `app.bsky.embed.*` and `app.bsky.richtext.facet`
(https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky) as far as rules and cards need them;
knows no transport. Anybody may write anything into a repository, so every field may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot.model import Post, PostRef

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

PLATFORM = "bluesky"
COLLECTION = "app.bsky.feed.post"
_NULL = msgspec.Raw(b"null")


class Ref(msgspec.Struct, gc=False, frozen=True):
    """`com.atproto.repo.strongRef`."""

    uri: str
    cid: str | None = None


class Reply(msgspec.Struct, gc=False, frozen=True):
    root: Ref
    parent: Ref


class Feature(msgspec.Struct, gc=False, frozen=True):
    """One of `app.bsky.richtext.facet#mention` (did), `#link` (uri), `#tag`."""

    did: str | None = None
    uri: str | None = None


class Facet(msgspec.Struct, gc=False, frozen=True):
    features: list[Feature] | None = None


class External(msgspec.Struct, gc=False, frozen=True):
    uri: str = ""
    title: str | None = None
    description: str | None = None


class Image(msgspec.Struct, gc=False, frozen=True):
    alt: str | None = None


class Blob(msgspec.Struct, gc=False, frozen=True):
    """A file; that there is one is enough."""


class Quoted(msgspec.Struct, gc=False, frozen=True):
    """`record` of an embed: a strongRef, or (recordWithMedia) an object that holds one under `record`."""

    uri: str | None = None
    cid: str | None = None
    record: Ref | None = None


class Embed(msgspec.Struct, gc=False, frozen=True):
    """Any of `app.bsky.embed.*`: images, video (`alt`), external, record, recordWithMedia."""

    external: External | None = None
    images: list[Image] | None = None
    video: Blob | None = None
    alt: str | None = None
    record: Quoted | None = None
    media: Embed | None = None


class Record(msgspec.Struct, gc=False, frozen=True):
    text: str = ""
    created_at: str | None = msgspec.field(name="createdAt", default=None)
    reply: Reply | None = None
    embed: Embed | None = None
    facets: list[Facet] | None = None
    langs: list[str] | None = None


class Pieces(msgspec.Struct, gc=False, frozen=True):
    """A record whose text can be read, whatever the rest is."""

    text: str = ""
    created_at: msgspec.Raw = msgspec.field(name="createdAt", default=_NULL)
    reply: msgspec.Raw = _NULL
    embed: msgspec.Raw = _NULL
    facets: msgspec.Raw = _NULL
    langs: msgspec.Raw = _NULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a record stands and when: `known_at` is the network's own time of it."""

    did: str
    rkey: str
    cid: str | None
    known_at: datetime
    seen_at: datetime
    handle: str | None = None
    is_edit: bool = False


def mended(pieces: Pieces) -> Record:
    """The record without those of its pieces that have another shape than the lexicon's.

    Embeds and facets are open unions (https://atproto.com/specs/lexicon#union), and nobody checks what a
    repository holds: an embed of somebody else's making must not hide the words beside it.
    """
    return Record(
        text=pieces.text,
        created_at=_read(pieces.created_at, str),
        reply=_read(pieces.reply, Reply),
        embed=_read(pieces.embed, Embed),
        facets=_read(pieces.facets, list[Facet]),
        langs=_read(pieces.langs, list[str]),
    )


def _read(piece: msgspec.Raw, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(piece, type=shape | None)
    except msgspec.ValidationError:
        return None


def to_post(record: Record, origin: Origin) -> Post:
    """The post of a record. `createdAt` is the client's claim: believed only when it lies in the past.

    In the past of the network's clock, not of ours, which may be put back between a question and its answer:
    which of the two is older must not hang on it. What we see was written by then, whatever our clock says.
    """
    reply, posted = record.reply, posted_at(record.created_at, origin.known_at)
    return Post(
        platform=PLATFORM,
        id=post_id(origin.did, origin.rkey),
        author_id=origin.did,
        author_handle=origin.handle,
        text=record.text,
        posted_at=posted,
        seen_at=max(origin.seen_at, posted),
        alts=tuple(alts(record.embed)),
        links=tuple(links(record)),
        langs=tuple(record.langs or ()),
        mentions=tuple(mentions(record)),
        parent=ref(reply.parent) if reply else None,
        root=ref(reply.root) if reply else None,
        quoted=quoted(record.embed),
        revision=origin.cid,
        url=web_url(origin.did, origin.rkey),
        is_edit=origin.is_edit,
        revised_at=origin.known_at,
        media=tuple(media(record.embed)),
    )


def interest(record: Record, did: str, rkey: str) -> tuple[str, tuple[str, ...]]:
    """`Post.searchable` and `Post.refs` of `to_post`, without the post: most posts need no more."""
    reply, embed, facets, name = record.reply, record.embed, record.facets, f"at://{did}/{COLLECTION}/{rkey}"
    related = _above(reply) if reply is not None else []
    if embed is None and not facets:
        return record.text, _refs(name, related, ()) if related else (name,)
    parts = [record.text] if record.text else []
    if embed is not None:
        parts += alts(embed)
        strong = _quoted(embed) if embed.record is not None else None
        if strong is not None:
            related.append(strong.uri)
    features = _features(facets) if facets else ()
    parts += _links(features, embed)
    marked = _mentions(features) if features else ()
    return "\u2029".join(parts), _refs(name, related, marked) if related or marked else (name,)


def _above(reply: Reply) -> list[str]:
    parent, root = reply.parent.uri, reply.root.uri
    return [parent] if parent == root else [parent, root]


def _refs(name: str, related: list[str], marked: Iterable[str]) -> tuple[str, ...]:
    refs = [name, *related]
    for uri in related:
        if uri.startswith("at://did:"):
            end = uri.find("/", 5)
            refs.append(uri[5:end] if end >= 0 else uri[5:])
    refs += marked
    return tuple(dict.fromkeys(refs))


def post_id(did: str, rkey: str) -> str:
    """The at-uri of a post: https://atproto.com/specs/at-uri-scheme."""
    return f"at://{did}/{COLLECTION}/{rkey}"


def web_url(did: str, rkey: str) -> str:
    return f"https://bsky.app/profile/{did}/post/{rkey}"


def authority(uri: str) -> str | None:
    """The DID in an at-uri, if it is one."""
    return uri[5:].partition("/")[0] if uri.startswith("at://did:") else None


def ref(strong: Ref) -> PostRef:
    return PostRef(id=strong.uri, author_id=authority(strong.uri), revision=strong.cid)


def quoted(embed: Embed | None) -> PostRef | None:
    """The post that `app.bsky.embed.record` or `recordWithMedia` embeds; feeds and lists are no posts."""
    strong = _quoted(embed) if embed else None
    return ref(strong) if strong else None


def _quoted(embed: Embed) -> Ref | None:
    record = embed.record
    if record is None:
        return None
    strong = record.record or (Ref(uri=record.uri, cid=record.cid) if record.uri else None)
    return strong if strong and f"/{COLLECTION}/" in strong.uri else None


def alts(embed: Embed | None) -> list[str]:
    """What pictures, videos and link cards say: their alt texts, the card's title and description."""
    texts: list[str | None] = []
    while embed is not None:
        if embed.images:
            texts += [image.alt for image in embed.images]
        if embed.alt:
            texts.append(embed.alt)
        if embed.external is not None:
            texts += (embed.external.title, embed.external.description)
        embed = embed.media
    return [text for text in texts if text] if texts else []


def media(embed: Embed | None) -> list[str]:
    """The kinds of what is attached; a quoted post is none of them."""
    kinds = []
    for holder in (embed, embed.media) if embed else ():
        if holder is not None:
            kinds += ["image"] if holder.images else []
            kinds += ["video"] if holder.video is not None else []
            kinds += ["link"] if holder.external else []
    return kinds


def links(record: Record) -> list[str]:
    """Link targets, each once: of facets (the text shows them shortened), then of the link card."""
    return _links(_features(record.facets), record.embed)


def _links(features: Iterable[Feature], embed: Embed | None) -> list[str]:
    targets = [feature.uri for feature in features if feature.uri]
    if embed is not None:
        if (card := embed.external) is not None and card.uri:
            targets.append(card.uri)
        if embed.media is not None and (card := embed.media.external) is not None and card.uri:
            targets.append(card.uri)
    return list(dict.fromkeys(targets)) if len(targets) > 1 else targets


def mentions(record: Record) -> list[str]:
    """The DIDs that the post mentions, each once."""
    return _mentions(_features(record.facets))


def _mentions(features: Iterable[Feature]) -> list[str]:
    found = [feature.did for feature in features if feature.did]
    return list(dict.fromkeys(found)) if len(found) > 1 else found


def posted_at(claim: str | None, latest: datetime) -> datetime:
    """The client's `createdAt`, never later than `latest`, which also stands in for what cannot be read."""
    try:
        claimed = datetime.fromisoformat(claim or "")
        return latest if claimed.tzinfo is None else min(claimed.astimezone(UTC), latest)
    except (ValueError, OverflowError):
        return latest


def _features(facets: list[Facet] | None) -> list[Feature]:
    return [feature for facet in facets or () for feature in facet.features or ()]
