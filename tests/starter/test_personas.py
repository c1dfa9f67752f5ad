"""Persona files: every mistake is told with file, line and field."""

from pathlib import Path

import pytest

from domain.shape import parse_duration
from playbooks.loader import PlaybookError
from starter.preview.persona import Persona
from starter.preview.personas import EVERYDAY, find_persona, load_persona, shipped_personas

HEAD = "persona: she\ntitle: 她\n"


def _written(folder: Path, text: str) -> Path:
    path = folder / "she.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_two_lines_are_a_whole_persona(tmp_path: Path) -> None:
    persona = load_persona(_written(tmp_path, ""))
    assert [store.store for store in persona.town.stores] == ["S001", "S002"]
    assert persona.staff.after == parse_duration("15m")
    assert persona.does == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("nickame: 小满\n", 3, "nickame: no such field; did you mean 'nickname'?"),
        ("does:\n  - {buy: {yuan: 5}}\n", 4, "a deed has exactly one of day | every | after, found: nothing"),
        ("does:\n  - {day: 3}\n", 4, "a deed is exactly one of buy | scan"),
        ("does:\n  - {day: 3, chat: true, join: true}\n", 4, "found: join, chat"),
        ("does:\n  - {after: mesage, chat: true}\n", 4, "does.0.after"),
        ("does:\n  - {day: 3, step: hello, chat: true}\n", 4, "give `after: message`, too"),
        ("does:\n  - {after: message, delay: 1h, within: 2h, chat: true}\n", 4, "`delay` or `within`"),
        ("does:\n  - {day: 3, chance: 1.5, chat: true}\n", 4, "does.0.chance"),
        ("does:\n  - {day: 3, buy: {yuan: 5}}\n", 1, "give `member: true`"),
        ("comes: {store: S009}\n", 1, "no such store in `town`: S009; there is S001, S002"),
        ("comes: {latitude: 39.9}\n", 3, "give both `latitude` and `longitude`"),
        ("comes: {at: 10}\n", 3, 'a time of day is "hh:mm"'),
        ("staff: {confirms: often}\n", 3, "staff.confirms"),
        ("town: {stores: []}\n", 3, "town.stores"),
    ],
)
def test_a_mistake_is_told_where_it_is(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(PlaybookError) as caught:
        load_persona(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert problem in str(caught.value)


def test_the_file_has_the_name_of_the_persona(tmp_path: Path) -> None:
    path = _written(tmp_path, "").rename(tmp_path / "other.yaml")
    with pytest.raises(PlaybookError, match=r"other\.yaml:1: persona: the file is called 'other'"):
        load_persona(path)


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"did you mean 'newcomer'\?; there is: .*newcomer"):
        find_persona("newcommer", tmp_path)


def test_a_folder_of_ones_own_comes_first(tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    mine = tmp_path / "personas" / f"{EVERYDAY}.yaml"
    mine.write_text(f"persona: {EVERYDAY}\ntitle: 我们自己的\n", encoding="utf-8")
    assert find_persona(EVERYDAY, tmp_path).title == "我们自己的"


def test_the_shipped_ones_can_be_read() -> None:
    assert EVERYDAY in [persona.persona for persona in shipped_personas()]


def test_every_field_of_the_shape_is_described_or_plain() -> None:
    """Authors read the schema: what is not clear from its name says what it is."""
    plain = {"persona", "title", "nickname", "comes", "does", "staff", "town"}
    bare = {name for name, field in Persona.model_fields.items() if not field.description}
    assert bare <= plain
