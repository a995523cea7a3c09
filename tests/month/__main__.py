"""`python -m tests.month`: a month of the real program in a few minutes, and what came of it.

Exit status 0: every promise was kept; 1: one was broken (its seed and its folder are named).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path

from tests.month import virtual
from tests.month.month import Month
from tests.month.plan import BEGINS, draw
from tests.month.report import figures, story


def main() -> int:
    given = _arguments()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    mentions = given.mentions if given.mentions is not None else round(4000 * given.days / 31)
    begins = datetime.combine(given.begins, BEGINS.timetz())
    folder = given.folder or Path(tempfile.mkdtemp(prefix=f"outcare-month-{seed}-"))
    out = sys.stderr if given.json else sys.stdout
    print(f"seed {seed}, {given.days} days, {mentions} mentions", file=out, flush=True)

    async def live() -> Month:
        month = Month.of(folder, draw(seed, days=given.days, mentions=mentions, begins=begins))
        await month.live(lambda line: print(line, file=sys.stderr, flush=True))
        return month

    month = virtual.run(live())
    told = figures(month)
    print(json.dumps(told, indent=2) if given.json else story(told))
    if month.findings:
        same = f"--days {given.days} --mentions {mentions} --from {given.begins} --seed {seed}"
        print(f"again: python -m tests.month {same}; kept: {folder}", file=out)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.month", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run; else a fresh one")
    parser.add_argument("--days", type=int, default=31, help="how long it is (31)")
    parser.add_argument("--mentions", type=int, default=None, help="how many (4000 in 31 days)")
    parser.add_argument(
        "--from",
        type=date.fromisoformat,
        default=BEGINS.date(),
        dest="begins",
        help=f"its first day ({BEGINS:%F})",
    )
    parser.add_argument("--folder", type=Path, default=None, help="where the database lies meanwhile")
    parser.add_argument("--json", action="store_true", help="the report as JSON on stdout")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
