"""Publishing playbook files: once published, a version is what it is, whatever becomes of its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import Playbook
from playbooks.loader import Written
from playbooks.pictures import PictureFile, with_pictures
from storage import directory, playbook_pictures
from storage.database import Database
from storage.tables import PlaybookVersion

FIRST_START = "worker"  # the author of what a first start publishes


@dataclass(frozen=True)
class Published:
    """The current version of a file's playbook. `differs`: the file says something else by now."""

    file: str
    version: PlaybookVersion
    new: bool
    differs: bool = False


async def publish(
    session: AsyncSession,
    written: Written[Playbook],
    *,
    by: str,
    now: datetime,
    note: str = "",
    only_first: bool = False,
) -> Published:
    """Publish one file with its pictures. What equals the current version stays that version."""
    path = written.source.path
    playbook, pictures = with_pictures(written.model, path.parent)
    row = await directory.publish(session, playbook, author=by, now=now, note=note, only_first=only_first)
    differs = row.body != playbook.model_dump(mode="json")
    if not differs:
        await keep_pictures(session, pictures)
    return Published(
        file=str(path), version=row, new=(row.author, row.published_at) == (by, now), differs=differs
    )


async def keep_pictures(session: AsyncSession, pictures: Sequence[PictureFile]) -> None:
    """So that what names them by digest can be sent whatever becomes of the files."""
    for picture in pictures:
        await playbook_pictures.keep(session, picture.digest, picture.content_type, picture.content)


async def publish_what_is_new(
    database: Database, books: Sequence[Written[Playbook]], now: datetime
) -> list[Published]:
    """For a worker's start: publishes playbooks that never were; an edited file changes nothing."""
    found = []
    for written in books:
        async with database.transaction() as session:
            note = "published by the first start of a worker"
            found.append(await publish(session, written, by=FIRST_START, now=now, note=note, only_first=True))
    return found
