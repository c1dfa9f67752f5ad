"""Reading the files of removals (个微群迁移). Every error names the file, the line and the field."""

from pathlib import Path
from typing import Any

from domain.places import Place
from domain.removal import Leaving, Notice, Removal
from domain.todos import TEXT_CHARS
from playbooks import templates
from playbooks.loader import Written, read_as, refuse

LONGEST_STORE = "店" * 12


def load_removal(path: Path) -> Written[Removal]:
    """One file, checked by itself. Raises PlaybookError."""
    written = read_as(path, Removal)
    removal = written.model
    longest = max(removal.groups, key=lambda group: len(group.name))
    problems: list[tuple[Place, str]] = []
    for number, notice in enumerate(removal.notices):
        try:
            sample = values(removal, longest, notice, LONGEST_STORE)
            templates.check(notice.text, sample, characters=TEXT_CHARS)
        except templates.TemplateError as error:
            problems.append((("notices", number, "text"), str(error)))
    refuse(written.source, problems)
    return written


def words(removal: Removal, group: Leaving, notice: Notice, store: str) -> str:
    """What an employee pastes into one old group."""
    return templates.render(notice.text, values(removal, group, notice, store))


def values(removal: Removal, group: Leaving, notice: Notice, store: str) -> dict[str, Any]:
    known: dict[str, Any] = {
        "store": {"name": store},
        "old_group": group.name,
        "days_left": notice.days_before,
        "date": templates.local_date(removal.dissolves_on),
    }
    return known | ({"benefit": removal.benefit} if removal.benefit else {})
