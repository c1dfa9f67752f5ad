"""客户群 and the QR codes that lead into them: which are open, and which a store's code leads to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GROUPS_PER_WAY = 5  # contract §7.2: 41091 beyond
STORE_KIND = "store"  # the plain group of a store; a playbook's routes may name others
LAST_DAY = timedelta(days=1)  # an exported picture is not sent on it: she may look at it tomorrow


def subject_of_rooms(store_id: str, kind: str) -> str:
    """Our name for a store's groups of one kind, which one code leads into."""
    return f"store/{store_id}" if kind == STORE_KIND else f"store/{store_id}/{kind}"


@dataclass(frozen=True)
class JoinRules:
    """`cap`: members at which a group's QR stops working. `hand_qr_days`: life of a QR exported by hand.

    `next_group_at`: members at which the next group is made ready.
    """

    cap: int = 200
    hand_qr_days: float = 7
    next_group_at: int = 180

    @property
    def early(self) -> int:
        """Never later than when it is full."""
        return min(self.next_group_at, self.cap)

    def hand_qr_since(self, now: datetime) -> datetime:
        """A picture that was exported earlier is sent to nobody."""
        return now - timedelta(days=self.hand_qr_days) + LAST_DAY


@dataclass(frozen=True)
class Room:
    """One group of a store, as far as its code is concerned."""

    chat_id: str
    members: int
    dismissed: bool = False


def leads_to(bound: Sequence[str], rooms: Sequence[Room], rules: JoinRules) -> tuple[str, ...] | None:
    """The groups that a join way shall lead to instead of `bound`, those it leads to now.

    Full and dismissed ones leave, the store's open ones come in, the fullest first; what we know nothing of
    stays. None when no open one is left: a way must lead somewhere, and WeCom may make a new group itself.
    """
    closed = {room.chat_id for room in rooms if room.dismissed or room.members >= rules.cap}
    stay = [chat_id for chat_id in bound if chat_id not in closed]
    fresh = [room for room in rooms if room.chat_id not in closed and room.chat_id not in bound]
    fresh.sort(key=lambda room: (-room.members, room.chat_id))
    return (*stay, *(room.chat_id for room in fresh))[:GROUPS_PER_WAY] or None
