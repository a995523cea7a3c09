"""customers.csv: whom it knows, and what it says of a mistake in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.customers import Customer, Customers, load_customers
from tests.unit.settings_world import MINIMAL, load_text, problems

HEAD = "platform,handle,tier,language\n"


def customers(text: str, folder: Path) -> Customers:
    file = folder / "customers.csv"
    file.write_text(text, encoding="utf-8")
    return load_customers(file, ("bluesky", "hackernews"))


def wrong(text: str, folder: Path) -> list[str]:
    """What is said, without the folder."""
    with pytest.raises(ConfigError) as caught:
        customers(text, folder)
    return [one.replace(f"{folder}{os.sep}", "") for one in problems(caught)]


@pytest.mark.parametrize("name", ["ann.example", "Ann.Example", "@ANN.example", " @ann.example "])
def test_handles_are_one_however_they_are_written(tmp_path: Path, name: str) -> None:
    """With or without `@`, in capitals or not; on its own platform only."""
    known = customers(f"{HEAD}Bluesky,@Ann.Example,gold,pt-BR\n", tmp_path)
    assert Customer(tier="gold", language="pt-BR") == known.find("bluesky", name)
    assert (None, None) == (known.find("hackernews", name), known.find("bluesky", "nobody"))


def test_only_two_columns_are_needed(tmp_path: Path) -> None:
    """In any order, with blank lines, quotes and a byte order mark; an id is as good as a handle."""
    known = customers('\ufeffHandle, platform\n\n"did:plc:Abc",bluesky\n , \nbo,hackernews\n', tmp_path)
    assert Customer() == known.find("bluesky", "did:plc:Abc") == known.find("hackernews", "BO")
    assert (2, None) == (len(known), known.find("bluesky", "did:plc:abc"))


def test_our_own_people(tmp_path: Path) -> None:
    """The tier `staff`, in any case, means one of us."""
    known = customers(f"{HEAD}bluesky,ann,Staff,\nbluesky,bo,gold,\nbluesky,cy,,\n", tmp_path)
    found = [known.find("bluesky", name) for name in ("ann", "bo", "cy")]
    assert [True, False, False] == [one.is_staff for one in found if one]


def test_a_list_of_nobody_is_a_list(tmp_path: Path) -> None:
    """Then nobody is known; without a list that would be unknown."""
    known = customers(HEAD, tmp_path)
    assert (True, 0, None) == (bool(known), len(known), known.find("bluesky", "ann"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["1:1: the first line names the columns, and platform is not among them",
              "1:1: the first line names the columns, and handle is not among them"]),
        ("platform,handl\n", [("1:10: unknown column 'handl'; there are: platform, handle, tier, language"
                               " — did you mean 'handle'?"),
                              "1:1: the first line names the columns, and handle is not among them"]),
        ("platform,handle,tier,tier\n", ["1:17: the column 'tier' stands here twice"]),
        (f"{HEAD}bluesky,ann,gold\n", ["2:1: 3 fields, but 4 columns"]),
        (f"{HEAD}bluesky,ann,,\nBluskey,bo,,\n,cy,,\n",
         ["3:1: unknown platform 'bluskey' — did you mean 'bluesky'?", "4:1: no platform"]),
        (f"{HEAD}bluesky,@,,\nbluesky,https://a.example/x,,\n",
         ["2:9: no handle: write one like acme.example, not a link",
          "3:9: no handle: write one like acme.example, not a link"]),
        (f"{HEAD}bluesky,ann,gold,English\n", ["2:18: language must be a code like en or pt-BR"]),
        (f"{HEAD}bluesky,ann,gold,\nbluesky,bo,,\nbluesky,@ANN,,\n",
         ["4:1: the same platform and handle as in line 2"]),
        (f'{HEAD}bluesky,"ann,,\n', ["2:1: this is no CSV: unexpected end of data"]),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, said: list[str]) -> None:
    """Each with its line, its column, and what may have been meant."""
    assert [f"customers.csv:{one}" for one in said] == wrong(text, tmp_path)


def test_a_hundred_mistakes_are_not_all_told(tmp_path: Path) -> None:
    """The first twenty do; a file of another kind would bury everything else."""
    assert 20 == len(wrong(HEAD + "x,y,,\n" * 100, tmp_path))


def test_what_is_no_text(tmp_path: Path) -> None:
    """A spreadsheet saved in another encoding."""
    file = tmp_path / "customers.csv"
    file.write_bytes(HEAD.encode() + b"bluesky,j\xf6rg,,\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        load_customers(file, ("bluesky",))


def test_where_it_stands(tmp_path: Path) -> None:
    """Beside the configuration under its usual name, or where `customers:` says; what is named must be there."""
    assert load_text(MINIMAL, tmp_path).customers is None
    (tmp_path / "customers.csv").write_text("platform,handle\nbluesky,ann\n")
    found = load_text(MINIMAL, tmp_path).customers
    assert found is not None
    assert Customer() == found.find("bluesky", "ann")
    (tmp_path / "crm.csv").write_text("platform,handle\nbluesky,bo\n")
    found = load_text(f"{MINIMAL}customers: crm.csv\n", tmp_path).customers
    assert found is not None
    assert Customer() == found.find("bluesky", "bo")
    with pytest.raises(ConfigError, match=r"outcare\.yaml:2:12: customers names a file that is not there"):
        load_text(f"{MINIMAL}customers: none.csv\n", tmp_path)
    by_variable = load_text(MINIMAL, tmp_path, env={"OUTCARE_CUSTOMERS": str(tmp_path / "crm.csv")}).customers
    assert found == by_variable
