"""客户群: groups and their members. WeCom lets no program make a group or write into it. Contract §7.1."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import IntEnum
from typing import Any

from pydantic import Field, model_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.limits import chunks
from integrations.wecom.transport import Page
from integrations.wecom.types import Moment, Shape, UserId
from integrations.wecom.wire import Call

MAX_OWNERS_PER_LIST = 100
PAGE_SIZE = 1000
ALL = 0


class MemberType(IntEnum):
    STAFF = 1
    CUSTOMER = 2


class GroupAdmin(Shape):
    userid: UserId


class GroupMember(Shape):
    """`join_scene` here: 1 invited directly, 2 by link, 3 by QR (the event's JoinScene says 0 and 3 instead).

    `userid` is an external_userid for a customer. `state` is the join way's, with join_scene 3 only;
    `invitor` is there when an employee invited.
    """

    userid: str
    type: int
    join_time: Moment
    join_scene: int = 0
    state: str | None = None
    invitor: GroupAdmin | None = None
    group_nickname: str = Field("", repr=False)
    unionid: str | None = Field(None, repr=False)
    name: str | None = Field(None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _staff_in_lower_case(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("type") == MemberType.STAFF:
            return {**data, "userid": str(data.get("userid", "")).lower()}
        return data


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


class _Chat(Shape):
    group_chat: GroupChat


class _ChatPage(Page):
    group_chat_list: tuple[GroupChatRef, ...] = ()


class _ChatId(Shape):
    chat_id: str


class GroupChats(Endpoints):
    async def get_group_chat(self, chat_id: str, *, need_name: bool = False) -> GroupChat:
        """Data follows an event about 2 s later. Raises Refused 90501, BusinessState 49008 (dismissed)."""
        body = {"chat_id": chat_id, "need_name": int(need_name)}
        return (
            await self._transport.call(Call("externalcontact/groupchat/get", body=body), _Chat)
        ).group_chat

    async def list_group_chats(
        self, owners: Sequence[str] = (), *, status: int = ALL
    ) -> AsyncIterator[GroupChatRef]:
        """Of these owners, or of all when there are at most 1000 employees in range (Refused 81017).

        `status` 1 owner resigned, 2 in handover, 3 handed over; else all.
        """
        for some in chunks(owners, MAX_OWNERS_PER_LIST) if owners else ((),):
            body: dict[str, object] = {"limit": PAGE_SIZE}
            body |= {"status_filter": status} if status != ALL else {}
            body |= {"owner_filter": {"userid_list": list(some)}} if some else {}
            async for page in self._transport.pages("externalcontact/groupchat/list", body, _ChatPage):
                for chat in page.group_chat_list:
                    yield chat

    async def opengid_to_chatid(self, opengid: str) -> str:
        """The chat_id of a group that a mini-program knows. Refused 90509 (not ours) or 90511 (invalid)."""
        call = Call("externalcontact/opengid_to_chatid", body={"opengid": opengid})
        return (await self._transport.call(call, _ChatId)).chat_id
