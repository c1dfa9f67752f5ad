"""Customer groups (客户群): made and peopled by persons, never by the API (contract §7)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.refused import Refused, Unknown


@dataclass
class GroupMember:
    member_id: str
    type: int  # 1 staff, 2 external
    joined_at: datetime
    join_scene: int  # 1 invited, 2 by link, 3 by QR
    invitor: str | None = None
    state: str | None = None


@dataclass
class Group:
    chat_id: str
    name: str
    owner: str
    created_at: datetime
    members: dict[str, GroupMember] = field(default_factory=dict)
    version: str = field(default_factory=ids.member_version)
    dismissed: bool = False
    stale: "Stale | None" = None


@dataclass
class Stale:
    """What groupchat/get still shows: group data is updated asynchronously (§3.5)."""

    until: datetime
    members: list[GroupMember]
    version: str


class Groups:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: dict[str, Group] = {}

    def create(self, name: str, owner: str, chat_id: str | None = None) -> Group:
        if chat_id in self.all:
            raise Refused(f"group {chat_id!r} exists already")
        now = self._clock()
        group = Group(chat_id or ids.chat_id(), name, owner, now)
        group.members[owner] = GroupMember(owner, 1, now, join_scene=1)
        self.all[group.chat_id] = group
        return group

    def known(self, chat_id: str) -> Group:
        """For the control API."""
        if chat_id not in self.all:
            raise Unknown("group", chat_id)
        return self.all[chat_id]

    def require(self, chat_id: str) -> Group:
        group = self.all.get(chat_id)
        if group is None:
            raise WeComFault(90501)
        if group.dismissed:
            raise WeComFault(49008)
        return group

    def owned_by(self, userid: str) -> list[Group]:
        owned = userid.lower()
        return [group for group in self.all.values() if group.owner.lower() == owned and not group.dismissed]

    def open_by_qr(self, chat_ids: list[str]) -> Group | None:
        """The first group below the joining threshold (§13.9)."""
        groups = (self.all[chat_id] for chat_id in chat_ids)
        cap = self._config.qr_join_cap
        return next((group for group in groups if not group.dismissed and len(group.members) < cap), None)

    def admit(self, group: Group, member: GroupMember) -> tuple[str, str]:
        """Returns the member versions before and after."""
        if group.dismissed:
            raise Refused(f"group {group.chat_id!r} was dismissed")
        if len(group.members) >= self._config.group_cap:
            raise Refused(f"group {group.chat_id!r} is full: {self._config.group_cap}")
        versions = self._change(group)
        group.members[member.member_id] = member
        return versions

    def remove(self, group: Group, member_id: str) -> tuple[str, str]:
        if member_id not in group.members:
            raise Refused(f"{member_id!r} is not in group {group.chat_id!r}")
        versions = self._change(group)
        del group.members[member_id]
        return versions

    def shown(self, group: Group) -> tuple[list[GroupMember], str]:
        if group.stale is not None and self._clock() < group.stale.until:
            return group.stale.members, group.stale.version
        return list(group.members.values()), group.version

    def _change(self, group: Group) -> tuple[str, str]:
        if self._config.group_lag_seconds:
            members, version = self.shown(group)
            until = self._clock() + timedelta(seconds=self._config.group_lag_seconds)
            group.stale = Stale(until, members, version)
        before, group.version = group.version, ids.member_version()
        return before, group.version
