"""Mass messages (企业群发): tasks that an employee must confirm (contract §8, §13.10-13.11)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.content import Content

ChatType = Literal["single", "group"]

# Of one recipient (§8.2)
NOT_SENT, SENT, NOT_FRIEND, CAPPED = 0, 1, 2, 3
# Of one employee's part (§8.2; the official sample shows 1)
TASK_SENT = 2


@dataclass
class Recipient:
    status: int = NOT_SENT
    sent_at: datetime | None = None


@dataclass
class Part:
    """One employee's share of a task; recipients are customers, or chats of a group task."""

    userid: str
    recipients: dict[str, Recipient]
    status: int = NOT_SENT
    sent_at: datetime | None = None


@dataclass
class MassTask:
    msgid: str
    chat_type: ChatType
    content: Content
    allow_select: bool
    created_at: datetime
    parts: dict[str, Part]  # by userid in lower case
    cancelled: bool = False
    reminded_at: list[datetime] = field(default_factory=list)
    creator: str | None = None  # None: an app, by the API
    personal: bool = False  # an employee's own send, which nobody has to confirm


class MassTasks:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: dict[str, MassTask] = {}
        self._sends: defaultdict[str, list[datetime]] = defaultdict(list)
        self._own_sends: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)

    def create(
        self,
        chat_type: ChatType,
        content: Content,
        shares: dict[str, list[str]],
        *,
        allow_select: bool,
        creator: str | None = None,
        personal: bool = False,
    ) -> MassTask:
        parts = {
            userid.lower(): Part(userid, {recipient: Recipient() for recipient in recipients})
            for userid, recipients in shares.items()
        }
        task = MassTask(ids.msgid(), chat_type, content, allow_select, self._clock(), parts)
        task.creator, task.personal = creator, personal
        self.all[task.msgid] = task
        return task

    def require(self, msgid: str) -> MassTask:
        if msgid not in self.all:
            raise WeComFault(41047)
        task = self.all[msgid]
        if task.cancelled:
            raise WeComFault(41093)
        return task

    def require_corps(self, msgid: str) -> MassTask:
        """[SIM] the errcode: what an employee sends alone can be neither reminded of nor cancelled."""
        task = self.require(msgid)
        if task.personal:
            raise WeComFault(41047, "not a mass message of the corp")
        return task

    def require_dispatched(self, msgid: str) -> MassTask:
        task = self.require(msgid)
        if self._clock() - task.created_at < timedelta(seconds=self._config.dispatch_seconds):
            raise WeComFault(41063)
        return task

    def remind(self, task: MassTask) -> None:
        """At most three in any 24 hours, per task."""
        now = self._clock()
        recent = [at for at in task.reminded_at if now - at < timedelta(hours=24)]
        if len(recent) >= self._config.remind_per_24h:
            raise WeComFault(41094)
        task.reminded_at.append(now)

    def capped(self, recipient_id: str) -> bool:
        """The customer or group has had as many of the corp's messages as it may."""
        now = self._clock()
        start = self._window_start(now)
        return sum(at >= start for at in self._sends[recipient_id]) >= self._cap(now)

    def send(self, task: MassTask, userid: str, recipient_id: str, *, friend: bool) -> bool:
        """Settles one recipient at the moment of the employee's tap; True when it was delivered."""
        recipient = task.parts[userid.lower()].recipients[recipient_id]
        recipient.sent_at = self._clock()
        capped = self._own_capped(userid, recipient_id) if task.personal else self.capped(recipient_id)
        if not friend:
            recipient.status = NOT_FRIEND
        elif capped:
            recipient.status = CAPPED
        else:
            recipient.status = SENT
            self._count(task, userid, recipient_id)
        return recipient.status == SENT

    def _count(self, task: MassTask, userid: str, recipient_id: str) -> None:
        now = self._clock()
        if task.personal:
            self._own_sends[userid.lower(), recipient_id].append(now)
        if not task.personal or self._config.personal_mass_counts:
            self._sends[recipient_id].append(now)

    def _own_capped(self, userid: str, recipient_id: str) -> bool:
        """An employee's own sends are counted by member and customer, and by the day."""
        today = _midnight(self._clock())
        sent = sum(at >= today for at in self._own_sends[userid.lower(), recipient_id])
        return sent >= self._config.personal_mass_per_day

    def _cap(self, now: datetime) -> int:
        """§8.1 rule 3: as many a month as the month has days; or 7 a week; or 1 a day."""
        match self._config.mass_cap:
            case "month":
                start = self._window_start(now)
                return ((start + timedelta(days=31)).replace(day=1) - start).days
            case "week":
                return 7
            case "day":
                return 1

    def _window_start(self, now: datetime) -> datetime:
        today = _midnight(now)
        match self._config.mass_cap:
            case "month":
                return today.replace(day=1)
            case "week":
                return today - timedelta(days=today.weekday())
            case "day":
                return today


def _midnight(at: datetime) -> datetime:
    return at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
