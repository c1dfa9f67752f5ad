"""What WeCom itself shows an employee in the client: a task to confirm, a reminder, a new template."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from simulators.clock import Clock

NoticeKind = Literal["mass_task", "mass_reminder", "moment_task", "group_welcome_template", "handover"]


@dataclass
class Notice:
    at: datetime
    userid: str
    kind: NoticeKind
    about: str  # the id of what it is about: msgid, moment_id, template_id, external_userid


class Notices:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.all: list[Notice] = []

    def show(self, userid: str, kind: NoticeKind, about: str) -> None:
        self.all.append(Notice(self._clock(), userid, kind, about))
