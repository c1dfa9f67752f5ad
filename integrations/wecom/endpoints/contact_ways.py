"""联系我: the QR codes through which a customer adds an employee. Contract §2.1 and §2.2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import IntEnum

from pydantic import Field, field_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, at_most_items
from integrations.wecom.messages import File, TextAndOne, Video
from integrations.wecom.transport import Nothing, Page
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call

MAX_STATE_CHARS = 30
MAX_REMARK_CHARS = 30
MAX_USERS = 100
MAX_CONCLUSION_BYTES = 4000
MAX_TEMP_SECONDS = 14 * 86_400
PAGE_SIZE = 1000  # the most that list_contact_way gives

SCENE_MINI_PROGRAM = 1
SCENE_QR = 2


class ContactWayType(IntEnum):
    SINGLE = 1
    MULTIPLE = 2


class Conclusions(TextAndOne):
    """What the customer gets when a temporary chat ends: a text, an image, a link or a mini-program."""

    def check(self) -> None:
        self.check_parts("conclusions", MAX_CONCLUSION_BYTES)
        if isinstance(self.attachment, Video | File):
            raise InvalidMessage("conclusions.attachment", "takes an image, a link or a mini-program")


class NewContactWay(Shape):
    """`user` are userids, `party` department ids; of several, WeCom picks one by a rule of its own.

    `style` is a look for scene 1 (the mini-program plug-in). From `expires_in` on, all is for `is_temp` (one
    employee, medical corps only): seconds, at most 14 days; WeCom's own defaults are 7 days for the code and
    24 h for the chat. What is None is left to WeCom; the meaning of `mark_source` is not published.
    """

    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()
    state: str = ""
    remark: str = ""
    type: ContactWayType = ContactWayType.MULTIPLE
    scene: int = SCENE_QR
    style: int | None = None
    skip_verify: bool = True
    is_exclusive: bool | None = None
    mark_source: bool | None = None
    is_temp: bool = False
    expires_in: int | None = None
    chat_expires_in: int | None = None
    unionid: str | None = Field(None, repr=False)
    conclusions: Conclusions | None = None

    def check(self) -> None:
        if self.scene not in (SCENE_MINI_PROGRAM, SCENE_QR):
            raise InvalidMessage("scene", "1 is a mini-program, 2 a QR code")
        if self.type is ContactWayType.SINGLE and (len(self.user) != 1 or self.party):
            raise InvalidMessage("user", "type 1 takes exactly one user and no party")
        if not self.user and not self.party:
            raise InvalidMessage("user", "name at least one user or party")
        _check_texts(self.user, self.state, self.remark)
        _check_temporary(self.expires_in, self.chat_expires_in, self.conclusions)
        if self.is_temp and self.type is not ContactWayType.SINGLE:
            raise InvalidMessage("is_temp", "a temporary chat takes type 1")
        only_temp = (self.expires_in, self.chat_expires_in, self.unionid, self.conclusions)
        if not self.is_temp and any(value is not None for value in only_temp):
            raise InvalidMessage("is_temp", "expiry, unionid and conclusions need is_temp")

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {
            "type": int(self.type),
            "scene": self.scene,
            "skip_verify": self.skip_verify,
            "state": self.state,
            "remark": self.remark,
            "user": list(self.user),
        }
        body |= {"party": list(self.party)} if self.party else {}
        body |= {"is_temp": True} if self.is_temp else {}
        optional = {"style", "is_exclusive", "mark_source", "expires_in", "chat_expires_in", "unionid"}
        body |= self.model_dump(include=optional, exclude_none=True)
        return body | ({"conclusions": self.conclusions.wire()} if self.conclusions else {})


class ContactWayCreated(Shape):
    """`config_id` can never be found again by other data: keep it. `qr_code` is the address of an image,
    and empty for scene 1."""

    config_id: str
    qr_code: str = ""


class ContactWay(Shape):
    config_id: str
    type: ContactWayType
    scene: int
    style: int | None = None
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    qr_code: str = ""
    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()
    is_exclusive: bool = False
    mark_source: bool | None = None
    is_temp: bool = False
    expires_in: int | None = None
    chat_expires_in: int | None = None
    unionid: str | None = Field(None, repr=False)
    conclusions: Conclusions | None = None


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


def _check_texts(user: Sequence[str], state: str | None, remark: str | None) -> None:
    at_most_chars("state", state, MAX_STATE_CHARS)
    at_most_chars("remark", remark, MAX_REMARK_CHARS)
    at_most_items("user", user, MAX_USERS)


def _check_temporary(
    expires_in: int | None, chat_expires_in: int | None, conclusions: Conclusions | None
) -> None:
    for field, seconds in (("expires_in", expires_in), ("chat_expires_in", chat_expires_in)):
        if seconds is not None and not 0 < seconds <= MAX_TEMP_SECONDS:
            raise InvalidMessage(field, f"must be 1 to {MAX_TEMP_SECONDS} seconds")
    if conclusions:
        conclusions.check()


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
        """The config_ids made between the two; WeCom's own default is the last 90 days. No temporary ones."""
        body: dict[str, object] = {"limit": PAGE_SIZE}
        body |= {"start_time": int(start.timestamp())} if start else {}
        body |= {"end_time": int(end.timestamp())} if end else {}
        async for page in self._transport.pages("externalcontact/list_contact_way", body, _ContactWayPage):
            for way in page.contact_way:
                yield way.config_id

    async def update_contact_way(
        self,
        config_id: str,
        *,
        user: Sequence[str] | None = None,
        party: Sequence[int] | None = None,
        state: str | None = None,
        remark: str | None = None,
        skip_verify: bool | None = None,
        style: int | None = None,
        mark_source: bool | None = None,
        expires_in: int | None = None,
        chat_expires_in: int | None = None,
        unionid: str | None = None,
        conclusions: Conclusions | None = None,
    ) -> None:
        """What is given replaces the whole field (a `user` list replaces all users); None leaves it as it is.

        Type and scene cannot change. Idempotent. Raises Refused 41044 for an unknown config_id.
        """
        _check_texts(user or (), state, remark)
        _check_temporary(expires_in, chat_expires_in, conclusions)
        given: dict[str, object] = {
            "user": list(user) if user is not None else None,
            "party": list(party) if party is not None else None,
            "state": state,
            "remark": remark,
            "skip_verify": skip_verify,
            "style": style,
            "mark_source": mark_source,
            "expires_in": expires_in,
            "chat_expires_in": chat_expires_in,
            "unionid": unionid,
            "conclusions": conclusions.wire() if conclusions else None,
        }
        body = {"config_id": config_id} | {name: value for name, value in given.items() if value is not None}
        await self._transport.call(Call("externalcontact/update_contact_way", body=body), Nothing)

    async def delete_contact_way(self, config_id: str) -> None:
        """Its QR code is dead from then on. Raises Refused 41044 for an unknown config_id."""
        call = Call("externalcontact/del_contact_way", body={"config_id": config_id})
        await self._transport.call(call, Nothing)

    async def close_temp_chat(self, userid: str, external_userid: str) -> None:
        """Ends a temporary chat; the customer gets the code's conclusions."""
        body = {"userid": userid, "external_userid": external_userid}
        await self._transport.call(Call("externalcontact/close_temp_chat", body=body), Nothing)
