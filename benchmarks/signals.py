"""How good and how fast the signals are: `OUTCARE_DATA=… python -m benchmarks.signals`.

Reads public research data from the directory that OUTCARE_DATA names (docs/signals.md says which), measures
on it, and trains nothing. Prints precision, recall, F1, macro-F1 and AUC beside the published anchors.
"""

from __future__ import annotations

import csv
import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET  # the corpus is a known, local file

from rules.signals import body, language
from rules.signals.measure import measure

Labelled = tuple[str, bool]
QUESTIONS = frozenset({"whQuestion", "ynQuestion"})
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One comparison. `signal` is measured on `file`, the text's language being declared."""

    name: str
    signal: str
    file: str
    rows: Callable[[Path], Iterator[Labelled]]
    anchors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    precision: float
    recall: float
    f1: float
    macro_f1: float
    auc: float


def airlines(file: Path) -> Iterator[Labelled]:
    """Negative or not: not the same as complaining, but the nearest that is labelled."""
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["text"], row["sentiment"] == "negative"


def chat(file: Path) -> Iterator[Labelled]:
    """Posts of people; the class System is left out."""
    with zipfile.ZipFile(file) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".xml"):
                for post in ET.fromstring(archive.read(name)).iter("Post"):  # noqa: S314
                    kind = post.get("class", "")
                    if kind != "System":
                        yield (post.text or "").strip(), kind in QUESTIONS


TASKS = (
    Task(
        name="complaint: negative tweets to airlines",
        signal="complaint",
        file="airline_sentiment.csv",
        rows=airlines,
        anchors=("VADER: P .90 R .44 F1 .59 macro-F1 .62 AUC .75",),
    ),
    Task(
        name="question: NPS chat",
        signal="question",
        file="nps_chat.zip",
        rows=chat,
        anchors=(
            "contains '?': P .91 R .67 F1 .77 macro-F1 .87",
            "one regex: P .89 R .84 F1 .86 macro-F1 .92",
        ),
    ),
)


def figures(scored: list[tuple[float, bool]], *, threshold: float = 0.5) -> Figures:
    """Of values at or above a threshold, against the truth."""
    counts = {(said, true): 0 for said in (True, False) for true in (True, False)}
    for value, true in scored:
        counts[value >= threshold, true] += 1
    hits, misses = counts[True, True], counts[False, True]
    false, rest = counts[True, False], counts[False, False]
    f1 = _ratio(2 * hits, 2 * hits + false + misses)
    return Figures(
        precision=_ratio(hits, hits + false),
        recall=_ratio(hits, hits + misses),
        f1=f1,
        macro_f1=(f1 + _ratio(2 * rest, 2 * rest + false + misses)) / 2,
        auc=auc(scored),
    )


def auc(scored: list[tuple[float, bool]]) -> float:
    """How often a true one is valued above a false one; ties count half."""
    by_value: dict[float, list[int]] = {}
    for value, true in scored:
        by_value.setdefault(value, [0, 0])[true] += 1
    below = area = 0.0
    for value in sorted(by_value):
        no, yes = by_value[value]
        area += yes * (below + no / 2)
        below += no
    return _ratio(area, below * sum(true for _, true in by_value.values()))


def reliability(scored: list[tuple[float, bool]]) -> Iterator[str]:
    """What share is true in each tenth of the values."""
    for tenth in range(BINS):
        inside = [true for value, true in scored if min(int(value * BINS), BINS - 1) == tenth]
        if inside:
            share = sum(inside) / len(inside)
            yield f"    {tenth / BINS:.1f}-{(tenth + 1) / BINS:.1f}  n {len(inside):6,}  true {share:.2f}"


def run(task: Task, data: Path) -> None:
    rows = list(task.rows(data / task.file))
    began = time.process_time()
    values = [measure(text, ("en",))[1][task.signal].value for text, _ in rows]
    micros = (time.process_time() - began) / len(rows) * 1e6
    # Unknown never fires a rule, so it counts as no.
    scored = [(value or 0.0, true) for value, (_, true) in zip(values, rows, strict=True)]
    unknown = sum(value is None for value in values)
    print(f"{task.name}: {len(rows):,} texts, {sum(true for _, true in rows):,} true, {unknown:,} unknown")
    for threshold in (0.5, 0.6):
        f = figures(scored, threshold=threshold)
        print(
            f"  ours at {threshold}: P {f.precision:.3f} R {f.recall:.3f} F1 {f.f1:.3f}"
            f" macro-F1 {f.macro_f1:.3f} AUC {f.auc:.3f}"
        )
    for anchor in task.anchors:
        print(f"  {anchor}")
    print(f"  {micros:.0f} µs a text, language included")
    print("\n".join(reliability(scored)))


def languages(file: Path) -> None:
    """Detection without and with the right language declared; unknown is counted apart from wrong."""
    rows = [line.rstrip("\n").split("\t", 1) for line in file.open(encoding="utf-8")]
    for hint in (False, True):
        found = [(language.detect(body.read(text), (lang,) if hint else ()), lang) for lang, text in rows]
        unknown = sum(said is None for said, _ in found) / len(found)
        right = _ratio(sum(said == lang for said, lang in found), sum(said is not None for said, _ in found))
        print(
            f"language, {'right one' if hint else 'none'} declared: {right:.3f} right, {unknown:.3f} unknown"
        )
    began = time.process_time()
    for _, text in rows:
        measure(text, ())
    print(f"  {(time.process_time() - began) / len(rows) * 1e6:.0f} µs a text, all signals, mixed languages")


def main() -> int:
    named = os.environ.get("OUTCARE_DATA")
    if not named:
        print(
            "OUTCARE_DATA is not set: name the directory that holds the data (docs/signals.md)",
            file=sys.stderr,
        )
        return 2
    data = Path(named)
    files = {task.file for task in TASKS} | {"posts_multilingual.tsv"}
    missing = sorted(name for name in files if not (data / name).is_file())
    for name in missing:
        print(f"{name} is not in {data}: left out", file=sys.stderr)
    measure("Where is my order? Thank you.", ())  # loads the model and the cues
    for task in TASKS:
        if task.file not in missing:
            run(task, data)
    if "posts_multilingual.tsv" not in missing:
        languages(data / "posts_multilingual.tsv")
    return 1 if missing else 0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


if __name__ == "__main__":
    sys.exit(main())
