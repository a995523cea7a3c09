"""What concerns whom: the words and accounts of all brands, rivals included.

Pure policy over `bot.model`: it knows no platform's ways, no store and no network. Handles come in as the
configuration has them; somebody else resolves them and hands the ids back (`with_ids`). How text is matched
is the matcher's business, which comes in from outside too.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.model import Account, Brand, Kind, Mention, Post, Span

HELD_LIMIT = 500_000
"""So many post ids are remembered per platform (about 130 MB); the longest unasked-for go first."""

Ids = Mapping[tuple[str, str], str]
"""(platform, handle) → platform id."""

Holds = Callable[[str], tuple[str, ...]]
"""The brands that a post id is held for; empty: not held."""


class Hit(Protocol):
    """Where a pattern stands: its index, and [start, end) in code points."""

    @property
    def pattern(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Matcher(Protocol):
    """Finds many patterns in one text, by the same rules in both methods: where, and which."""

    def search(self, text: str) -> Sequence[Hit]: ...
    def found(self, text: str) -> Collection[int]: ...
    def pieces(self) -> Iterable[object]: ...


@dataclass(frozen=True, slots=True)
class _Use:
    """What a pattern means: a brand, and for `@handle` the platform on which that is an address."""

    brand: str
    address_on: str | None = None


class Watchlist:
    """All brands at one moment; never changes: a change makes a new one.

    `brands`: in the order of the configuration, with the ids known so far. `ids`: the handles resolved so
    far. `matcher` compiles the patterns; `with_ids` keeps them.
    """

    __slots__ = ("_matcher", "_ours", "_owners", "_uses", "brands")

    def __init__(
        self, brands: Sequence[Brand], *, ids: Ids, matcher: Callable[[Sequence[str]], Matcher]
    ) -> None:
        uses: dict[str, list[_Use]] = {}
        for brand in brands:
            for pattern, use in _patterns(brand):
                uses.setdefault(pattern, []).append(use)
        self._matcher = matcher(tuple(uses))
        shared: dict[
            tuple[_Use, ...], tuple[_Use, ...]
        ] = {}  # 10,000 tuples would be looked through for ever
        self._uses = tuple(shared.setdefault(one, one) for one in map(_once_each, uses.values()))
        self._ours = frozenset(brand.name for brand in brands if not brand.is_rival)
        self.brands = tuple(_resolve(brand, ids) for brand in brands)
        self._owners = _owners(self.brands)

    def pieces(self) -> Iterator[object]:
        """What it is made of: whoever drops a large one holds these and lets them go one after the other."""
        yield from self._uses
        yield from (word for brand in self.brands for word in brand.words)
        yield from self._matcher.pieces()

    @property
    def size(self) -> int:
        """How many patterns are looked for."""
        return len(self._uses)

    def with_ids(self, ids: Ids) -> Watchlist:
        """The same with more handles resolved; ids known before stay."""
        other = copy.copy(self)
        other.brands = tuple(_resolve(brand, ids) for brand in self.brands)
        other._owners = _owners(other.brands)  # noqa: SLF001 - a copy of its own class
        return other

    def unresolved(self) -> tuple[Account, ...]:
        """The accounts whose id is not known yet: posts by and at them go unrecognised until it is."""
        return tuple(account for brand in self.brands for account in brand.accounts if account.id is None)

    def owner(self, platform: str, account_id: str) -> str | None:
        """The brand whose account this is, if any."""
        return self.owners_on(platform).get(account_id)

    def owners_on(self, platform: str) -> Mapping[str, str]:
        """Account id → the brand whose account it is, of one platform."""
        return self._owners.get(platform, {})

    def named(self, text: str) -> Collection[str]:
        """The brands of which this searchable text has a word or handle."""
        found = self._matcher.found(text)
        return {use.brand for pattern in found for use in self._uses[pattern]} if found else ()

    def is_rival(self, brand: str) -> bool:
        """Also of one that has just left the configuration, while its last mentions are judged."""
        return brand not in self._ours

    def concerns(self, post: Post, held: Holds) -> tuple[Mention, ...]:
        """The post as a mention of each brand that it concerns; none for a post by a brand's own account.

        It concerns a brand by its words and handles, by speaking to one of its accounts (reply, quote,
        marked mention, a thread that the account began), or by being, answering or quoting a held post.
        """
        if self.owner(post.platform, post.author_id) is not None:
            return ()
        text = post.searchable
        hits = tuple(self._hits(text))
        brands = self.touched(post.platform, post.refs, held).union(use.brand for _, use in hits)
        names = (brand.name for brand in self.brands if brand.name in brands)
        return tuple(self._mention(post, name, text, hits) for name in names)

    def touched(self, platform: str, refs: Iterable[str], held: Holds) -> set[str]:
        """The brands that these refs speak to: their accounts, or posts that are held for them."""
        brands: set[str] = set()
        owners = self.owners_on(platform)
        for ref in refs:
            brands.update(held(ref))
            owner = owners.get(ref)
            if owner is not None:
                brands.add(owner)
        return brands

    def _hits(self, text: str) -> Iterator[tuple[Hit, _Use]]:
        for hit in self._matcher.search(text):
            for use in self._uses[hit.pattern]:
                yield hit, use

    def _mention(self, post: Post, brand: str, text: str, hits: Sequence[tuple[Hit, _Use]]) -> Mention:
        ours = [(hit, use) for hit, use in hits if use.brand == brand]
        at_handle = any(
            use.address_on == post.platform and _is_address(text, hit, len(post.text)) for hit, use in ours
        )
        kind = self._kind(post, brand, at_handle=at_handle)
        return Mention(post=post, brand=brand, kind=kind, spans=_spans(hit for hit, _ in ours))

    def _kind(self, post: Post, brand: str, *, at_handle: bool) -> Kind:
        def is_ours(account_id: str | None) -> bool:
            return account_id is not None and self.owner(post.platform, account_id) == brand

        if post.is_private:
            return Kind.DM
        if post.parent and is_ours(post.parent.author_id):
            return Kind.REPLY
        if post.quoted and is_ours(post.quoted.author_id):
            return Kind.QUOTE
        if at_handle or any(is_ours(account) for account in post.mentions):
            return Kind.MENTION
        if post.rating is not None:
            return Kind.REVIEW
        return Kind.COMMENT if post.parent else Kind.POST


class LiveWatch:
    """The watch of one platform's sources, and the memory of what they wanted (`bot.ports.Watch`).

    `held`: post id → brands, oldest first, as the store loaded them at start. It is kept up to date here: a
    wanted post is remembered before its batch is stored, so that an answer to it a moment later is wanted.
    """

    def __init__(
        self,
        watchlist: Watchlist,
        held: Mapping[str, tuple[str, ...]],
        platform: str,
        *,
        limit: int = HELD_LIMIT,
    ) -> None:
        self.platform = platform
        self._watchlist = watchlist
        self._owners = watchlist.owners_on(platform)
        self._limit = limit
        self._held = OrderedDict(held)
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}
        """Half a million posts are held for a few brands: each group of them is kept once."""
        self._trim()

    @property
    def watchlist(self) -> Watchlist:
        return self._watchlist

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for, for platforms that have to be asked: words, and names of accounts there."""
        brands = self._watchlist.brands
        words = (word for brand in brands for word in brand.words)
        handles = (
            "@" + account.handle.removeprefix("@")
            for brand in brands
            for account in brand.accounts
            if account.platform == self.platform
        )
        return tuple(dict.fromkeys((*words, *handles)))

    def swap(self, watchlist: Watchlist) -> None:
        """Judge by another watchlist from the next post on; what is held stays held."""
        self._watchlist = watchlist
        self._owners = watchlist.owners_on(self.platform)

    def brands_of(self, post_id: str) -> tuple[str, ...]:
        """The brands that a post is held for."""
        return self._held.get(post_id, ())

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        """See `bot.ports.Watch`. Most posts are nobody's: they cost three looks, and nothing is built."""
        ids = tuple(refs)
        owners, held = self._owners, self._held
        if author_id in owners:
            self._remember(ids, {owners[author_id]})
            return True
        named = self._watchlist.named(text)
        if not named and held.keys().isdisjoint(ids) and owners.keys().isdisjoint(ids):
            return False
        brands = self._watchlist.touched(self.platform, ids, self.brands_of).union(named)
        self._remember(ids, brands)
        return bool(brands)

    def _remember(self, ids: tuple[str, ...], brands: set[str]) -> None:
        """The first of the ids is the post's own; without one there is nothing to remember it by."""
        if not ids or not brands:
            return
        post_id = ids[0]
        held_for = tuple(sorted(brands.union(self.brands_of(post_id))))
        self._held[post_id] = self._same.setdefault(held_for, held_for)
        self._held.move_to_end(post_id)
        self._trim()

    def _trim(self) -> None:
        while len(self._held) > self._limit:
            self._held.popitem(last=False)


def _patterns(brand: Brand) -> Iterator[tuple[str, _Use]]:
    named = _Use(brand.name)
    for word in brand.words:
        yield word, named
    for account in brand.accounts:
        yield account.handle, named
        if account.handle != account.id:  # nobody writes an @ before a bare id
            yield f"@{account.handle}", _Use(brand.name, account.platform)


def _once_each(uses: Sequence[_Use]) -> tuple[_Use, ...]:
    return tuple(uses) if len(uses) == 1 else tuple(dict.fromkeys(uses))


def _resolve(brand: Brand, ids: Ids) -> Brand:
    return replace(
        brand,
        accounts=tuple(
            replace(account, id=ids.get((account.platform, account.handle), account.id))
            for account in brand.accounts
        ),
    )


def _owners(brands: Sequence[Brand]) -> dict[str, dict[str, str]]:
    """Platform → id → brand; should two brands claim one id, the first of the configuration has it."""
    owners: dict[str, dict[str, str]] = {}
    for brand in brands:
        for account in brand.accounts:
            if account.id is not None:
                owners.setdefault(account.platform, {}).setdefault(account.id, brand.name)
    return owners


def _spans(hits: Iterable[Hit]) -> tuple[Span, ...]:
    """Where the hits stand, overlapping ones as one."""
    merged: list[Span] = []
    for start, end in sorted((hit.start, hit.end) for hit in hits):
        if merged and start < merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(end, merged[-1].end))
        else:
            merged.append(Span(start=start, end=end))
    return tuple(merged)


def _is_address(text: str, hit: Hit, body_length: int) -> bool:
    """Whether `@handle` is spoken to: in the body (not in a link), not in an e-mail address, not cut short.

    `me@acme.example` and `@acme.example.org` hold the letters but address somebody else. Handles are ASCII
    everywhere, so a kana or Cyrillic neighbour neither begins nor goes on with one.
    """
    before, after = text[hit.start - 1 : hit.start], text[hit.end : hit.end + 2]
    goes_on = _in_handle(after[:1]) or (after[:1] in {".", "-", "@"} and _in_handle(after[1:]))
    return hit.end <= body_length and not (_in_handle(before) or before in {"/", "@"}) and not goes_on


def _in_handle(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())
