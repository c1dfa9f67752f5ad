"""Contact ways (联系我) and join ways (加入群聊): the QR codes that a store hangs up (contract §2, §7.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault


class ContactWaySpec(BaseModel):
    """The fields of add_contact_way (§2.1); the rules are in `simulators.wecom.contact_ways`."""

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
    auto_create_room: int = 1
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
    turn: int = 0  # [SIM] members of a type 2 way take turns; WeCom's rule is not published


@dataclass
class JoinWay:
    config_id: str
    spec: JoinWaySpec


class Ways:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.contact_ways: dict[str, ContactWay] = {}
        self.join_ways: dict[str, JoinWay] = {}

    def add_contact_way(self, spec: ContactWaySpec) -> ContactWay:
        self._check_count()
        way = ContactWay(ids.config_id(), self._clock(), spec)
        self.contact_ways[way.config_id] = way
        return way

    def add_join_way(self, spec: JoinWaySpec) -> JoinWay:
        self._check_count()
        way = JoinWay(ids.config_id(), spec)
        self.join_ways[way.config_id] = way
        return way

    def contact_way(self, config_id: str) -> ContactWay:
        if config_id not in self.contact_ways:
            raise WeComFault(41044)
        return self.contact_ways[config_id]

    def join_way(self, config_id: str) -> JoinWay:
        if config_id not in self.join_ways:
            raise WeComFault(41044)
        return self.join_ways[config_id]

    def newest_with_state(self, state: str) -> ContactWay | None:
        ways = reversed(self.contact_ways.values())
        return next((way for way in ways if way.spec.state == state), None)

    def _check_count(self) -> None:
        """Both kinds share one quota (§2.1); temporary ways do not count."""
        lasting = sum(not way.spec.is_temp for way in self.contact_ways.values())
        if lasting + len(self.join_ways) >= self._config.ways_per_corp:
            raise WeComFault(41045)
