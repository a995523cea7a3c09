"""What `use:` makes of the files of a set and of the packs that they name.

The packs become one more file: several packs of a family are one, and what the user tunes is as they want it.
The rest is for `rules.schema`, as if all had stood in the user's own files. Knows YAML nodes and which packs
there are; knows no condition and no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import Location
from bot.yamlfile import Node
from rules.packs import installed, joining, tuning
from rules.packs.tuning import USE, Member
from rules.places import is_of_pack, pack_file
from rules.reading import Reader
from rules.report import Code, Report

if TYPE_CHECKING:
    from pathlib import Path

_SECTIONS = ("words", "conditions", "rules")
"""What a pack may hold: who gets an alert, and how soon, is the users' own business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """`files`: what is to be read. `also_at`: where else a rule stands that is in more than one pack."""

    files: Sequence[Node]
    also_at: Mapping[str, Sequence[Location]] = field(default_factory=dict)


def named(files: Iterable[Node]) -> list[str]:
    """The packs that the files name under `use:`, whether there are such or not."""
    nodes = (node for file in files if (node := _use(file)) is not None)
    entries = (entry for node in nodes for entry in joining.entries(node))
    return sorted({entry.text for entry in entries if isinstance(entry.value, str)})


def included(files: Iterable[Node], report: Report) -> Included:
    """`files`: the user's own, and those of the packs; what is wrong goes into `report`."""
    every = list(files)
    own = [file for file in every if not is_of_pack(file.location.file)]
    packs = {file.location.file: file for file in every if is_of_pack(file.location.file)}
    used = sorted(set(_used(own, packs, report)))
    together = _Together(report)
    for name in used:
        together.add(name, packs[pack_file(name)])
    families = {name.partition("/")[0] for name in used}
    kept = [tuning.without(file, families, report) for file in own]
    sections = {
        **together.members,
        "rules": tuning.rules(own, together.members["rules"], report),
        "words": tuning.words(own, together.members["words"], report),
    }
    packed = [_file(packs[pack_file(used[0])], sections)] if used else []
    return Included(files=[*kept, *packed], also_at=together.also_at)


def _use(file: Node) -> Node | None:
    return file.value.get(USE) if isinstance(file.value, dict) else None


def _used(own: Iterable[Node], packs: Mapping[Path, Node], report: Report) -> Iterator[str]:
    reader = Reader(report, USE)
    for node in filter(None, map(_use, own)):
        for entry in reader.items(node):
            name = reader.text(entry, "a pack")
            if name is not None and pack_file(name) in packs:
                yield name
            elif name is not None:
                what, known = f'unknown pack "{name}"', installed.names()
                report.unknown(Code.NAME, what, entry.location, name=name, known=known)


@dataclass
class _Together:
    """What the packs hold, by section and name; what has one name in several packs is joined."""

    report: Report
    members: dict[str, dict[str, Member]] = field(
        default_factory=lambda: {section: {} for section in _SECTIONS}
    )
    also_at: dict[str, list[Location]] = field(default_factory=dict)

    def add(self, pack: str, file: Node) -> None:
        reader = Reader(self.report, f'pack "{pack}"')
        begin = f"{pack.partition('/')[0]}/"
        for section, node in reader.fields(file, _SECTIONS).items():
            if node.value is not None and not isinstance(node.value, dict):
                reader.wrong(node, "names with what they stand for", section)
            for name, where in node.keys.items():
                if name.startswith(begin):
                    self._take(section, name, (where, node.value[name]))
                else:
                    message = f'{reader.label}: the name "{name}" must begin with "{begin}"'
                    self.report.error(Code.NAME, message, where)

    def _take(self, section: str, name: str, member: Member) -> None:
        members = self.members[section]
        if name not in members:
            members[name] = member
            return
        at, there = members[name]
        members[name] = at, self._joined(section, name, there, member[1])
        if section == "rules":
            self.also_at.setdefault(name, []).append(member[0])

    def _joined(self, section: str, name: str, first: Node, second: Node) -> Node:
        if section == "words":
            return joining.words(first, second)
        if section == "conditions":
            return joining.either(first, second)
        return joining.rules(name, first, second, self.report)


def _file(like: Node, sections: Mapping[str, Mapping[str, Member]]) -> Node:
    return joining.mapping(
        like,
        {
            section: Node(
                {name: node for name, (_, node) in members.items()},
                like.location,
                {name: where for name, (where, _) in members.items()},
            )
            for section, members in sections.items()
        },
        {},
    )
