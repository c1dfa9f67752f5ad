"""Acquisition links (获客链接) and the quota that they use up (contract §2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators import ids
from simulators.clock import CHINA, Clock
from simulators.config import SimulatorConfig
from simulators.errors import WeComFault
from simulators.state.people import Relation

# quota_expire_soon is told so many days before (§3.7).
WARNING_DAYS = (14, 7, 3, 2, 1)


@dataclass
class LinkRange:
    user_list: list[str] = field(default_factory=list)
    department_list: list[int] = field(default_factory=list)


@dataclass
class Link:
    link_id: str
    name: str
    app: int  # only the app that made it sees it
    created_at: datetime
    range: LinkRange
    skip_verify: bool = True
    priority_type: int | None = None
    priority_userids: list[str] = field(default_factory=list)
    turn: int = 0
    clicks: list[tuple[datetime, str]] = field(default_factory=list)
    adds: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://work.weixin.qq.com/ca/{self.link_id}"


@dataclass
class Lot:
    """Quota that was bought at once and expires together."""

    expires_at: datetime
    total: int
    balance: int
    warned: set[int] = field(default_factory=set)  # of WARNING_DAYS


@dataclass
class ChatKey:
    expires_at: datetime
    app: int
    relation: Relation


class Links:
    def __init__(self, config: SimulatorConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self.all: dict[str, Link] = {}
        self._keys: dict[str, ChatKey] = {}
        self.lots = [self._lot(config.acquisition_quota)] if config.acquisition_quota else []

    def add(self, name: str, app: int, range_: LinkRange) -> Link:
        if len(self.all) >= self._config.acquisition_links:
            raise WeComFault(41095)
        link = Link(ids.link_id(), name, app, self._clock(), range_)
        self.all[link.link_id] = link
        return link

    def require(self, link_id: str, app: int) -> Link:
        """[SIM] the errcode: WeCom names none for a link that is unknown, or another app's."""
        link = self.all.get(link_id)
        if link is None or link.app != app:
            raise WeComFault(40058, "invalid link_id")
        return link

    # ---- quota

    @property
    def balance(self) -> int:
        return sum(lot.balance for lot in self.lots)

    @property
    def total(self) -> int:
        return sum(lot.total for lot in self.lots)

    def buy(self, amount: int, expires_at: datetime | None = None) -> Lot:
        lot = self._lot(amount, expires_at)
        self.lots.append(lot)
        return lot

    def charge(self) -> None:
        """One customer; what expires first goes first."""
        left = [lot for lot in self.lots if lot.balance > 0]
        if left:
            min(left, key=lambda lot: lot.expires_at).balance -= 1

    def expire(self) -> list[Lot]:
        """The lots that are over, with what was left in them."""
        now = self._clock()
        gone = [lot for lot in self.lots if lot.expires_at <= now]
        self.lots = [lot for lot in self.lots if lot.expires_at > now]
        return gone

    def to_warn(self) -> list[Lot]:
        """Lots that expire soon, once for each of WARNING_DAYS."""
        now, due = self._clock(), []
        for lot in self.lots:
            reached = {days for days in WARNING_DAYS if lot.expires_at - now <= timedelta(days=days)}
            if lot.balance and reached - lot.warned:
                due.append(lot)
            lot.warned |= reached
        return due

    def _lot(self, amount: int, expires_at: datetime | None = None) -> Lot:
        end = expires_at or self._clock() + timedelta(days=self._config.acquisition_quota_days)
        return Lot(end, amount, amount)

    # ---- chats

    def chat_key(self, link: Link, relation: Relation) -> str:
        key = ids.chat_key()
        end = self._clock() + timedelta(seconds=self._config.chat_key_seconds)
        self._keys[key] = ChatKey(end, link.app, relation)
        return key

    def open_chat(self, key: str, app: int) -> Relation:
        """[SIM] the errcode."""
        known = self._keys.get(key)
        if known is None or known.app != app or known.expires_at <= self._clock():
            raise WeComFault(40058, "invalid chat_key")
        return known.relation


def on_days(events: Sequence[tuple[datetime, str]], start: datetime, end: datetime) -> set[str]:
    """The people in what happened from `start` to before `end`."""
    return {external_userid for at, external_userid in events if start <= at < end}


def expiry_day(at: datetime) -> int:
    """Unix time of the midnight in China that begins the day."""
    day = at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(day.timestamp())
