"""客户朋友圈: a task that employees confirm, made by a job that runs for seconds. Contract §8.3."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_chars, at_most_items
from integrations.wecom.transport import Nothing, Page
from integrations.wecom.types import Content, Moment, OpenNumber, Shape, UserId
from integrations.wecom.wire import Call

MAX_TEXT_CHARS = 2000
MAX_IMAGES = 9
MAX_SENDERS = 100_000
MAX_LINK_TITLE_BYTES = 64
MAX_LIST_SPAN = timedelta(days=30)
LIST_PAGE = 20
TASK_PAGE = 1000
RESULT_PAGE = 5000


class MomentLink(Shape):
    """`media_id` is the link's picture."""

    title: str
    url: str
    media_id: str


class MomentTask(Shape):
    """A text with up to 9 images, or one video, or one link; media_ids of upload_attachment only.

    `users` and `departments` send, `tags` (corp tags) see. Only senders: for all their customers. Only tags:
    for the tagged, by whoever has them. Both: by these senders, for the tagged alone.
    """

    text: str = ""
    images: tuple[str, ...] = ()
    video: str = ""
    link: MomentLink | None = None
    users: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()

    def check(self) -> None:
        kinds = sum(map(bool, (self.images, self.video, self.link)))
        if not self.text and not kinds:
            raise InvalidMessage("text", "give a text or an attachment")
        if kinds > 1:
            raise InvalidMessage("images", "give images, a video or a link, not several of them")
        at_most_chars("text", self.text, MAX_TEXT_CHARS)
        at_most_items("images", self.images, MAX_IMAGES)
        at_most_items("users", self.users, MAX_SENDERS)
        if self.link:
            at_most_bytes("link.title", self.link.title, MAX_LINK_TITLE_BYTES)

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {"text": {"content": self.text}} if self.text else {}
        attachments = self._attachments()
        body |= {"attachments": attachments} if attachments else {}
        visible = self._visible()
        return body | ({"visible_range": visible} if visible else {})

    def _attachments(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = [
            {"msgtype": "image", "image": {"media_id": media_id}} for media_id in self.images
        ]
        found += [{"msgtype": "video", "video": {"media_id": self.video}}] if self.video else []
        return found + ([{"msgtype": "link", "link": self.link.model_dump()}] if self.link else [])

    def _visible(self) -> dict[str, object]:
        senders: dict[str, object] = {"user_list": list(self.users)} if self.users else {}
        senders |= {"department_list": list(self.departments)} if self.departments else {}
        visible: dict[str, object] = {"sender_list": senders} if senders else {}
        return visible | ({"external_contact_list": {"tag_list": list(self.tags)}} if self.tags else {})


class JobStatus(OpenNumber):
    UNKNOWN = -1
    STARTED = 1
    RUNNING = 2
    DONE = 3


class InvalidSenders(Shape):
    user_list: tuple[UserId, ...] = ()
    department_list: tuple[int, ...] = ()


class InvalidTags(Shape):
    tag_list: tuple[str, ...] = ()


class MomentOutcome(Shape):
    """`errcode` is 0 when the task was made; else `error_for` gives the exception that it stands for."""

    errcode: int = 0
    errmsg: str = ""
    moment_id: str = ""
    invalid_sender_list: InvalidSenders = InvalidSenders()
    invalid_external_contact_list: InvalidTags = InvalidTags()


class MomentJob(Shape):
    """`result` is there once the status is DONE."""

    status: JobStatus
    result: MomentOutcome | None = None


class _MediaRef(Shape):
    media_id: str = ""


class _LinkRef(Shape):
    title: str = ""
    url: str = ""


class ListedMoment(Shape):
    """`create_type` 0 corp, 1 personal; `visible_type` 0 part, 1 public."""

    moment_id: str
    creator: UserId | None = None
    create_time: Moment
    create_type: int = 0
    visible_type: int = 0
    text: Content = ""
    image: tuple[_MediaRef, ...] = ()
    video: _MediaRef | None = None
    link: _LinkRef | None = None


class MomentMember(Shape):
    """One employee's part of a task."""

    userid: UserId
    publish_status: int = 0

    @property
    def published(self) -> bool:
        return self.publish_status == 1


class MomentReaction(Shape):
    """By a customer or by an employee: the other id is None."""

    external_userid: str | None = None
    userid: UserId | None = None
    create_time: Moment


class MomentReactions(Shape):
    comment_list: tuple[MomentReaction, ...] = ()
    like_list: tuple[MomentReaction, ...] = ()


class _JobId(Shape):
    jobid: str


class _Customer(Shape):
    external_userid: str


class _MomentPage(Page):
    moment_list: tuple[ListedMoment, ...] = ()


class _TaskPage(Page):
    task_list: tuple[MomentMember, ...] = ()


class _CustomerPage(Page):
    customer_list: tuple[_Customer, ...] = ()


class Moments(Endpoints):
    async def add_moment_task(self, task: MomentTask) -> str:
        """The jobid, good for 24 h. Not idempotent: after an Unreachable with maybe_done see list_moments.

        At most 10 a minute (QuotaExceeded 45009), and Transient 41078 while too many jobs run.
        """
        task.check()
        call = Call("externalcontact/add_moment_task", body=task.wire())
        return (await self._transport.call(call, _JobId)).jobid

    async def get_moment_task_result(self, jobid: str) -> MomentJob:
        call = Call("externalcontact/get_moment_task_result", query={"jobid": jobid})
        return await self._transport.call(call, MomentJob)

    async def list_moments(
        self, start: datetime, end: datetime, *, creator: str = "", filter_type: int = 2
    ) -> AsyncIterator[ListedMoment]:
        """At most 30 days; `filter_type` 0 corp, 1 personal, 2 both. Deleted ones are not listed."""
        if not start <= end <= start + MAX_LIST_SPAN:
            raise InvalidMessage("end", "must be at or after start and at most 30 days later")
        body: dict[str, object] = {
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()),
            "filter_type": filter_type,
            "limit": LIST_PAGE,
        }
        body |= {"creator": creator} if creator else {}
        async for page in self._transport.pages("externalcontact/get_moment_list", body, _MomentPage):
            for moment in page.moment_list:
                yield moment

    async def get_moment_task(self, moment_id: str) -> list[MomentMember]:
        """Who has published. Raises Transient 41079 while the moment is being dispatched."""
        body = {"moment_id": moment_id, "limit": TASK_PAGE}
        pages = self._transport.pages("externalcontact/get_moment_task", body, _TaskPage)
        return [member async for page in pages for member in page.task_list]

    async def get_moment_customers(self, moment_id: str, userid: str) -> AsyncIterator[str]:
        """The external_userids for whom this employee's moment is meant."""
        body = {"moment_id": moment_id, "userid": userid, "limit": TASK_PAGE}
        pages = self._transport.pages("externalcontact/get_moment_customer_list", body, _CustomerPage)
        async for page in pages:
            for customer in page.customer_list:
                yield customer.external_userid

    async def get_moment_send_result(self, moment_id: str, userid: str) -> AsyncIterator[str]:
        """The external_userids who can see this employee's moment. BusinessState 41062: not published yet."""
        body = {"moment_id": moment_id, "userid": userid, "limit": RESULT_PAGE}
        pages = self._transport.pages("externalcontact/get_moment_send_result", body, _CustomerPage)
        async for page in pages:
            for customer in page.customer_list:
                yield customer.external_userid

    async def get_moment_comments(self, moment_id: str, userid: str) -> MomentReactions:
        body = {"moment_id": moment_id, "userid": userid}
        call = Call("externalcontact/get_moment_comments", body=body)
        return await self._transport.call(call, MomentReactions)

    async def cancel_moment_task(self, moment_id: str) -> None:
        """Stops what is unpublished; what is published stays."""
        call = Call("externalcontact/cancel_moment_task", body={"moment_id": moment_id})
        await self._transport.call(call, Nothing)
