"""Links to what waits for an employee, or for everybody of a store: signed, and without a row.

version · whose · expiry (4 bytes, seconds) · userid or store id · signature
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from domain.sealing import BadLink, ExpiredLink, opened, sealed

LINK_LIFE = timedelta(days=3)  # a card is not looked at for longer
PATH = "/t/"
_VERSION = 1
_HEAD = struct.Struct(">BBI")
_PURPOSE = b"wecom-journeys task link\0"


class Whose(IntEnum):
    """What `id` of a link means."""

    EMPLOYEE = 1
    STORE = 2


@dataclass(frozen=True)
class TaskLink:
    """Whose tasks it shows, and until when."""

    whose: Whose
    id: str
    expires_at: datetime


def sign(link: TaskLink, key: bytes) -> str:
    """The token of a link."""
    head = _HEAD.pack(_VERSION, link.whose, int(link.expires_at.timestamp()))
    return sealed(head + link.id.encode(), _PURPOSE, key)


def read(token: str, key: bytes, now: datetime) -> TaskLink:
    """What a token says. Raises BadLink, ExpiredLink."""
    body = opened(token, _PURPOSE, key, least=_HEAD.size)
    version, whose, seconds = _HEAD.unpack_from(body)
    if version != _VERSION or whose not in set(Whose):
        raise BadLink("of a newer version")
    expires_at = datetime.fromtimestamp(seconds, UTC)
    if now >= expires_at:
        raise ExpiredLink(f"expired on {expires_at:%F}")
    return TaskLink(Whose(whose), body[_HEAD.size :].decode(), expires_at)


@dataclass(frozen=True)
class TaskLinks:
    """Makes the links of one deployment."""

    key: bytes
    base_url: str  # without a slash at its end

    def link(self, whose: Whose, subject: str, now: datetime) -> str:
        return f"{self.base_url}{PATH}{sign(TaskLink(whose, subject, now + LINK_LIFE), self.key)}"
