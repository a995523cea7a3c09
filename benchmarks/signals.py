"""How good and how fast the signals are: `OUTCARE_DATA=… make bench-signals`.

Reads public research data from the folder that OUTCARE_DATA names (docs/triage-quality.md says which),
measures on it, and trains nothing. `--write` puts the tables into that page.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpora
from benchmarks.corpora import Row
from benchmarks.scoring import (
    Figures,
    Half,
    Scored,
    expected_error,
    figures,
    half,
    macro_f1,
    ratio,
    reliability,
)
from bot.cli.signals import Shape, measure_lines
from rules.signals import body, language
from rules.signals.measure import measure, prepare

PAGE = Path(__file__).parent.parent / "docs" / "triage-quality.md"
BEGIN, END = "<!-- made by make bench-signals -->", "<!-- until here -->"
TEXTS_A_SECOND = 5_000
"""The target."""
SAMPLE, TIMES = 1_500, 9
"""So many texts, so often; the best counts, for others use the machine too."""
NEUTRAL = 0.25
"""A tone nearer to zero than this is neither good nor bad."""
HALVES: tuple[Half, ...] = ("development", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One comparison of a signal with labels. `simple` is the rule that anybody would write first.

    `thresholds`: from which value on it counts as said; the bars are looked at for each.
    """

    name: str
    signal: str
    file: str
    rows: Callable[[Path], Iterator[Row]]
    true: frozenset[str]
    simple_name: str
    simple: Callable[[str], bool]
    bars: tuple[tuple[str, float], ...]
    anchors: tuple[tuple[str, str], ...] = ()
    thresholds: tuple[float, ...] = (0.5,)


TASKS = (
    Task(
        name="`question`, interrogative part: NPS chat",
        signal="question",
        file=corpora.CHAT,
        rows=corpora.chat,
        true=corpora.QUESTIONS,
        simple_name="contains `?`",
        simple=lambda text: "?" in text,
        bars=(("f1", 0.88),),
        anchors=(("one regular expression (published, all posts)", ".89 | .84 | .86 | .92 | –"),),
    ),
    Task(
        name="`complaint` against *negative*: tweets to airlines",
        signal="complaint",
        file=corpora.AIRLINES,
        rows=corpora.airlines,
        true=frozenset({"negative"}),
        simple_name="names a delay, a wait or a cancellation",
        simple=lambda text: any(word in text.lower() for word in ("delay", "wait", "cancel", "hold", "late")),
        bars=(("macro_f1", 0.72), ("auc", 0.80)),
        anchors=(("VADER (published, all tweets)", ".90 | .44 | .59 | .62 | .75"),),
    ),
    Task(
        name="`spam`: comments under a video",
        signal="spam",
        file=corpora.COMMENTS,
        rows=corpora.comments,
        true=frozenset({"spam"}),
        simple_name="has a link, or says *subscribe* or *check*",
        simple=lambda text: any(word in text.lower() for word in ("http", "subscribe", "check")),
        bars=(("precision", 0.95), ("recall", 0.80)),
        thresholds=(0.5, 0.4, 0.3, 0.2),
    ),
)


def scored(task: Task, data: Path, which: Half) -> tuple[list[tuple[float, bool]], Scored]:
    """Our values and those of the simple rule. Unknown never fires a rule, so it counts as no."""
    ours, simple = [], []
    for row, text, label in task.rows(data / task.file):
        if half(row) == which:
            is_true = label in task.true
            ours.append((measure(text, ("en",))[1][task.signal].value or 0.0, is_true))
            simple.append((float(task.simple(text)), is_true))
    return ours, simple


def told(name: str, found: Figures) -> str:
    values = (found.precision, found.recall, found.f1, found.macro_f1, found.auc)
    return f"| {name} | {' | '.join(_two(value) for value in values)} |"


def table(task: Task, data: Path) -> Iterator[str]:
    """Both halves, the simple rule, what is published; the bars; the calibration of the report half."""
    (tried, _), (ours, simple) = (scored(task, data, which) for which in HALVES)
    found = {threshold: figures(ours, threshold=threshold) for threshold in task.thresholds}
    yield f"### {task.name}\n"
    yield f"Report half: {len(ours):,} texts, {sum(true for _, true in ours):,} of them true.\n"
    yield "| method | P | R | F1 | macro-F1 | AUC |\n|---|---|---|---|---|---|"
    for threshold, one in found.items():
        yield told(f"**`{task.signal}` ≥ {threshold}, report half**", one)
        yield told("the same, development half", figures(tried, threshold=threshold))
    yield told(f"{task.simple_name}, report half", figures(simple))
    yield from (f"| {name} | {values} |" for name, values in task.anchors)
    yield "\nAsked for:\n"
    for threshold, one in found.items():
        met = ", ".join(_bar(one, name, bar) for name, bar in task.bars)
        between = f"P {_between(one.precision_between)}, R {_between(one.recall_between)}"
        yield f"- from {threshold} on: {met} (95 % intervals: {between})"
    yield ""
    yield from calibration(ours)


def calibration(ours: Scored) -> Iterator[str]:
    bins = list(reliability(ours))
    yield f"| value from | {' | '.join(f'{start:.1f}' for start, _, _ in bins)} |"
    yield f"|---|{'---|' * len(bins)}"
    yield f"| texts | {' | '.join(f'{count:,}' for _, count, _ in bins)} |"
    yield f"| true | {' | '.join(_two(share) for _, _, share in bins)} |"
    yield f"\nMean distance of value and share: {_two(expected_error(ours))}.\n"


def tone(data: Path) -> Iterator[str]:
    """`sentiment` in three classes, on the report half."""
    pairs, values = [], []
    for row, text, label in corpora.airlines(data / corpora.AIRLINES):
        if half(row) == "report":
            value = measure(text, ("en",))[1]["sentiment"].value or 0.0
            said = "negative" if value <= -NEUTRAL else "positive" if value >= NEUTRAL else "neutral"
            pairs.append((said, label))
            values.append((value, label))
    bad = figures([(-value, label == "negative") for value, label in values], threshold=NEUTRAL)
    good = figures([(value, label == "positive") for value, label in values], threshold=NEUTRAL)
    yield "### `sentiment`: tweets to airlines\n"
    yield f"Report half, {len(pairs):,} tweets; neutral is nearer to zero than {NEUTRAL}.\n"
    yield "| class | P | R | F1 | macro-F1 | AUC |\n|---|---|---|---|---|---|"
    yield told("negative", bad)
    yield told("positive", good)
    yield f"\nThree classes: macro-F1 {_two(macro_f1(pairs))}.\n"


def rates(data: Path) -> Iterator[str]:
    """How often each signal is there among posts that nobody chose."""
    names = ("complaint", "question", "spam", "urgent", "toxic")
    counts: dict[str, dict[str, int]] = {}
    for row, text, lang in corpora.posts(data / corpora.POSTS):
        if half(row) == "report":
            found = measure(text, (lang,))[1]
            one = counts.setdefault(lang, dict.fromkeys((*names, "posts"), 0))
            one["posts"] += 1
            for name in names:
                one[name] += (found[name].value or 0.0) >= 0.5
    yield "### How often: posts of a public network\n"
    yield "Report half; per 1,000 posts, the language declared.\n"
    yield f"| language | posts | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}"
    for lang, one in sorted(counts.items(), key=lambda item: -item[1]["posts"]):
        shares = " | ".join(f"{1000 * one[name] / one['posts']:.0f}" for name in names)
        yield f"| {lang} | {one['posts']:,} | {shares} |"
    yield ""


def languages(data: Path) -> Iterator[str]:
    """Detection without and with the right language declared; unknown is counted apart from wrong."""
    rows = list(corpora.posts(data / corpora.POSTS))
    yield "### Language: posts of a public network\n"
    yield f"All {len(rows):,} posts (nothing was set by them).\n"
    yield "| declared | right, of those told | unknown |\n|---|---|---|"
    for name, hint in (("none", False), ("the right one", True)):
        found = [(language.detect(body.read(text), (lang,) if hint else ()), lang) for _, text, lang in rows]
        unknown = sum(said is None for said, _ in found)
        right = sum(said == lang for said, lang in found)
        yield f"| {name} | {ratio(right, len(found) - unknown):.1%} | {unknown / len(found):.1%} |"
    yield ""


def speed(data: Path) -> Iterator[str]:
    """What `outcare signals` does in a second, on one core: read, measure, write each line."""
    yield "### Speed\n"
    yield "| texts | as | texts/s on one core | asked for |\n|---|---|---|---|"
    kinds = (
        ("tweets to airlines", corpora.airlines, corpora.AIRLINES),
        ("chat posts", corpora.chat, corpora.CHAT),
        ("posts in nine languages", corpora.posts, corpora.POSTS),
    )
    for name, rows, file in kinds:
        texts = [" ".join(text.split()) for _, text, _ in rows(data / file)]
        lines = "".join(f"{text}\n" for text in texts[:: len(texts) // SAMPLE]).encode()
        for shape in (Shape.FLAT, Shape.FULL):
            rate = max(_rate(lines, shape) for _ in range(TIMES))
            yield f"| {name} | {shape.value} | {rate:,.0f} | {TEXTS_A_SECOND:,} |"
    yield ""


def _rate(lines: bytes, shape: Shape) -> float:
    """In processor time: another program on the same core does not make ours slow."""
    began = time.process_time()
    measure_lines(io.BytesIO(lines), io.StringIO(), shape)
    return lines.count(b"\n") / (time.process_time() - began)


def report(data: Path, missing: Sequence[str]) -> Iterator[str]:
    for task in TASKS:
        if task.file not in missing:
            yield from table(task, data)
    if corpora.AIRLINES not in missing:
        yield from tone(data)
    if corpora.POSTS not in missing:
        yield from rates(data)
        yield from languages(data)
    if not missing:
        yield from speed(data)


def written(page: str, lines: Sequence[str]) -> str:
    """The page with its block made anew."""
    before, _, rest = page.partition(BEGIN)
    block = "\n".join(lines).strip()
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{rest.partition(END)[2]}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/triage-quality.md")
    given = parser.parse_args()
    named = os.environ.get("OUTCARE_DATA")
    if not named:
        print(
            "OUTCARE_DATA is not set: name the folder that holds the data (docs/triage-quality.md)",
            file=sys.stderr,
        )
        return 2
    data = Path(named)
    files = (corpora.AIRLINES, corpora.CHAT, corpora.COMMENTS, corpora.POSTS)
    missing = [name for name in files if not (data / name).is_file()]
    for name in missing:
        print(f"{name} is not in {data}: left out", file=sys.stderr)
    prepare()
    lines = []
    for line in report(data, missing):
        print(line, flush=True)
        lines.append(line)
    if given.write and not missing:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")
    return 1 if missing else 0


def _two(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _between(interval: tuple[float, float]) -> str:
    return f"{_two(interval[0])}–{_two(interval[1])}"


def _bar(found: Figures, name: str, bar: float) -> str:
    value: float = getattr(found, name)
    label = {"precision": "P", "recall": "R", "f1": "F1", "macro_f1": "macro-F1", "auc": "AUC"}[name]
    return f"{label} ≥ {_two(bar)}: {value:.3f}, {'met' if value >= bar else '**missed**'}"


if __name__ == "__main__":
    sys.exit(main())
