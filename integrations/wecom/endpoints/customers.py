"""客户: lists, detail and the welcome message. Contract §4.1, §6.1 and §6.2."""

from __future__ import annotations

from pydantic import Field

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import BusinessState
from integrations.wecom.messages import Message
from integrations.wecom.transport import Nothing, Page
from integrations.wecom.types import Moment, Shape, UserId
from integrations.wecom.wire import Call

NO_RELATION = 84061


class ExternalContact(Shape):
    """`type` 1 = WeChat user, 2 = another corp's WeCom user. `unionid` needs a bound developer account."""

    external_userid: str
    type: int
    name: str = Field("", repr=False)
    unionid: str | None = Field(None, repr=False)
    gender: int = 0
    corp_name: str | None = None


class FollowTag(Shape):
    """`type` 1 corp, 2 personal (without tag_id), 3 strategy."""

    tag_id: str | None = None
    tag_name: str = ""
    group_name: str = ""
    type: int


class FollowUser(Shape):
    """One employee who has the customer. `add_way` is an open list (contract §6.1): 1 = scanned a QR, …"""

    userid: UserId
    createtime: Moment
    add_way: int = 0
    state: str | None = None
    remark: str = Field("", repr=False)
    remark_mobiles: tuple[str, ...] = Field((), repr=False)
    oper_userid: str = ""
    tags: tuple[FollowTag, ...] = ()


class ContactDetail(Shape):
    """`follow_user` has only the employees inside the app's visible range."""

    external_contact: ExternalContact
    follow_user: tuple[FollowUser, ...] = ()


class _DetailPage(ContactDetail, Page):
    pass


class _ExternalUserids(Shape):
    external_userid: tuple[str, ...] = ()


class Customers(Endpoints):
    async def send_welcome_msg(
        self, welcome_code: str, message: Message, *, timeout_seconds: float | None = None
    ) -> None:
        """One call per code, within 20 s of the event (contract §4.1).

        Raises BusinessState 41050 (late), 41051 (beaten), 41053 (no consent yet), Transient 41096 (another
        app is at it).
        """
        message.check()
        body = {"welcome_code": welcome_code, **message.wire()}
        call = Call("externalcontact/send_welcome_msg", body=body)
        await self._transport.call(call, Nothing, timeout_seconds=timeout_seconds)

    async def get_external_contact(
        self, external_userid: str, *, timeout_seconds: float | None = None
    ) -> ContactDetail:
        """With all followers, also when there is more than a page (500) of them. The timeout is per page.

        Raises BusinessState 84061 (no visible employee has the customer, or only half added), Refused 40096.
        """
        followers: list[FollowUser] = []
        cursor = ""
        while True:
            query = {"external_userid": external_userid} | ({"cursor": cursor} if cursor else {})
            call = Call("externalcontact/get", query=query)
            page = await self._transport.call(call, _DetailPage, timeout_seconds=timeout_seconds)
            followers += page.follow_user
            if page.next_cursor in ("", cursor):
                return ContactDetail(external_contact=page.external_contact, follow_user=tuple(followers))
            cursor = page.next_cursor

    async def list_external_contacts(self, userid: str) -> list[str]:
        """All customers of one employee. 84061, WeCom's error for having none, is an empty list (§6.1)."""
        call = Call("externalcontact/list", query={"userid": userid})
        try:
            found = await self._transport.call(call, _ExternalUserids)
        except BusinessState as state:
            if state.errcode != NO_RELATION:
                raise
            return []
        return list(found.external_userid)
