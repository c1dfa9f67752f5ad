"""Reading group calendars: one file for each kind of group, in the folder `groups` beside the playbooks."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.group_calendar import GroupCalendar
from domain.policy import Policy
from playbooks.loader import PlaybookError, Written, collect, read_as, refuse
from playbooks.pictures import PictureFile, with_pictures
from playbooks.rules import group_calendars as rules

FOLDER = "groups"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calendar:
    """A calendar with the digests of its pictures, and the pictures."""

    calendar: GroupCalendar
    pictures: Sequence[PictureFile] = ()


def load_calendar(path: Path, policy: Policy) -> Calendar:
    """One file, checked by itself and with the policy. Raises PlaybookError with every problem."""
    return Calendar(*with_pictures(read_calendar(path, policy).model, path.parent))


def read_calendar(path: Path, policy: Policy) -> Written[GroupCalendar]:
    """One file with its lines. Raises PlaybookError with every problem."""
    written = read_as(path, GroupCalendar)
    problems = [*rules.problems(written.model, path), *rules.policy_problems(written.model, policy)]
    refuse(written.source, problems)
    return written


def load_calendars(folder: Path, policy: Policy) -> dict[str, Calendar]:
    """All calendars beside the playbooks of a folder, by kind. Raises PlaybookError with every problem."""
    loaded, problems = collect(_files(folder), lambda path: load_calendar(path, policy))
    if problems:
        raise PlaybookError("\n".join(problems))
    return {one.calendar.kind: one for one in loaded}


class Calendars:
    """The calendars of a folder as their files are now, for what runs for long.

    A changed file is read again. One that has become wrong is told in the log, and what it said before
    stays in force. Without a folder there are no calendars.
    """

    def __init__(self, folder: Path | None, policy: Policy) -> None:
        self._folder, self._policy = folder, policy
        self._known: dict[str, tuple[tuple[int, int], Calendar | None]] = {}

    def of(self, kind: str) -> Calendar | None:
        """The calendar of a kind of group; None for a kind without one."""
        path = next((path for path in self._files() if path.stem == kind), None)
        if path is None:
            return None
        state = path.stat()
        stamp = state.st_mtime_ns, state.st_size
        known, calendar = self._known.get(kind, ((0, 0), None))
        if known != stamp:
            calendar = self._read(path, calendar)
            self._known[kind] = stamp, calendar
        return calendar

    def _read(self, path: Path, before: Calendar | None) -> Calendar | None:
        try:
            return load_calendar(path, self._policy)
        except PlaybookError as error:
            log.error("a group calendar is wrong, what it said before stays in force:\n%s", error)
            return before

    def _files(self) -> Iterator[Path]:
        return _files(self._folder) if self._folder else iter(())


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted((folder / FOLDER).glob("*.yaml")))
