"""Good playbooks with something broken at random: refused in our words with a line, or loaded; no crash."""

import io
import random
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from playbooks.loader import PlaybookError, load_playbook, playbook_files
from settings import ROOT
from tests.playbooks.test_corpus import FOREIGN

GOOD = playbook_files(ROOT / "playbooks")
JUNK: list[Any] = [
    None,
    7,
    1.5,
    True,
    "",
    "x",
    "{{ x }}",
    "3 days",
    [],
    ["x"],
    [None],
    {},
    {"x": 1},
    {"wait": "3d"},
]
LOCATED = re.compile(r"^[^:]+:\d+: [^:]+: .+$")


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container with a key of it."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = [(tree, key) for key, _ in inside]
    return found + [place for container, key in list(found) for place in _places(container[key])]


def _break(tree: Any, lots: random.Random) -> None:
    container, key = lots.choice(_places(tree))
    match lots.randrange(4):
        case 0:
            container[key] = lots.choice(JUNK)
        case 1 if isinstance(container, dict):
            container[f"{key}x"] = container.pop(key)
        case 2 if isinstance(container[key], str):
            container[key] = container[key][:-1] + lots.choice(["", "z", "{{", "惠" * 2000])
        case _:
            del container[key]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_whatever_is_broken_is_said_in_our_words(tmp_path: Path, seed: int) -> None:
    lots = random.Random(seed)
    tree = YAML(typ="safe").load(lots.choice(GOOD))
    for _ in range(lots.randint(1, 2)):
        _break(tree, lots)
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(tree, out)
    path = tmp_path / "broken.yaml"
    path.write_text(out.getvalue(), encoding="utf-8")
    try:
        load_playbook(path)
    except PlaybookError as error:
        for line in str(error).splitlines():
            said = line.removeprefix(str(tmp_path))
            assert LOCATED.match(said), said
            assert not FOREIGN.search(said), said
