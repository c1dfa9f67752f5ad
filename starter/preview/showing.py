"""What `journeys playbook preview` does: finds the files, opens the engines, prints."""

import logging
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from domain.policy import Policy
from playbooks.loader import (
    POLICY_FILE,
    PlaybookError,
    load_playbook,
    load_policy,
    playbook_files,
    read_playbook,
)
from playbooks.source import suggest
from settings import ROOT
from starter.output import print_json
from starter.preview.corp import folders
from starter.preview.engines import skipping_server
from starter.preview.personas import find_persona, load_persona
from starter.preview.postgres import guard_children, own_database, own_postgres
from starter.preview.running import Seen, Wanted, preview
from starter.runtime import CommandFailed


@dataclass(frozen=True)
class Order:
    """What was asked for."""

    book: str
    days: int
    persona: str
    customer: Path | None
    copies: int
    seed: int


async def show(order: Order, as_json: bool) -> None:
    """Raises PlaybookError, CommandFailed."""
    quiet()
    data_dir, playbooks = folders()
    path = _path(order.book, playbooks)
    persona = load_persona(order.customer) if order.customer else find_persona(order.persona, path.parent)
    wanted = Wanted(read_playbook(path), persona, policy_beside(path), order.days, order.copies, order.seed)
    seen = await _seen(wanted, data_dir)
    if as_json:
        print_json(_document(seen))
    else:
        print("\n".join(seen.page()))


async def _seen(wanted: Wanted, data_dir: Path) -> Seen:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        own_postgres(data_dir) as uri,
        own_database(uri) as url,
    ):
        bar = progress.add_task(f"{wanted.days} days of {wanted.book.playbook}", total=1.0)
        async with skipping_server() as env:
            guard_children()
            return await preview(env, url, wanted, lambda share: progress.update(bar, completed=share))


def policy_beside(path: Path) -> Policy:
    """The policy in the folder of a playbook, else the one that is shipped."""
    own = (path.parent / POLICY_FILE).is_file()
    return load_policy(path.parent if own else ROOT / "playbooks")


def _path(book: str, playbooks: Path) -> Path:
    """A file, or a name in the folder of playbooks. Raises CommandFailed."""
    if book.endswith((".yaml", ".yml")) or "/" in book:
        return Path(book)
    known: dict[str, Path] = {}
    for path in playbook_files(playbooks):
        try:
            known[load_playbook(path).playbook] = path
        except PlaybookError:
            known[path.stem] = path  # its problems are told if it is the one that is meant
    if book not in known:
        there = ", ".join(known) or "none"
        raise CommandFailed(
            f"there is no playbook {book!r} in {playbooks}{suggest(book, known)}; there is: {there}"
        )
    return known[book]


def _document(seen: Seen) -> dict[str, object]:
    wanted = seen.wanted
    head = {
        "playbook": wanted.book.playbook,
        "persona": wanted.persona.persona,
        "days": wanted.days,
        "personas": wanted.copies,
        "seed": wanted.seed,
    }
    if wanted.copies > 1:
        return head | {"funnel": seen.counted.whole()}
    (diary,) = seen.diaries
    return head | {"events": [diary.event(line) for line in diary.lines]}


def quiet() -> None:
    """What a preview meets on its way is told in its story; logs of the parts would tear its output."""
    for name in ("httpx", "temporalio", "activities", "gateway", "uvicorn"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
