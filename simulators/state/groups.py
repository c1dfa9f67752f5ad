"""Customer groups (客户群): made and peopled by persons, never by the API (contract §7)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from simulators import ids
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.refused import Refused, Unknown

STAFF, EXTERNAL = 1, 2  # type of a member


@dataclass
class GroupMember:
    member_id: str
    type: int  # 1 staff, 2 external
    joined_at: datetime
    join_scene: int  # 1 invited, 2 by link, 3 by QR
    invitor: str | None = None
    state: str | None = None
    nickname: str = ""  # group_nickname


@dataclass
class GroupMessage:
    """`sender` is a userid or an external_userid; of a group welcome, the owner."""

    at: datetime
    sender: str
    text: str
    attachments: list[dict[str, Any]] = field(default_factory=list)
    kind: Literal["chat", "mass", "welcome"] = "chat"


@dataclass
class Passage:
    """Somebody came or went: what the statistics are computed from."""

    at: datetime
    member_id: str
    step: int  # 1 came, -1 went


@dataclass
class Group:
    chat_id: str
    name: str
    owner: str
    created_at: datetime
    members: dict[str, GroupMember] = field(default_factory=dict)
    version: str = field(default_factory=ids.member_version)
    dismissed: bool = False
    dismissed_at: datetime | None = None
    stale: "Stale | None" = None
    notice: str = ""
    admins: list[str] = field(default_factory=list)
    opengid: str = field(default_factory=ids.opengid)
    messages: list[GroupMessage] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    welcome_template: str | None = None
    welcomed_at: datetime | None = None
    unwelcomed: list[str] = field(default_factory=list)  # customers who wait for the next group welcome
    inherited: bool = False  # from an owner who resigned
    changes_owner_at: datetime | None = None  # while a resigned owner's group is being handed over
    next_owner: str | None = None

    def has(self, member_id: str) -> bool:
        """userids are case-insensitive."""
        return member_id in self.members or member_id.lower() in (key.lower() for key in self.members)

    def customers(self) -> list[str]:
        return [member.member_id for member in self.members.values() if member.type == EXTERNAL]


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
        self.foreign: set[str] = set()  # opengids of WeChat groups that are no customer groups
        self.waiting: set[str] = set()  # chat_ids whose welcome or handover waits for its time

    def create(self, name: str, owner: str, chat_id: str | None = None) -> Group:
        if chat_id in self.all:
            raise Refused(f"group {chat_id!r} exists already")
        now = self._clock()
        group = Group(chat_id or ids.chat_id(), name, owner, now)
        group.members[owner] = GroupMember(owner, STAFF, now, join_scene=1)
        group.passages.append(Passage(now, owner, 1))
        self.all[group.chat_id] = group
        return group

    def known(self, chat_id: str) -> Group:
        """For the control API."""
        if chat_id not in self.all:
            raise Unknown("group", chat_id)
        return self.all[chat_id]

    def living(self, chat_id: str) -> Group:
        """For the control API: nothing can be done in a group that was dismissed."""
        group = self.known(chat_id)
        if group.dismissed:
            raise Refused(f"group {chat_id!r} was dismissed")
        return group

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

    def admit(self, group: Group, *members: GroupMember) -> tuple[str, str]:
        """All or none. Returns the member versions before and after."""
        if group.dismissed:
            raise Refused(f"group {group.chat_id!r} was dismissed")
        if len(group.members) + len(members) > self._config.group_cap:
            raise Refused(f"group {group.chat_id!r} is full: {self._config.group_cap}")
        versions = self._change(group)
        for member in members:
            group.members[member.member_id] = member
            group.passages.append(Passage(member.joined_at, member.member_id, 1))
        return versions

    def remove(self, group: Group, *member_ids: str) -> tuple[str, str]:
        for member_id in member_ids:
            if member_id not in group.members:
                raise Refused(f"{member_id!r} is not in group {group.chat_id!r}")
        versions = self._change(group)
        for member_id in member_ids:
            del group.members[member_id]
            group.passages.append(Passage(self._clock(), member_id, -1))
            group.admins = [userid for userid in group.admins if userid != member_id]
            group.unwelcomed = [one for one in group.unwelcomed if one != member_id]
        return versions

    def dismiss(self, group: Group) -> None:
        group.dismissed, group.dismissed_at = True, self._clock()
        self.waiting.discard(group.chat_id)

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
