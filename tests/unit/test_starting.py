"""The answers that a configuration is written from, and the files that come of them."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import setup
from bot.errors import ConfigError
from bot.settings.load import Settings, load
from bot.starting import files, words, writing
from bot.starting.answers import (
    Answers,
    Chat,
    Named,
    key_of,
    read_accounts,
    read_languages,
    read_list,
    read_named,
    read_rivals,
    read_zone,
)
from bot.starting.writing import Text
from rules.ruleset import RuleSet, load_rules
from tests.unit.settings_world import TOKEN

ABLE = ("another", "bluesky", "mastodon")
STARTER = (setup.examples().parent / "rules" / "starter.yaml").read_text(encoding="utf-8")
ACME = Answers(
    aim="Answer within the hour",
    brand=Named(name="Acme", words=("acme", "acme support"), accounts={"bluesky": ("acme.example",)}),
    rivals=(Named(name="Globex", words=("globex",), accounts={"bluesky": ("globex.example",)}),),
    languages=("en", "de", "pt-BR"),
    timezone="Europe/Berlin",
)

# --- how people write ---------------------------------------------------------------------------------


def test_lists_are_parted_by_commas() -> None:
    """Blanks do not count, nothing stands twice."""
    assert ("acme", "acme support") == read_list(" acme , acme  support,acme,, ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@Acme.example", {"bluesky": ("acme.example",)}),
        ("bluesky:acme.example, mastodon:acme", {"bluesky": ("acme.example",), "mastodon": ("acme",)}),
        ("did:plc:abc", {"bluesky": ("did:plc:abc",)}),
        ("bluesky:did:plc:abc", {"bluesky": ("did:plc:abc",)}),
        ("", {}),
    ],
)
def test_accounts(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    """With their platform, or on Bluesky."""
    assert expected == read_accounts(text, ABLE)


@pytest.mark.parametrize("text", ["https://bsky.app/profile/acme", "myspace:acme", "acme example", "@"])
def test_what_is_no_account_says_how_to_write_one(text: str) -> None:
    """Links, unknown platforms, names."""
    with pytest.raises(ValueError, match="write it like"):
        read_accounts(text, ABLE)


def test_rivals_in_one_line() -> None:
    """A name alone is its own word; accounts stand among the words."""
    assert (
        Named(name="Globex Corp", words=("globex", "globex app"), accounts={"bluesky": ("globex.example",)}),
        Named(name="Initech", words=("Initech",), accounts={}),
    ) == read_rivals(["Globex Corp: globex, @globex.example, globex app; Initech", " "], ABLE)
    with pytest.raises(ValueError, match="begins with its name"):
        read_named(": globex", ABLE)


def test_languages_and_zones_are_checked() -> None:
    """As the configuration would, at the question."""
    assert ("en", "pt-BR") == read_languages("en, pt-BR")
    assert "Europe/Berlin" == read_zone(" Europe/Berlin ")
    with pytest.raises(ValueError, match="pt-BR"):
        read_languages("english")
    with pytest.raises(ValueError, match="Europe/Berlin"):
        read_zone("Berlin time")


@pytest.mark.parametrize(
    ("name", "key"), [("Anna Smith", "anna"), ("李", "me"), ("42", "me"), ("", "me"), ("Zoë", "zo")]
)
def test_a_person_gets_a_key(name: str, key: str) -> None:
    """Letters that need no quotation marks."""
    assert key == key_of(name)


# --- words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Apple", "Targets", "gap", "X", "HP", "502", "Apfel", "sol"])
def test_a_word_of_everybody_is_doubtful(word: str) -> None:
    """Everyday words in any case and number, abbreviations, figures."""
    assert words.doubt(word) is not None


@pytest.mark.parametrize("word", ["acme support", "#apple", "@apple", "globex", "outcare", "小米"])
def test_a_word_of_ones_own_is_not(word: str) -> None:
    """Phrases, hashtags, handles, made-up names."""
    assert words.doubt(word) is None


def test_words_seen_too_often() -> None:
    """By their share of all posts; three finds at least."""
    assert ("coffee",) == words.too_often({"coffee": 50, "acme": 2, "globex": 9}, 50_000)
    assert () == words.too_often({"coffee": 2}, 10)


# --- files --------------------------------------------------------------------------------------------


def written(folder: Path, answers: Answers) -> tuple[Settings, RuleSet]:
    """What the program makes of the files."""
    (folder / "rules").mkdir(parents=True)
    (folder / "outcare.yaml").write_text(files.configuration(answers, ["bluesky"]), encoding="utf-8")
    for name, text in files.rules(answers, STARTER).items():
        (folder / "rules" / name).write_text(text, encoding="utf-8")
    settings = load(folder / "outcare.yaml", setup.connectors(), env={"OUTCARE_TELEGRAM__TOKEN": TOKEN})
    channels = frozenset(settings.channels) | {"console"}
    return settings, load_rules(settings.rules, channels=channels, brand=settings.brands[0].name)


def test_what_is_written_is_what_was_answered(tmp_path: Path) -> None:
    """Loaded by the program itself, without a warning."""
    settings, rules = written(tmp_path / "c", ACME)
    own, rival = settings.brands
    assert ("Acme", ("acme", "acme support"), ["acme.example"]) == (
        own.name,
        own.words,
        [account.handle for account in own.accounts],
    )
    assert ("Globex", True) == (rival.name, rival.is_rival)
    assert (ACME.aim, ACME.languages, "Europe/Berlin") == (
        settings.aim,
        settings.languages,
        settings.timezone.key,
    )
    assert ["console"] == list(settings.channels)
    assert () == rules.warnings


def test_a_paired_chat_gets_the_alerts(tmp_path: Path) -> None:
    """The channel, its topic, the person who may press; the console is its fallback."""
    chat = Chat(id=-100123, thread=7, person_id=42, person_name="Anna: the first")
    answers = Answers(aim="", brand=Named(name="Acme", words=("acme",)), chat=chat)
    settings, rules = written(tmp_path / "c", answers)
    assert ["telegram:care", "console"] == list(settings.channels)
    default = rules.route("default")
    assert ("telegram:care", "console") == (default.to, default.fallback)
    person = settings.staff.find("telegram:42")
    assert person is not None
    assert "Anna: the first" == person.name


def test_rules_in_every_language_fit_together(tmp_path: Path) -> None:
    """One set without a double name, an unused list or any other warning."""
    answers = Answers(
        aim="", brand=Named(name="A", words=("a",)), languages=("de", "de-AT", "es", "fr", "pt", "ja")
    )
    _, rules = written(tmp_path / "c", answers)
    assert () == rules.warnings
    assert {"de.yaml", "es.yaml", "fr.yaml", "pt.yaml"} < set(files.rules(answers, STARTER))


def test_the_suggested_rule_about_rivals_is_right(tmp_path: Path) -> None:
    """Its comment taken away."""
    texts = files.rules(ACME, STARTER)
    shown = texts["routes.yaml"].replace("# rules:", "rules:").replace("#   ", "  ")
    assert "rules:\n  looks-for-another:\n    why" in shown
    for name, text in {**texts, "routes.yaml": shown}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert () == load_rules(tmp_path, channels=frozenset({"console"})).warnings


NAMES = (
    st.text(min_size=1, max_size=30)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: bool(text) and text.isprintable())
)


@given(st.text(max_size=40))
def test_any_text_is_read_back(text: str) -> None:
    """Whatever is in it: quotes, colons, comments, emoji, control characters, words that YAML knows."""
    assert text == yaml.safe_load(f"key: {files.scalar(text)}")["key"]
    assert [text] == yaml.safe_load(f"key: {files.listed([text])}")["key"]


@hypothesis.settings(deadline=None, max_examples=40)
@given(name=NAMES, aim=st.text(max_size=40))
def test_any_brand_makes_a_configuration(
    tmp_path_factory: pytest.TempPathFactory, name: str, aim: str
) -> None:
    """No answer breaks out of its place."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "outcare.yaml").write_text(
        files.configuration(Answers(aim=aim, brand=Named(name=name, words=(name,))), ["bluesky"]),
        encoding="utf-8",
    )
    settings = load(folder / "outcare.yaml", setup.connectors(), env={})
    assert (name, (name,), aim) == (settings.brands[0].name, settings.brands[0].words, settings.aim)


def test_context_makes_a_rule_that_bites(tmp_path: Path) -> None:
    """A post about fruit is ignored, one about the brand is not, and who speaks to us always counts."""
    apple = Named(name="Apple", words=("apple", "apple support"), accounts={"bluesky": ("apple.example",)})
    answers = Answers(aim="", brand=apple, context=("iphone", "mac"))
    assert "context.yaml" in files.rules(answers, STARTER)
    _, rules = written(tmp_path / "c", answers)
    assert () == rules.warnings
    assert {"fruit": True, "phone": False, "phrase": False, "reply": False} == {
        "fruit": _is_ignored(rules, "an apple a day"),
        "phone": _is_ignored(rules, "my apple iphone broke"),
        "phrase": _is_ignored(rules, "apple support is slow"),
        "reply": _is_ignored(rules, "an apple a day", kind="reply"),
    }


def _is_ignored(rules: RuleSet, text: str, kind: str = "post") -> bool:
    from bot.model import Facts, Kind  # noqa: PLC0415

    facts = Facts(mention_id="1", brand="Apple", platform="bluesky", kind=Kind(kind), text=text)
    return rules.judge(facts).ignored


# --- writing ------------------------------------------------------------------------------------------


def test_all_files_or_none(tmp_path: Path) -> None:
    """The last one cannot be written: the first ones are gone, what was there is as before."""
    (tmp_path / "old.yaml").write_text("old")
    (tmp_path / "blocked").write_text("a file where a folder should be")
    texts = {
        tmp_path / "new" / "a.yaml": Text("a"),
        tmp_path / "old.yaml": Text("changed"),
        tmp_path / "blocked" / "b.yaml": Text("b"),
    }
    with pytest.raises(ConfigError, match="nothing was changed"):
        writing.write(texts)
    assert {"old.yaml": "old", "blocked": "a file where a folder should be"} == {
        path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert not (tmp_path / "new").exists()


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    """The renames come last; one that fails takes the earlier ones back."""
    (tmp_path / "old.yaml").write_text("old")
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(ConfigError):
        writing.write({tmp_path / "old.yaml": Text("changed"), tmp_path / "b.yaml": Text("b")})
    assert "old" == (tmp_path / "old.yaml").read_text()
    assert ["b.yaml", "old.yaml"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_secret_is_for_its_owner(tmp_path: Path) -> None:
    """File and folder; also when a readable file was there before."""
    place = tmp_path / "secrets" / "token"
    writing.write({place: Text("s", is_secret=True)})
    assert (0o700, 0o600) == (place.parent.stat().st_mode & 0o777, place.stat().st_mode & 0o777)
    place.chmod(0o644)
    writing.write({place: Text("t", is_secret=True)})
    assert ("t", 0o600) == (place.read_text(), place.stat().st_mode & 0o777)
