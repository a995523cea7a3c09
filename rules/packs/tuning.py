"""How a set's own files change the packs that it uses: `tune:` rules, `words: NAME: {add, remove}` lists.

Packs are read-only: neither does a name of theirs stand anywhere else in a set. Knows YAML nodes and the keys
of rules; what the values mean is read and checked with the rule that they end up in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from bot.errors import Location
from bot.yamlfile import Node, closest
from rules import schema
from rules.packs import joining
from rules.reading import Reader
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Callable

Member: TypeAlias = tuple[Location, Node]
"""A rule, a list or a condition, and where its name stands."""

USE, TUNE = "use", "tune"
OFF = "off"
EXCEPTION = "not"
FORMS = ("add", "remove")
KEYS = (*(key for key in schema.RULE_KEYS if key not in {"when", "tests"}), EXCEPTION)
"""Of a rule, what a set may want otherwise. `not` is no key of a rule: it is added to its `when`."""


def rules(own: Iterable[Node], packs: Mapping[str, Member], report: Report) -> dict[str, Member]:
    """The rules of the packs, each as the set's own files want it."""
    return _changed(own, TUNE, packs, _tuned, report)


def words(own: Iterable[Node], packs: Mapping[str, Member], report: Report) -> dict[str, Member]:
    """The lists of the packs, with what is added and without what is removed."""
    return _changed([_adjusted_lists(file) for file in own], "words", packs, _adjusted, report)


def without(file: Node, families: Collection[str], report: Report) -> Node:
    """A file of the user's own, without what is about packs. Names of packs are theirs alone."""
    if not isinstance(file.value, dict):
        return file
    kept = {name: node for name, node in file.value.items() if name not in {USE, TUNE}}
    for section in ("words", "conditions", "rules"):
        node = kept.get(section)
        if node is not None and isinstance(node.value, dict):
            kept[section] = _own_members(section, node, families, report)
    return Node(kept, file.location, {name: file.keys[name] for name in kept})


def _own_members(section: str, node: Node, families: Collection[str], report: Report) -> Node:
    own: dict[str, Node] = {}
    for name, member in node.value.items():
        if section == "words" and _is_adjustment(member):
            continue
        if name.partition("/")[0] in families and "/" in name:
            family = name.partition("/")[0]
            message = f'"{name}": names that begin with "{family}/" are of the packs; {_INSTEAD[section]}'
            report.error(Code.DUPLICATE, message, node.keys[name])
        else:
            own[name] = member
    return Node(own, node.location, {name: node.keys[name] for name in own})


_INSTEAD = {
    "words": "change a list of theirs with {add: […], remove: […]}",
    "rules": "change a rule of theirs under tune:",
    "conditions": "take another name",
}


def _is_adjustment(node: Node) -> bool:
    return isinstance(node.value, dict) and not node.value.keys().isdisjoint(FORMS)


def _adjusted_lists(file: Node) -> Node:
    """The file with those of its lists that change one of a pack, and no others."""
    node = file.value.get("words") if isinstance(file.value, dict) else None
    members = node.value.items() if node is not None and isinstance(node.value, dict) else ()
    found = {name: member for name, member in members if _is_adjustment(member)}
    if node is None or not found:
        return Node({}, file.location, {})
    return joining.mapping(file, {"words": joining.mapping(node, found, node.keys)}, file.keys)


def _changed(
    own: Iterable[Node],
    section: str,
    packs: Mapping[str, Member],
    change: Callable[[str, Node, Node, Report], Node],
    report: Report,
) -> dict[str, Member]:
    """In no order: what is wanted of a rule or a list stands in one place."""
    changed = dict(packs)
    first: dict[str, Location] = {}
    files = list(own)
    for name, where, wanted in _members(files, section, report):
        if first.setdefault(name, where) != where:
            place = f"{first[name].file.name}, line {first[name].line}"
            report.error(Code.DUPLICATE, f'"{name}" stands in {section} twice (first in {place})', where)
        elif name in packs:
            at, node = packs[name]
            changed[name] = at, change(name, node, wanted, report)
        else:
            _unknown(section, name, where, packs, report)
    return changed


def _members(files: Iterable[Node], section: str, report: Report) -> Iterator[tuple[str, Location, Node]]:
    for file in files:
        node = file.value.get(section) if isinstance(file.value, dict) else None
        if node is None or node.value is None:
            continue
        if isinstance(node.value, dict):
            yield from ((name, where, node.value[name]) for name, where in node.keys.items())
        else:
            report.error(Code.TYPE, f'section "{section}" holds names, not {node.kind}', node.location)


def _unknown(section: str, name: str, where: Location, packs: Mapping[str, Member], report: Report) -> None:
    what = "rule" if section == TUNE else "word list"
    hint = "" if packs else " (a pack is used like this: use: [core/en])"
    if "/" in name or closest(name, packs):
        report.unknown(
            Code.NAME, f'{section}: no pack has a {what} "{name}"{hint}', where, name=name, known=packs
        )
    else:
        message = f'{section}: "{name}" is of no pack: change your own where it stands'
        report.error(Code.NAME, message, where)


# --- rules ----------------------------------------------------------------------------------------


def _tuned(name: str, rule: Node, wanted: Node, report: Report) -> Node:
    reader = Reader(report, f'tune "{name}"')
    if not isinstance(rule.value, dict):
        return rule
    if wanted.value == OFF:
        is_enabled = Node(False, wanted.location, {}, "false")
        return joining.mapping(
            rule, {**rule.value, "enabled": is_enabled}, {**rule.keys, "enabled": wanted.location}
        )
    if not isinstance(wanted.value, dict) or not wanted.value:
        reader.wrong(wanted, f'"{OFF}", or keys of a rule with what they shall be')
        return rule
    values = dict(reader.fields(wanted, KEYS))
    exception = values.pop(EXCEPTION, None)
    if exception is not None and "when" in rule.value:
        values["when"] = _except(rule.value["when"], exception)
    return joining.mapping(rule, {**rule.value, **values}, {**rule.keys, **wanted.keys})


def _except(when: Node, exception: Node) -> Node:
    """The block, and not that."""
    if not isinstance(when.value, dict):
        return joining.mapping(when, {"any": when, EXCEPTION: exception}, {EXCEPTION: exception.location})
    several = [*joining.entries(when.value[EXCEPTION])] if EXCEPTION in when.value else []
    both = joining.listing(exception, [*several, *joining.entries(exception)]) if several else exception
    return joining.mapping(
        when, {**when.value, EXCEPTION: both}, {**when.keys, EXCEPTION: exception.location}
    )


# --- word lists -----------------------------------------------------------------------------------


def _adjusted(name: str, entries: Node, wanted: Node, report: Report) -> Node:
    reader = Reader(report, f'words of "{name}"')
    values = reader.fields(wanted, FORMS)
    for form, node in values.items():
        if any(reader.text(entry, form) is None for entry in reader.items(node)):
            return entries
    left = _without(entries, values["remove"], reader) if "remove" in values else entries
    return joining.words(left, values["add"]) if "add" in values else left


def _without(entries: Node, removed: Node, reader: Reader) -> Node:
    found = {lang: list(several) for lang, several in joining.variants(entries).items()}
    for node in joining.entries(removed):
        there = {entry.text for several in found.values() for entry in several}
        if node.text not in there:
            what = f'{reader.label}: there is no "{node.text}" to remove'
            reader.report.unknown(Code.NAME, what, node.location, name=node.text, known=there)
        found = {
            lang: [entry for entry in several if entry.text != node.text] for lang, several in found.items()
        }
    left = {lang: several for lang, several in found.items() if several}
    if not left:
        message = f"{reader.label}: nothing of it would be left; switch its rule off instead"
        reader.report.error(Code.TYPE, message, removed.location)
        return entries
    return joining.of_variants(entries, left)
