"""联系我: the QR codes through which a customer adds an employee. Contract §2.1 and §2.2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from enum import IntEnum

from pydantic import field_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, at_most_items
from integrations.wecom.transport import Page
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call

MAX_STATE_CHARS = 30
MAX_REMARK_CHARS = 30
MAX_USERS = 100
PAGE_SIZE = 1000  # the most that list_contact_way gives

SCENE_QR = 2


class ContactWayType(IntEnum):
    SINGLE = 1
    MULTIPLE = 2


class NewContactWay(Shape):
    """`user` are userids, `party` department ids; of several, WeCom picks one by a rule of its own."""

    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()
    state: str = ""
    remark: str = ""
    type: ContactWayType = ContactWayType.MULTIPLE
    skip_verify: bool = True

    def check(self) -> None:
        at_most_chars("state", self.state, MAX_STATE_CHARS)
        at_most_chars("remark", self.remark, MAX_REMARK_CHARS)
        at_most_items("user", self.user, MAX_USERS)
        if self.type is ContactWayType.SINGLE and (len(self.user) != 1 or self.party):
            raise InvalidMessage("user", "type 1 takes exactly one user and no party")
        if not self.user and not self.party:
            raise InvalidMessage("user", "name at least one user or party")

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {
            "type": int(self.type),
            "scene": SCENE_QR,
            "skip_verify": self.skip_verify,
            "state": self.state,
            "remark": self.remark,
            "user": list(self.user),
        }
        return body | ({"party": list(self.party)} if self.party else {})


class ContactWayCreated(Shape):
    """`config_id` can never be found again by other data: keep it. `qr_code` is the address of an image."""

    config_id: str
    qr_code: str


class ContactWay(Shape):
    config_id: str
    type: ContactWayType
    scene: int
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    qr_code: str = ""
    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()


class _Found(Shape):
    contact_way: ContactWay

    @field_validator("contact_way", mode="before")
    @classmethod
    def _only_one(cls, value: object) -> object:
        # An object on the official page, a list of one in an old SDK's fixture (contract §2.2).
        return value[0] if isinstance(value, list) and len(value) == 1 else value


class _Listed(Shape):
    config_id: str


class _ContactWayPage(Page):
    contact_way: tuple[_Listed, ...] = ()


class ContactWays(Endpoints):
    async def add_contact_way(self, way: NewContactWay) -> ContactWayCreated:
        """Not idempotent: an Unreachable with maybe_done may leave a code behind that only costs quota."""
        way.check()
        return await self._transport.call(
            Call("externalcontact/add_contact_way", body=way.wire()), ContactWayCreated
        )

    async def get_contact_way(self, config_id: str) -> ContactWay:
        """Raises Refused 41044 for an unknown config_id."""
        call = Call("externalcontact/get_contact_way", body={"config_id": config_id})
        return (await self._transport.call(call, _Found)).contact_way

    async def list_contact_ways(
        self, *, start: datetime | None = None, end: datetime | None = None
    ) -> AsyncIterator[str]:
        """The config_ids made between the two; WeCom's own default is the last 90 days."""
        body: dict[str, object] = {"limit": PAGE_SIZE}
        body |= {"start_time": int(start.timestamp())} if start else {}
        body |= {"end_time": int(end.timestamp())} if end else {}
        async for page in self._transport.pages("externalcontact/list_contact_way", body, _ContactWayPage):
            for way in page.contact_way:
                yield way.config_id
