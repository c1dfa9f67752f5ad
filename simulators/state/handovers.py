"""Customers and groups that pass from one employee to another (继承, contract §9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig

# status of transfer_result
DONE, WAITING, REFUSED, TAKER_FULL, NO_RECORD = 1, 2, 3, 4, 5
WINDOW_DAYS = 90  # natural days


@dataclass
class Handover:
    external_userid: str
    handover_userid: str
    takeover_userid: str
    asked_at: datetime
    takes_place_at: datetime
    resigned: bool  # the old employee had left
    message: str = ""  # for the customer, when it is done
    status: int = WAITING


@dataclass
class GroupMove:
    chat_id: str
    old_owner: str
    at: datetime
    resigned: bool


class Handovers:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: list[Handover] = []
        self.waiting: list[Handover] = []
        self.group_moves: list[GroupMove] = []

    def ask(
        self, external_userid: str, handover: str, takeover: str, *, resigned: bool, message: str = ""
    ) -> Handover:
        now = self._clock()
        due = now + timedelta(hours=self._config.handover_hours)
        asked = Handover(external_userid, handover, takeover, now, due, resigned, message)
        self.all.append(asked)
        self.waiting.append(asked)
        return asked

    def is_waiting(self, external_userid: str, handover: str) -> bool:
        return any(
            one.external_userid == external_userid and one.handover_userid.lower() == handover.lower()
            for one in self.waiting
        )

    def end(self, one: Handover, status: int) -> None:
        one.status = status
        self.waiting.remove(one)

    def due(self) -> list[Handover]:
        now = self._clock()
        return [one for one in self.waiting if one.takes_place_at <= now]

    def between(self, handover: str, takeover: str, *, resigned: bool) -> list[Handover]:
        """The last one of each customer."""
        pair = (handover.lower(), takeover.lower(), resigned)
        last = {
            one.external_userid: one
            for one in self.all
            if (one.handover_userid.lower(), one.takeover_userid.lower(), one.resigned) == pair
        }
        return list(last.values())

    def too_often(self, external_userid: str) -> bool:
        """Of the customers of employees who are still there; a refused one does not count."""
        counted = [
            one.asked_at
            for one in self.all
            if one.external_userid == external_userid and not one.resigned and one.status in (DONE, WAITING)
        ]
        return self._lately(counted) >= self._config.handovers_per_90_days

    def group_too_often(self, chat_id: str) -> bool:
        moves = [move.at for move in self.group_moves if move.chat_id == chat_id and not move.resigned]
        return self._lately(moves) >= self._config.handovers_per_90_days

    def groups_today(self, owner: str) -> int:
        """How many groups this owner has given away today."""
        today = self._day(self._clock())
        return sum(
            move.old_owner.lower() == owner.lower() and self._day(move.at) == today
            for move in self.group_moves
        )

    def moved(self, chat_id: str, old_owner: str, *, resigned: bool) -> None:
        self.group_moves.append(GroupMove(chat_id, old_owner, self._clock(), resigned))

    def _lately(self, moments: list[datetime]) -> int:
        first = self._day(self._clock()) - WINDOW_DAYS
        return sum(self._day(at) > first for at in moments)

    @staticmethod
    def _day(at: datetime) -> int:
        return at.astimezone(CHINA).date().toordinal()
