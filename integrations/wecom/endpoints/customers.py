"""客户: lists, detail, remarks and the welcome message. Contract §4.1, §6.1 and §6.2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from pydantic import Field

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import BusinessState
from integrations.wecom.limits import at_most_chars, chunks, not_all_empty
from integrations.wecom.messages import Message
from integrations.wecom.transport import Nothing, Page
from integrations.wecom.types import Moment, Shape, UserId
from integrations.wecom.wire import Call

NO_RELATION = 84061
MAX_USERS_PER_BATCH = 100
BATCH_PAGE = 100
MAX_REMARK_CHARS = 20
MAX_DESCRIPTION_CHARS = 150


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
    remark_corp_name: str | None = None
    description: str = Field("", repr=False)
    oper_userid: str = ""
    tags: tuple[FollowTag, ...] = ()


class FollowInfo(Shape):
    """A FollowUser as lists give it: `tag_id` are the ids of the corp tags, without names."""

    userid: UserId
    createtime: Moment
    add_way: int = 0
    state: str | None = None
    remark: str = Field("", repr=False)
    remark_mobiles: tuple[str, ...] = Field((), repr=False)
    remark_corp_name: str | None = None
    description: str = Field("", repr=False)
    oper_userid: str = ""
    tag_id: tuple[str, ...] = ()


class ContactOf(Shape):
    """One customer of one employee."""

    external_contact: ExternalContact
    follow_info: FollowInfo


class ContactDetail(Shape):
    """`follow_user` has only the employees inside the app's visible range."""

    external_contact: ExternalContact
    follow_user: tuple[FollowUser, ...] = ()


class _DetailPage(ContactDetail, Page):
    pass


class _ExternalUserids(Shape):
    external_userid: tuple[str, ...] = ()


class _FollowUsers(Shape):
    follow_user: tuple[UserId, ...] = ()


class _ContactPage(Page):
    external_contact_list: tuple[ContactOf, ...] = ()


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

    async def get_follow_users(self) -> list[str]:
        """The employees with the customer-contact function inside the app's visible range."""
        found = await self._transport.call(Call("externalcontact/get_follow_user_list"), _FollowUsers)
        return list(found.follow_user)

    async def list_contacts_of(self, userids: Sequence[str]) -> AsyncIterator[ContactOf]:
        """All customers of these employees, a hundred employees at a time; a customer comes once for each.

        Employees without any customer are left out, alone or among others.
        """
        for some in chunks(userids, MAX_USERS_PER_BATCH):
            async for contact in self._contacts_of(some):
                yield contact

    async def _contacts_of(self, userids: Sequence[str]) -> AsyncIterator[ContactOf]:
        body = {"userid_list": list(userids), "limit": BATCH_PAGE}
        found_some = False
        try:
            async for page in self._transport.pages("externalcontact/batch/get_by_user", body, _ContactPage):
                for contact in page.external_contact_list:
                    found_some = True
                    yield contact
        except BusinessState as state:
            if state.errcode != NO_RELATION or found_some:
                raise
            # Whether one without customers spoils it for the others is not published: ask for each alone.
            for userid in userids if len(userids) > 1 else ():
                async for contact in self._contacts_of([userid]):
                    yield contact

    async def remark_customer(
        self,
        userid: str,
        external_userid: str,
        *,
        remark: str | None = None,
        description: str | None = None,
        company: str | None = None,
        mobiles: Sequence[str] | None = None,
        picture: str | None = None,
    ) -> None:
        """What the employee sees of the customer; None leaves a field as it is. Idempotent.

        `mobiles` replaces the old list, an empty one clears it; `company` is for WeChat customers only;
        `picture` is a media_id. One write at a time per pair (TooConcurrent); BusinessState 84061.
        """
        at_most_chars("remark", remark, MAX_REMARK_CHARS)
        at_most_chars("description", description, MAX_DESCRIPTION_CHARS)
        at_most_chars("company", company, MAX_REMARK_CHARS)
        given: dict[str, object] = {
            "remark": remark,
            "description": description,
            "remark_company": company,
            # WeCom clears the list when it holds an empty string (contract §6.1).
            "remark_mobiles": None if mobiles is None else list(mobiles) or [""],
            "remark_pic_mediaid": picture,
        }
        not_all_empty("remark", *given.values())  # WeCom refuses a call that only empties texts, too
        changes = {name: value for name, value in given.items() if value is not None}
        body = {"userid": userid, "external_userid": external_userid} | changes
        await self._transport.call(Call("externalcontact/remark", body=body), Nothing)
