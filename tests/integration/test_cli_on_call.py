"""`outcare oncall` as a command: lines for people, JSON for scripts."""

from __future__ import annotations

from tests.integration.test_cli_reports import Shell
from tests.integration.test_cli_reports import shell as shell  # noqa: PLC0414 - the fixture

ON_CALL = """
people: {anna: {name: Anna}}
on_call:
  care: {people: [anna], starts: 2020-01-06}
  press: {people: [anna], starts: 9990-01-06, routes: [default]}
"""


def test_who_is_on_call(shell: Shell) -> None:
    """Each rotation has its line."""
    config = shell.folder / "config" / "outcare.yaml"
    config.write_text(config.read_text() + ON_CALL)
    ended = shell.outcare("oncall")
    assert (0, ["care: Anna", "press: nobody until Sat 6 Jan 9990 09:00 CET, then Anna"]) == (
        ended.code,
        ended.out.splitlines(),
    )
    care, press = shell.outcare("oncall", "--json").json
    assert ("care", "anna", None) == (care["rotation"], care["person"], care["until"])
    assert (None, "anna", ["default"]) == (press["person"], press["then"], press["routes"])


def test_without_rotations_it_is_said_how_to_make_one(shell: Shell) -> None:
    """Not an empty answer."""
    assert "on_call" in shell.outcare("oncall").out
