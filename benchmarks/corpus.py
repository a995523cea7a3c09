"""Posts, patterns and network events to measure on: real ones where OUTCARE_DATA has them, else our own.

`OUTCARE_DATA` names a directory with `posts_multilingual.tsv` (language TAB text) and `jetstream_v1.jsonl`
(one event a line); docs/performance.md says where they come from. Everything is made from a fixed seed.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

SEED = 20261121
_SYLLABLES = tuple(re.findall("..", "anarbocadedoelfigohainkalalomaminanooraparorasasitatitouluvavexozu"))
_SENTENCES = {
    "en": (
        "The parcel came late again and nobody answers the phone",
        "Honestly the new update is better than I expected 😀",
        "does anybody know when the shop opens on sunday?",
        "My train was cancelled, so I am walking home in the rain https://example.org/a1",
        "@somebody that is exactly what I said yesterday #monday",
    ),
    "ja": (
        "今日はいい天気ですね、散歩に行きます",
        "新しい電話が届いたけど、動かない…困った！",
        "ラーメン食べたい　明日も仕事",
    ),
    "pt": (
        "Alguém sabe se a loja abre amanhã? Não consigo ligar",
        "Que saudade do verão, já não aguento o frio",
    ),
    "es": ("Llevo tres días esperando el paquete y nada", "¿A qué hora empieza el partido mañana?"),
    "de": (
        "Schöne Grüße aus dem Zug, der seit einer Stunde steht",
        "Weiß jemand, ob das Geschäft heute öffnet?",
    ),
    "ar": ("لا أحد يرد على الهاتف منذ الصباح",),
    "hi": ("आज मौसम बहुत अच्छा है, चलो घूमने चलते हैं",),
    "ko": ("오늘 배송이 또 늦었어요 정말 실망이에요",),
}
_MIX = (
    ("en",) * 52
    + ("ja",) * 20
    + ("pt",) * 8
    + ("es",) * 7
    + ("de",) * 5
    + ("ar",) * 3
    + ("hi",) * 2
    + ("ko",) * 3
)
COLLECTIONS = (
    *("app.bsky.feed.like",) * 69,
    *("app.bsky.feed.post",) * 11,
    *("app.bsky.feed.repost",) * 10,
    *("app.bsky.graph.follow",) * 6,
    *("app.bsky.feed.threadgate",) * 4,
)
"""The mix of the real capture: shares of 100 events."""
Which: TypeAlias = Literal["all", "asked", "posts"]
"""Of the network's events: all; what a host sends who is asked as the daemon asks (posts, also edited and
deleted ones, and what becomes of accounts); new posts."""
_SHARES = {"word": 60.5, "rare": 2.5, "phrase": 15, "tag": 8, "handle": 6, "cjk": 4, "accented": 4}
"""Of 100 patterns; of the rare words there are so many that about 3 % of the posts match 10,000 patterns."""


def data() -> Path | None:
    named = os.environ.get("OUTCARE_DATA")
    return Path(named) if named else None


def origin() -> str:
    """Which texts these are, for a `detail`."""
    return "real posts" if data() else "made-up posts"


@cache
def posts(count: int = 20_000) -> tuple[str, ...]:
    folder = data()
    if folder is None:
        return tuple(_made_up(count))
    lines = (folder / "posts_multilingual.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(islice(cycle([line.split("\t", 1)[1] for line in lines]), count))


def _made_up(count: int) -> Iterator[str]:
    chance = random.Random(SEED)
    for _ in range(count):
        sentences = _SENTENCES[chance.choice(_MIX)]
        said = " ".join(chance.choice(sentences) for _ in range(chance.choice((1, 1, 2, 2, 3))))
        yield f"{said} {_word(chance)}"


@cache
def patterns(count: int = 10_000) -> tuple[str, ...]:
    """What brands look for: words, phrases, hashtags, handles, a few in other scripts; in random case."""
    chance = random.Random(SEED + 1)
    rare = _rare_words(posts())
    found: dict[str, None] = {}
    while len(found) < count:
        pattern = _pattern(chance, rare)
        found[chance.choice((pattern, pattern.lower(), pattern.upper(), pattern.title()))] = None
    return tuple(found)


def _pattern(chance: random.Random, rare: Sequence[str]) -> str:
    word = _word(chance)
    makers = {
        "word": lambda: word,
        "rare": lambda: chance.choice(rare),
        "phrase": lambda: " ".join([word, *(_word(chance) for _ in range(chance.choice((1, 2))))]),
        "tag": lambda: f"#{word}",
        "handle": lambda: f"@{word}{chance.randrange(100)}.example",
        "cjk": lambda: "".join(
            chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(chance.choice((2, 3, 4)))
        ),
        "accented": lambda: word + chance.choice("éüñçøãßі"),
    }
    return makers[chance.choices(list(_SHARES), list(_SHARES.values()))[0]]()


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.choice((4, 4, 5))))


def _rare_words(texts: Sequence[str]) -> list[str]:
    """Words of the posts themselves that stand in one post only: so that something is found."""
    seen: dict[str, int] = {}
    for text in texts:
        for word in set(text.split()):
            seen[word] = seen.get(word, 0) + 1
    return sorted(word for word, times in seen.items() if times == 1 and len(word) > 5 and word.isalpha())


# --- the network's events -------------------------------------------------------------------------


def events(count: int, *, which: Which = "all") -> list[bytes]:
    """Jetstream v1 frames in the real network's mix, the texts of `posts()`, each with a name of its own."""
    chance = random.Random(SEED + 2)
    wanted = [one for one in _templates() if _is_among(one, which)]
    texts, made = cycle(posts()), []
    for number in range(count):
        event = json.loads(json.dumps(wanted[number % len(wanted)]))
        event["did"] = f"did:plc:{chance.getrandbits(96):024x}"
        event["time_us"] = 1_783_175_888_000_000 + number * 2_092  # 478 events a second
        commit = event.get("commit")
        if commit:
            commit["rkey"], commit["rev"] = f"3m{number:011x}", f"3m{number:011x}"
            if _is_post(event) and commit["operation"] == "create":
                commit["record"]["text"] = next(texts)
        made.append(_as_go_writes(event))
    return made


def share(which: Which) -> float:
    """So many of the network's events are these, from 0 to 1."""
    every = _templates()
    return sum(_is_among(one, which) for one in every) / len(every)


def spoken(texts: Sequence[str]) -> Iterator[bytes]:
    """Each text as a post of somebody else."""
    template = _template("app.bsky.feed.post")
    for number, text in enumerate(texts):
        event = json.loads(json.dumps(template))
        event["did"], event["time_us"] = f"did:plc:{number:024x}", 1_783_175_888_000_000 + number
        event["commit"]["rkey"], event["commit"]["record"]["text"] = f"3m{number:011x}", text
        yield _as_go_writes(event)


def _is_among(event: dict[str, Any], which: Which) -> bool:
    is_asked = (event.get("commit") or {}).get("collection") == "app.bsky.feed.post"
    is_asked = is_asked or event["kind"] == "account"
    return {"all": True, "asked": is_asked, "posts": _is_post(event)}[which]


def _is_post(event: dict[str, Any]) -> bool:
    commit = event.get("commit") or {}
    return commit.get("collection") == "app.bsky.feed.post" and commit.get("operation") == "create"


def _as_go_writes(event: dict[str, Any]) -> bytes:
    """JSON as the server's language writes it: UTF-8 but for these five characters."""
    said = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        said = said.replace(character, f"\\u{ord(character):04x}")
    return said.encode("utf-8", "surrogatepass")


def _templates() -> list[dict[str, Any]]:
    folder = data()
    if folder is not None:
        lines = (folder / "jetstream_v1.jsonl").read_bytes().splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    return [_template(collection) for collection in COLLECTIONS]


def _template(collection: str) -> dict[str, Any]:
    record: dict[str, Any] = {"$type": collection, "createdAt": "2026-07-04T14:38:08.999Z"}
    if collection == "app.bsky.feed.post":
        link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a?b=1&c=2"}
        record |= {
            "text": "",
            "langs": ["en"],
            "facets": [{"features": [link], "index": {"byteStart": 0, "byteEnd": 4}}],
        }
    else:
        record["subject"] = {
            "cid": "bafyrei" + "a" * 52,
            "uri": "at://did:plc:" + "b" * 24 + "/app.bsky.feed.post/3k",
        }
    commit = {"rev": "", "operation": "create", "collection": collection, "rkey": "", "record": record}
    return {"did": "", "time_us": 0, "kind": "commit", "commit": commit | {"cid": "bafyrei" + "c" * 52}}
