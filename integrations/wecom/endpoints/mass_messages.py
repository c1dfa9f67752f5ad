"""企业群发: a task that an employee confirms; then only polling tells what happened. Contract §8.1, §8.2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Literal

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_items, not_all_empty
from integrations.wecom.messages import Message
from integrations.wecom.transport import Nothing, Page
from integrations.wecom.types import Content, Moment, OpenNumber, OptionalMoment, Shape, UserId
from integrations.wecom.wire import Call

MAX_CUSTOMERS = 10_000
MAX_GROUPS = 2000
MAX_TAG_GROUPS = 100
MAX_TAGS_PER_GROUP = 100
MAX_LIST_SPAN = timedelta(days=31)  # "at most one month"
LIST_PAGE = 100
RESULT_PAGE = 1000

ChatType = Literal["single", "group"]


class MassTask(Shape):
    """single: `external_userids`, or a `sender` for all customers of that employee, or a `tag_filter`, or the
    two together; a tag_filter is groups of tag ids and asks for one tag of every group.
    group: a `sender` (the owner), and `chat_ids` or none for all of the owner's groups.
    `allow_select`: the employee may leave recipients out."""

    chat_type: ChatType
    message: Message
    external_userids: tuple[str, ...] = ()
    chat_ids: tuple[str, ...] = ()
    sender: str = ""
    tag_filter: tuple[tuple[str, ...], ...] = ()
    allow_select: bool = False

    def check(self) -> None:
        self.message.check()
        at_most_items("external_userids", self.external_userids, MAX_CUSTOMERS)
        at_most_items("chat_ids", self.chat_ids, MAX_GROUPS)
        self._check_tags()
        if self.chat_type == "group" and (not self.sender or self.external_userids):
            raise InvalidMessage("sender", "a group task needs a sender and takes no external_userids")
        someone = self.external_userids or self.sender or self.tag_filter
        if self.chat_type == "single" and (not someone or self.chat_ids):
            raise InvalidMessage(
                "external_userids", "a single task needs customers, a sender or tags, and no chat_ids"
            )

    def _check_tags(self) -> None:
        if self.tag_filter and (self.chat_type == "group" or self.external_userids):
            # WeCom would ignore it and send to more people than meant.
            raise InvalidMessage("tag_filter", "only for a single task without external_userids")
        at_most_items("tag_filter", self.tag_filter, MAX_TAG_GROUPS)
        for number, tags in enumerate(self.tag_filter):
            not_all_empty(f"tag_filter[{number}]", tags)
            at_most_items(f"tag_filter[{number}]", tags, MAX_TAGS_PER_GROUP)

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {"chat_type": self.chat_type, "allow_select": self.allow_select}
        body |= {"external_userid": list(self.external_userids)} if self.external_userids else {}
        body |= {"chat_id_list": list(self.chat_ids)} if self.chat_ids else {}
        body |= {"sender": self.sender} if self.sender else {}
        groups = [{"tag_list": list(tags)} for tags in self.tag_filter]
        body |= {"tag_filter": {"group_list": groups}} if groups else {}
        return body | self.message.wire()


class MassTaskCreated(Shape):
    """`fail_list`: external_userids that the task leaves out (invalid, or no employee in range)."""

    msgid: str
    fail_list: tuple[str, ...] = ()


class GroupMsg(Shape):
    """`creator` is absent for a task made by API. `create_type` 0 corp, 1 personal."""

    msgid: str
    create_time: Moment
    create_type: int = 0
    creator: UserId | None = None
    text: Content = ""


class TaskMember(Shape):
    """One employee's part of a task."""

    userid: UserId
    status: int
    send_time: OptionalMoment = None

    @property
    def sent(self) -> bool:
        """She confirmed. The page says 2 and its sample shows 1 (contract §8.2)."""
        return self.status in (1, 2)


class SendStatus(OpenNumber):
    """contract §8.2; a value that WeCom adds one day is read as UNKNOWN."""

    UNKNOWN = -1
    NOT_SENT = 0
    SENT = 1
    NOT_FRIEND = 2
    CAPPED = 3


class SendResult(Shape):
    """Of one recipient: `external_userid` in a single task, `chat_id` in a group task (sent records only)."""

    userid: UserId
    status: SendStatus
    external_userid: str | None = None
    chat_id: str | None = None
    send_time: OptionalMoment = None


class _MsgPage(Page):
    group_msg_list: tuple[GroupMsg, ...] = ()


class _TaskPage(Page):
    task_list: tuple[TaskMember, ...] = ()


class _ResultPage(Page):
    send_list: tuple[SendResult, ...] = ()


class MassMessages(Endpoints):
    async def add_msg_template(self, task: MassTask) -> MassTaskCreated:
        """Not idempotent: after an Unreachable with maybe_done look into list_groupmsgs before another try.

        Raises BusinessState 41048 when nobody can be reached.
        """
        task.check()
        return await self._transport.call(
            Call("externalcontact/add_msg_template", body=task.wire()), MassTaskCreated
        )

    async def list_groupmsgs(
        self,
        chat_type: ChatType,
        start: datetime,
        end: datetime,
        *,
        creator: str = "",
        filter_type: int = 2,
    ) -> AsyncIterator[GroupMsg]:
        """At most a month; `filter_type` 0 corp, 1 personal, 2 both."""
        if not start <= end <= start + MAX_LIST_SPAN:
            raise InvalidMessage("end", "must be at or after start and at most a month later")
        body: dict[str, object] = {
            "chat_type": chat_type,
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()),
            "filter_type": filter_type,
            "limit": LIST_PAGE,
        }
        body |= {"creator": creator} if creator else {}
        async for page in self._transport.pages("externalcontact/get_groupmsg_list_v2", body, _MsgPage):
            for msg in page.group_msg_list:
                yield msg

    async def get_groupmsg_task(self, msgid: str) -> list[TaskMember]:
        """Raises Transient 41063 straight after creation, BusinessState 41093 when it was cancelled."""
        body = {"msgid": msgid, "limit": RESULT_PAGE}
        pages = self._transport.pages("externalcontact/get_groupmsg_task", body, _TaskPage)
        return [member async for page in pages for member in page.task_list]

    async def get_groupmsg_send_result(self, msgid: str, userid: str) -> AsyncIterator[SendResult]:
        body = {"msgid": msgid, "userid": userid, "limit": RESULT_PAGE}
        async for page in self._transport.pages(
            "externalcontact/get_groupmsg_send_result", body, _ResultPage
        ):
            for result in page.send_list:
                yield result

    async def remind_groupmsg_send(self, msgid: str) -> None:
        """Reminds those who have not confirmed. Raises QuotaExceeded 41094 at the fourth in 24 h."""
        call = Call("externalcontact/remind_groupmsg_send", body={"msgid": msgid})
        await self._transport.call(call, Nothing)

    async def cancel_groupmsg_send(self, msgid: str) -> None:
        """Stops what is unsent; what is sent stays sent. Afterwards reads give BusinessState 41093."""
        call = Call("externalcontact/cancel_groupmsg_send", body={"msgid": msgid})
        await self._transport.call(call, Nothing)
