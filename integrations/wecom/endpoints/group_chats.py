"""客户群: groups, their members, and the QR codes to join them (加入群聊). Contract §7.1 and §7.2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import IntEnum
from typing import Any

from pydantic import Field, model_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, at_most_items, chunks
from integrations.wecom.transport import Page
from integrations.wecom.types import Moment, Shape, UserId
from integrations.wecom.wire import Call

MAX_GROUPS_PER_WAY = 5
MAX_STATE_CHARS = 30
MAX_ROOM_NAME_CHARS = 40
MAX_OWNERS_PER_LIST = 100
PAGE_SIZE = 1000

SCENE_QR = 2


class MemberType(IntEnum):
    STAFF = 1
    CUSTOMER = 2


class GroupMember(Shape):
    """`join_scene` here: 1 invited directly, 2 by link, 3 by QR (the event's JoinScene says 0 and 3 instead).

    `userid` is an external_userid for a customer. `state` is the join way's, with join_scene 3 only.
    """

    userid: str
    type: int
    join_time: Moment
    join_scene: int = 0
    state: str | None = None
    unionid: str | None = Field(None, repr=False)
    name: str | None = Field(None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _staff_in_lower_case(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("type") == MemberType.STAFF:
            return {**data, "userid": str(data.get("userid", "")).lower()}
        return data


class GroupAdmin(Shape):
    userid: UserId


class GroupChat(Shape):
    """`member_version` continues the chain of LastMemVer and CurMemVer in the events (contract §3.5)."""

    chat_id: str
    name: str = ""
    owner: UserId
    create_time: Moment
    notice: str = ""
    member_list: tuple[GroupMember, ...] = ()
    admin_list: tuple[GroupAdmin, ...] = ()
    member_version: str = ""


class GroupChatRef(Shape):
    """`status` 0 normal, 1 owner resigned, 2 in handover, 3 handed over."""

    chat_id: str
    status: int = 0


class NewJoinWay(Shape):
    chat_id_list: tuple[str, ...]
    state: str = ""
    remark: str = ""
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int | None = None

    def check(self) -> None:
        if not self.chat_id_list:
            raise InvalidMessage("chat_id_list", "name 1 to 5 groups")
        at_most_items("chat_id_list", self.chat_id_list, MAX_GROUPS_PER_WAY)
        at_most_chars("state", self.state, MAX_STATE_CHARS)
        at_most_chars("room_base_name", self.room_base_name, MAX_ROOM_NAME_CHARS)

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {
            "scene": SCENE_QR,
            "chat_id_list": list(self.chat_id_list),
            "auto_create_room": int(self.auto_create_room),
            "state": self.state,
            "remark": self.remark,
            "room_base_name": self.room_base_name,
        }
        return body | ({"room_base_id": self.room_base_id} if self.room_base_id is not None else {})


class JoinWay(Shape):
    """`qr_code` is the address of an image."""

    config_id: str
    scene: int
    qr_code: str
    chat_id_list: tuple[str, ...] = ()
    state: str = ""
    remark: str = ""
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int = 0


class _Chat(Shape):
    group_chat: GroupChat


class _ChatPage(Page):
    group_chat_list: tuple[GroupChatRef, ...] = ()


class _Created(Shape):
    config_id: str


class _Way(Shape):
    join_way: JoinWay


class GroupChats(Endpoints):
    async def get_group_chat(self, chat_id: str, *, need_name: bool = False) -> GroupChat:
        """Data follows an event about 2 s later. Raises Refused 90501, BusinessState 49008 (dismissed)."""
        body = {"chat_id": chat_id, "need_name": int(need_name)}
        return (
            await self._transport.call(Call("externalcontact/groupchat/get", body=body), _Chat)
        ).group_chat

    async def list_group_chats(self, owners: Sequence[str] = ()) -> AsyncIterator[GroupChatRef]:
        """Of these owners, or of all when there are at most 1000 employees in range (Refused 81017)."""
        for some in chunks(owners, MAX_OWNERS_PER_LIST) if owners else ((),):
            body: dict[str, object] = {"limit": PAGE_SIZE}
            body |= {"owner_filter": {"userid_list": list(some)}} if some else {}
            async for page in self._transport.pages("externalcontact/groupchat/list", body, _ChatPage):
                for chat in page.group_chat_list:
                    yield chat

    async def add_join_way(self, way: NewJoinWay) -> str:
        """Its config_id; the QR comes from get_join_way."""
        way.check()
        call = Call("externalcontact/groupchat/add_join_way", body=way.wire())
        return (await self._transport.call(call, _Created)).config_id

    async def get_join_way(self, config_id: str) -> JoinWay:
        call = Call("externalcontact/groupchat/get_join_way", body={"config_id": config_id})
        return (await self._transport.call(call, _Way)).join_way
