"""获客助手: links that lead from a page or an advertisement to an employee's card. Contract §2.3.

They cost paid quota. The app sees only links that it made itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from enum import IntEnum
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import model_validator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_items, not_all_empty, span_of_days
from integrations.wecom.transport import Nothing, Page
from integrations.wecom.types import Moment, OpenNumber, OptionalMoment, Shape, UserId
from integrations.wecom.wire import Call

MAX_MEMBERS = 500  # departments expanded; only the named users can be counted here
MAX_CHANNEL_BYTES = 64
MAX_STATISTIC_DAYS = 30
LINK_PAGE = 100
CUSTOMER_PAGE = 1000

_API = "externalcontact/customer_acquisition"


class LinkRange(Shape):
    """Who may be added: userids, and department ids with all their members; at most 500 people."""

    user_list: tuple[str, ...] = ()
    department_list: tuple[int, ...] = ()

    def check(self) -> None:
        not_all_empty("range", self.user_list, self.department_list)
        at_most_items("range.user_list", self.user_list, MAX_MEMBERS)

    def wire(self) -> dict[str, object]:
        parts = {"user_list": list(self.user_list), "department_list": list(self.department_list)}
        return {name: ids for name, ids in parts.items() if ids}


class PriorityKind(IntEnum):
    """Who comes first for a customer who already has an employee: any of the corp's, or of those named."""

    NOBODY = 0
    WHOLE_CORP = 1
    NAMED = 2


class PriorityOption(Shape):
    priority_type: PriorityKind
    priority_userid_list: tuple[str, ...] = ()

    def check(self) -> None:
        if (self.priority_type is PriorityKind.NAMED) != bool(self.priority_userid_list):
            raise InvalidMessage("priority_option", "type 2 names employees, the others name none")

    def wire(self) -> dict[str, object]:
        named = {"priority_userid_list": list(self.priority_userid_list)} if self.priority_userid_list else {}
        return {"priority_type": int(self.priority_type), **named}


class AcquisitionLink(Shape):
    """`range` and what follows come from get_acquisition_link only."""

    link_id: str
    link_name: str = ""
    url: str = ""
    create_time: OptionalMoment = None
    skip_verify: bool | None = None
    range: LinkRange | None = None
    priority_option: PriorityOption | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_answer(cls, data: Any) -> Any:
        """The answers have the link's own fields inside `link`, and range and priority beside it."""
        link = data.get("link") if isinstance(data, dict) else None
        return {**data, **link} if isinstance(link, dict) else data


class ChatStatus(OpenNumber):
    UNKNOWN = -1
    SILENT = 0
    CUSTOMER_WROTE = 1
    NOT_KNOWN_TO_WECOM = 2


class AcquisitionCustomer(Shape):
    """`state` is the link's channel, cut at 64 bytes."""

    external_userid: str
    userid: UserId
    chat_status: ChatStatus = ChatStatus.NOT_KNOWN_TO_WECOM
    state: str = ""


class AcquisitionStatistic(Shape):
    click_link_customer_cnt: int = 0
    new_customer_cnt: int = 0


class QuotaPart(Shape):
    expire_date: Moment
    balance: int


class AcquisitionQuota(Shape):
    """In customers. `quota_list`: how many of the balance end when."""

    total: int
    balance: int
    quota_list: tuple[QuotaPart, ...] = ()


class _ChatInfo(Shape):
    recv_msg_cnt: int = 0
    link_id: str = ""
    state: str = ""


class AcquisitionChat(Shape):
    """`chat_info.recv_msg_cnt`: how many messages the employee has received."""

    userid: UserId
    external_userid: str
    chat_info: _ChatInfo = _ChatInfo()


class _LinkPage(Page):
    link_id_list: tuple[str, ...] = ()


class _CustomerPage(Page):
    customer_list: tuple[AcquisitionCustomer, ...] = ()


def with_channel(url: str, channel: str) -> str:
    """The link with its channel, which comes back as `State` in add events: at most 64 bytes, url-encoded."""
    encoded = quote(channel, safe="")
    if not channel:
        raise InvalidMessage("channel", "must not be empty")
    at_most_bytes("channel", encoded, MAX_CHANNEL_BYTES)
    return f"{url}{'&' if urlsplit(url).query else '?'}customer_channel={encoded}"


class Acquisition(Endpoints):
    async def create_acquisition_link(
        self,
        link_name: str,
        reach: LinkRange,
        *,
        skip_verify: bool = True,
        priority_option: PriorityOption | None = None,
    ) -> AcquisitionLink:
        """Not idempotent: after an Unreachable with maybe_done look into list_acquisition_links first.

        Raises QuotaExceeded 41095 at the count limit.
        """
        if not link_name:
            raise InvalidMessage("link_name", "must not be empty")
        body = _link(link_name, reach, skip_verify, priority_option)
        return await self._transport.call(Call(f"{_API}/create_link", body=body), AcquisitionLink)

    async def update_acquisition_link(
        self,
        link_id: str,
        *,
        link_name: str | None = None,
        reach: LinkRange | None = None,
        skip_verify: bool | None = None,
        priority_option: PriorityOption | None = None,
    ) -> None:
        """`reach` and `priority_option` replace the old ones; None leaves a field as it is. Idempotent."""
        body = {"link_id": link_id} | _link(link_name, reach, skip_verify, priority_option)
        await self._transport.call(Call(f"{_API}/update_link", body=body), Nothing)

    async def get_acquisition_link(self, link_id: str) -> AcquisitionLink:
        return await self._transport.call(Call(f"{_API}/get", body={"link_id": link_id}), AcquisitionLink)

    async def list_acquisition_links(self) -> AsyncIterator[str]:
        """The link_ids of the app's own links."""
        async for page in self._transport.pages(f"{_API}/list_link", {"limit": LINK_PAGE}, _LinkPage):
            for link_id in page.link_id_list:
                yield link_id

    async def delete_acquisition_link(self, link_id: str) -> None:
        """Causes no delete_link event."""
        await self._transport.call(Call(f"{_API}/delete_link", body={"link_id": link_id}), Nothing)

    async def list_acquisition_customers(self, link_id: str) -> AsyncIterator[AcquisitionCustomer]:
        body = {"link_id": link_id, "limit": CUSTOMER_PAGE}
        async for page in self._transport.pages(f"{_API}/customer", body, _CustomerPage):
            for customer in page.customer_list:
                yield customer

    async def get_acquisition_statistic(self, link_id: str, start: date, end: date) -> AcquisitionStatistic:
        """Whole days in China, at most 30 of the last 180."""
        body = {"link_id": link_id, **span_of_days(start, end, MAX_STATISTIC_DAYS)}
        return await self._transport.call(Call(f"{_API}/statistic", body=body), AcquisitionStatistic)

    async def get_acquisition_quota(self) -> AcquisitionQuota:
        return await self._transport.call(Call(f"{_API}_quota"), AcquisitionQuota)

    async def get_acquisition_chat(self, chat_key: str) -> AcquisitionChat:
        """`chat_key` comes with a message_from_customer event and lives 30 minutes."""
        return await self._transport.call(
            Call(f"{_API}/get_chat_info", body={"chat_key": chat_key}), AcquisitionChat
        )


def _link(
    link_name: str | None,
    reach: LinkRange | None,
    skip_verify: bool | None,
    priority_option: PriorityOption | None,
) -> dict[str, object]:
    for part in (reach, priority_option):
        if part is not None:
            part.check()
    given: dict[str, object] = {
        "link_name": link_name,
        "range": reach.wire() if reach else None,
        "skip_verify": skip_verify,
        "priority_option": priority_option.wire() if priority_option else None,
    }
    return {name: value for name, value in given.items() if value is not None}
