"""The golden previews: what every shipped playbook does to its personas, as a file, so that a change of rules
shows as a diff. `python -m starter.preview.golden` writes them anew; a test compares.

A persona is kept with the playbooks that her file names in `playbooks:`.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from playbooks.loader import PlaybookError, load_policy, read_playbooks
from settings import ROOT
from starter.preview.corp import folders
from starter.preview.engines import skipping_server
from starter.preview.personas import SHIPPED, shipped_personas
from starter.preview.postgres import guard_children, own_database, own_postgres
from starter.preview.running import Wanted, preview
from starter.preview.showing import quiet

PLAYBOOKS = ROOT / "playbooks"
FOLDER = PLAYBOOKS / "previews"


def wanted() -> list[Wanted]:
    """Every preview that is kept. Raises PlaybookError, also for a persona who names no shipped playbook."""
    books = {written.model.playbook: written for written in read_playbooks(PLAYBOOKS)}
    policy, personas = load_policy(PLAYBOOKS), shipped_personas()
    for persona in personas:
        if unknown := sorted(set(persona.playbooks) - set(books)):
            path = SHIPPED / f"{persona.persona}.yaml"
            raise PlaybookError(f"{path}:1: playbooks: no such playbook is shipped: {', '.join(unknown)}")
    return [Wanted(books[name], one, policy, one.days) for one in personas for name in one.playbooks]


def file_of(one: Wanted) -> Path:
    return FOLDER / f"{one.book.playbook}--{one.persona.persona}.txt"


def strangers(kept: Sequence[Wanted]) -> list[Path]:
    """Files that belong to no preview any more."""
    return sorted(set(FOLDER.glob("*.txt")) - {file_of(one) for one in kept})


async def text_of(one: Wanted, database_url: str) -> str:
    """What `playbook preview` prints of it."""
    async with skipping_server() as env:
        guard_children()
        return "\n".join((await preview(env, database_url, one)).page()) + "\n"


async def write_all() -> None:
    """Every file anew; those of none are deleted."""
    quiet()
    FOLDER.mkdir(exist_ok=True)
    kept = wanted()
    for path in strangers(kept):
        path.unlink()
        print(f"deleted {path.name}")
    with contextlib.ExitStack() as stack:
        uri = stack.enter_context(own_postgres(folders()[0]))
        for number, one in enumerate(kept):
            with own_database(uri, number) as url:
                text = await text_of(one, url)
            path = file_of(one)
            changed = not path.exists() or path.read_text(encoding="utf-8") != text
            path.write_text(text, encoding="utf-8")
            print(f"{'written' if changed else 'as before'} {path.name}")


if __name__ == "__main__":
    asyncio.run(write_all())
