"""继承: customers and groups go from one employee to another, on the job or after leaving. Contract §9.

A customer changes hands 24 h after an accepted transfer unless she refuses; at most twice in 90 days. Groups
change at once, at most 300 a day to one person. Nothing of this is heard of by callback, but what follows is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, at_most_items, not_all_empty
from integrations.wecom.transport import Page
from integrations.wecom.types import Moment, OpenNumber, OptionalMoment, Shape, UserId
from integrations.wecom.wire import Call

MAX_CUSTOMERS = 100
MAX_GROUPS = 100
MAX_MESSAGE_CHARS = 200
UNASSIGNED_PAGE = 1000


class TransferAnswer(Shape):
    """Of one customer: errcode 0 is accepted; else `error_for` gives the exception that it stands for."""

    external_userid: str
    errcode: int = 0

    @property
    def accepted(self) -> bool:
        return self.errcode == 0


class TransferStatus(OpenNumber):
    """NO_RECORD only on the job."""

    UNKNOWN = -1
    DONE = 1
    WAITING = 2
    REFUSED = 3
    TAKEOVER_FULL = 4
    NO_RECORD = 5


class TransferResult(Shape):
    """`takeover_time` is in the future while the transfer waits."""

    external_userid: str
    status: TransferStatus
    takeover_time: OptionalMoment = None


class Unassigned(Shape):
    """A customer whose employee has left."""

    handover_userid: UserId
    external_userid: str
    dimission_time: Moment


class GroupNotTransferred(Shape):
    chat_id: str
    errcode: int
    errmsg: str = ""


class _Answers(Shape):
    customer: tuple[TransferAnswer, ...] = ()


class _ResultPage(Page):
    customer: tuple[TransferResult, ...] = ()


class _UnassignedPage(Page):
    info: tuple[Unassigned, ...] = ()


class _Failures(Shape):
    failed_chat_list: tuple[GroupNotTransferred, ...] = ()


class Handover(Endpoints):
    async def transfer_customers(
        self, handover: str, takeover: str, external_userids: Sequence[str], *, message: str = ""
    ) -> list[TransferAnswer]:
        """At most 100 customers of an employee on the job. `message` is what the customer then reads.

        A repetition is safe: who is being transferred already is answered with 40100 or 40129.
        """
        at_most_chars("message", message, MAX_MESSAGE_CHARS)
        more = {"transfer_success_msg": message} if message else {}
        return await self._transfer("transfer_customer", handover, takeover, external_userids, more)

    def transfer_results(self, handover: str, takeover: str) -> AsyncIterator[TransferResult]:
        """All customers ever transferred between the two on the job."""
        return self._results("transfer_result", handover, takeover)

    async def transfer_resigned_customers(
        self, handover: str, takeover: str, external_userids: Sequence[str]
    ) -> list[TransferAnswer]:
        """At most 100 customers of an employee who has left; Refused 40097 while he has not."""
        return await self._transfer("resigned/transfer_customer", handover, takeover, external_userids, {})

    def resigned_transfer_results(self, handover: str, takeover: str) -> AsyncIterator[TransferResult]:
        return self._results("resigned/transfer_result", handover, takeover)

    async def list_unassigned(self) -> AsyncIterator[Unassigned]:
        """The customers of all who have left, until somebody takes them over."""
        body = {"page_size": UNASSIGNED_PAGE}
        pages = self._transport.pages("externalcontact/get_unassigned_list", body, _UnassignedPage)
        async for page in pages:
            for customer in page.info:
                yield customer

    async def transfer_groups(self, chat_ids: Sequence[str], new_owner: str) -> list[GroupNotTransferred]:
        """At most 100 groups of owners on the job, at once; the answer names only those that failed."""
        return await self._transfer_groups("onjob_transfer", chat_ids, new_owner)

    async def transfer_resigned_groups(
        self, chat_ids: Sequence[str], new_owner: str
    ) -> list[GroupNotTransferred]:
        """Groups whose owner has left: 90500 in the answer while he has not."""
        return await self._transfer_groups("transfer", chat_ids, new_owner)

    async def _transfer(
        self,
        api: str,
        handover: str,
        takeover: str,
        external_userids: Sequence[str],
        more: Mapping[str, object],
    ) -> list[TransferAnswer]:
        if handover.lower() == takeover.lower():
            raise InvalidMessage("takeover", "must be another employee")
        not_all_empty("external_userids", list(external_userids))
        at_most_items("external_userids", external_userids, MAX_CUSTOMERS)
        body = {
            "handover_userid": handover,
            "takeover_userid": takeover,
            "external_userid": list(external_userids),
            **more,
        }
        call = Call(f"externalcontact/{api}", body=body)
        return list((await self._transport.call(call, _Answers)).customer)

    async def _results(self, api: str, handover: str, takeover: str) -> AsyncIterator[TransferResult]:
        body = {"handover_userid": handover, "takeover_userid": takeover}
        async for page in self._transport.pages(f"externalcontact/{api}", body, _ResultPage):
            for result in page.customer:
                yield result

    async def _transfer_groups(
        self, api: str, chat_ids: Sequence[str], new_owner: str
    ) -> list[GroupNotTransferred]:
        not_all_empty("chat_ids", list(chat_ids))
        at_most_items("chat_ids", chat_ids, MAX_GROUPS)
        body = {"chat_id_list": list(chat_ids), "new_owner": new_owner}
        call = Call(f"externalcontact/groupchat/{api}", body=body)
        return list((await self._transport.call(call, _Failures)).failed_chat_list)
