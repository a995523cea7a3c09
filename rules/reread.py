"""A loaded set read once more from its sources, with its YAML nodes, for those who explain it to people.

The daemon never needs it. The set is known to be right: whatever is reported here has been told before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot import yamlfile
from rules import listfiles, schema, times
from rules.compile import Compiler
from rules.packs.including import included
from rules.reading import Reader
from rules.report import Report
from rules.vocabulary import Vocabulary

if TYPE_CHECKING:
    from rules.ruleset import RuleSet


class Source:
    """`texts` by file; `found`: the definitions; `vocabulary` and `compiler` for pieces of them."""

    def __init__(self, rules: RuleSet) -> None:
        self.texts = {Path(name): text for name, text in rules.sources.items()}
        files = (path for path in self.texts if path.suffix in listfiles.RULES)
        report = Report()
        trees = [yamlfile.load(self.texts[path], path) for path in files]
        self.found = schema.read(included(trees, report).files, report)
        self.vocabulary = Vocabulary(self.found.words, self.texts, report)
        stretches = times.read(self.found.times, report)
        self.compiler = Compiler(self.found.conditions, self.vocabulary, report, stretches)
        self.reader = Reader(report, "again")
