"""Contact ways (联系我) and join ways (加入群聊): the QR codes that a store hangs up (contract §2, §7.2)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault

DAY_SECONDS = 24 * 3600
TEMPORARY_SECONDS = 7 * DAY_SECONDS  # of the QR of a temporary way, unless expires_in says otherwise
TEMPORARY_CHAT_SECONDS = DAY_SECONDS  # of the chat, from the add on


class ContactWaySpec(BaseModel):
    """The fields of add_contact_way (§2.1); the rules are in `simulators.wecom.way_rules`."""

    type: int
    scene: int
    style: int | None = None
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    user: list[str] = []
    party: list[int] = []
    is_temp: bool = False
    expires_in: int | None = None
    chat_expires_in: int | None = None
    unionid: str | None = None
    is_exclusive: bool = False
    mark_source: bool | None = None
    conclusions: dict[str, Any] | None = None


class JoinWaySpec(BaseModel):
    """The fields of add_join_way (§7.2)."""

    scene: int
    remark: str = ""
    auto_create_room: int = Field(default=1, ge=0, le=1)
    room_base_name: str = ""
    room_base_id: int = 1
    chat_id_list: list[str]
    state: str = ""
    mark_source: bool | None = None


@dataclass
class ContactWay:
    config_id: str
    created_at: datetime
    spec: ContactWaySpec
    app: int  # only the app that made it sees it
    turn: int = 0  # [SIM] members of a type 2 way take turns; WeCom's rule is not published

    @property
    def expires_at(self) -> datetime | None:
        """Only a temporary one does."""
        seconds = self.spec.expires_in or TEMPORARY_SECONDS
        return self.created_at + timedelta(seconds=seconds) if self.spec.is_temp else None


@dataclass
class JoinWay:
    config_id: str
    spec: JoinWaySpec
    app: int
    unlisted: list[str] = field(default_factory=list)  # rooms made for it that chat_id_list does not show


class Ways:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.contact_ways: dict[str, ContactWay] = {}
        self.join_ways: dict[str, JoinWay] = {}
        self._temporary: Counter[str] = Counter()

    def add_contact_way(self, spec: ContactWaySpec, app: int) -> ContactWay:
        if spec.is_temp:
            self._count_temporary()
        else:
            self._check_count()
        way = ContactWay(ids.config_id(), self._clock(), spec, app)
        self.contact_ways[way.config_id] = way
        return way

    def add_join_way(self, spec: JoinWaySpec, app: int) -> JoinWay:
        self._check_count()
        way = JoinWay(ids.config_id(), spec, app)
        self.join_ways[way.config_id] = way
        return way

    def contact_way(self, config_id: str, app: int) -> ContactWay:
        """[SIM] the errcode for a way of another app: it is as if there was none."""
        way = self.contact_ways.get(config_id)
        if way is None or way.app != app:
            raise WeComFault(41044)
        return way

    def alive(self, way: ContactWay) -> bool:
        return way.expires_at is None or self._clock() < way.expires_at

    def join_way(self, config_id: str, app: int) -> JoinWay:
        """An app sees only its own; [SIM] that of another app is as unknown as any."""
        way = self.join_ways.get(config_id)
        if way is None or way.app != app:
            raise WeComFault(41044)
        return way

    def newest_with_state(self, state: str) -> ContactWay | None:
        ways = reversed(self.contact_ways.values())
        return next((way for way in ways if way.spec.state == state and self.alive(way)), None)

    def _count_temporary(self) -> None:
        """A quota of their own, per natural day (§2.1). [SIM] the errcode."""
        today = self._clock().astimezone(CHINA).date().isoformat()
        if self._temporary[today] >= self._config.temporary_ways_per_day:
            raise WeComFault(45009)
        self._temporary = Counter({today: self._temporary[today] + 1})

    def _check_count(self) -> None:
        """Both kinds share one quota (§2.1); temporary ways do not count."""
        lasting = sum(not way.spec.is_temp for way in self.contact_ways.values())
        if lasting + len(self.join_ways) >= self._config.ways_per_corp:
            raise WeComFault(41045)
