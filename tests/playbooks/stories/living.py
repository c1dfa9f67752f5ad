"""One life through a shipped playbook: the production workflows, and afterwards the rows that they left."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel, col, select

from domain.facts import Facts
from domain.policy import Policy
from domain.touches import TouchStatus
from playbooks.loader import Written, read_playbook
from settings import ROOT
from starter.preview.diary import ZONE, Diary, Line
from starter.preview.engines import skipping_server
from starter.preview.persona import Persona
from starter.preview.running import Wanted, preview
from storage.database import Database
from storage.facts import facts_of
from storage.tables import Coupon, Customer, CustomerTag, Exposure, LogEntry, Todo, Touch

PLAYBOOKS = ROOT / "playbooks"


@dataclass(frozen=True)
class Life:
    """`diary` has what she received and did; the rows are those of PostgreSQL at the end."""

    diary: Diary
    facts: Facts
    customer: Customer
    touches: Sequence[Touch]
    tags: Sequence[CustomerTag]
    coupons: Sequence[Coupon]
    todos: Sequence[Todo]
    exposures: Sequence[Exposure]
    log: Sequence[LogEntry]

    @property
    def received(self) -> list[Line]:
        """Greeting, messages, Moments, and coupons in her account; as the simulators saw them."""
        return [line for line in self.diary.lines if line.kind == "sent"]

    @property
    def greeting(self) -> Line:
        (found,) = self.by("greeting")
        return found

    def by(self, way: str) -> list[Line]:
        """`greeting`, `message` (1:1), `message in the group` or `Moments`."""
        return [line for line in self.received if re.fullmatch(rf"{way} from .+", line.what)]

    def on(self, line: Line) -> tuple[int, str]:
        """The day of her journey and the local weekday and time of the moment."""
        return self.diary.day(line.at), f"{line.at.astimezone(ZONE):%a %H:%M}"

    def days(self, words: str) -> list[int]:
        """On which days she received a message with these words."""
        return [self.diary.day(line.at) for line in self.received if words in line.text]

    def touch(self, step: str) -> Touch:
        (found,) = (touch for touch in self.touches if touch.step == step)
        return found

    def reasons(self, what: str) -> list[str]:
        """Of the lines of her story that say this."""
        return [line.reason for line in self.log if line.what == what]

    def logged(self, what: str) -> list[tuple[int, str]]:
        """Day and local time of the lines of her story that say this."""
        return [(self.diary.day(one.at), _clock(one.at)) for one in self.log if one.what == what]

    def has(self, tag: str) -> bool:
        return any(row.tag == tag and row.present for row in self.tags)

    def tagged(self, what: str) -> list[int]:
        """On which days `tag … put on` or `tag … taken off` was seen in WeCom."""
        return [self.diary.day(line.at) for line in self.diary.lines if line.what == what]

    def sent(self) -> list[Touch]:
        """What counts against the caps and went to her, in order."""
        counted = [t for t in self.touches if t.status == TouchStatus.SENT and t.channel != "welcome"]
        return sorted(counted, key=lambda t: t.settled_at or t.planned_at)


def book(name: str) -> Written[Any]:
    return read_playbook(PLAYBOOKS / f"{name}.yaml")


async def live(url: str, wanted: Wanted) -> Life:
    """`url`: of a fresh database."""
    async with skipping_server() as env:
        seen = await preview(env, url, wanted)
    (diary,) = seen.diaries
    database = Database(url)
    try:
        return await _life(database, diary, wanted.policy)
    finally:
        await database.close()


async def _life(database: Database, diary: Diary, policy: Policy) -> Life:
    async with database.transaction() as session:

        async def rows(table: type[SQLModel], *order: Any) -> Sequence[Any]:
            return (await session.exec(select(table).order_by(*order))).all()

        (she,) = await rows(Customer)
        at_the_end = max(line.at for line in diary.lines)
        return Life(
            diary=diary,
            facts=(await facts_of(session, [she.external_userid], at_the_end))[she.external_userid],
            customer=she,
            touches=await rows(Touch, col(Touch.planned_at), col(Touch.key)),
            tags=await rows(CustomerTag),
            coupons=await rows(Coupon, col(Coupon.claimed_at)),
            todos=await rows(Todo, col(Todo.due_at)),
            exposures=await rows(Exposure),
            log=await rows(LogEntry, col(LogEntry.seq)),
        )


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%a %H:%M}"


def somebody(**fields: Any) -> Persona:
    """A made-up customer for one test."""
    return Persona.model_validate({"persona": "she", "title": "她", "nickname": "小雨", **fields})
