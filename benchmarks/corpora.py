"""Public labelled texts, as they lie in the folder that OUTCARE_DATA names. Nothing of them is kept here.

A row is (as it stands in the file, the text, its label): by the first the halves are told apart, so that
cleaning a text does not move it.
"""

from __future__ import annotations

import csv
import html
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET  # the corpus is a known, local file

Row = tuple[str, str, str]

AIRLINES, CHAT, COMMENTS, POSTS = (
    "airline_sentiment.csv",
    "nps_chat.zip",
    "youtube_spam.csv",
    "posts_multilingual.tsv",
)
QUESTIONS = frozenset({"whQuestion", "ynQuestion"})
_TORN_MARK = "\xa5\xe9\xcb"
"""A byte order mark that somebody recoded, at the end of most comments."""


def airlines(file: Path) -> Iterator[Row]:
    """Tweets to airlines: negative, neutral, positive."""
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["text"], row["text"], row["sentiment"]


def chat(file: Path) -> Iterator[Row]:
    """Posts of people with their dialogue act; the class System is left out."""
    with zipfile.ZipFile(file) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".xml"):
                for post in ET.fromstring(archive.read(name)).iter("Post"):  # noqa: S314
                    text, kind = (post.text or "").strip(), post.get("class", "")
                    if kind != "System":
                        yield text, text, kind


def comments(file: Path) -> Iterator[Row]:
    """Comments under a video: spam or ham."""
    with file.open(encoding="latin-1", newline="") as stream:
        for label, text in csv.reader(stream):
            yield text, html.unescape(text.removesuffix(_TORN_MARK)), label


def posts(file: Path) -> Iterator[Row]:
    """Posts of a public network with their language."""
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            lang, _, text = line.rstrip("\n").partition("\t")
            yield text, text, lang
