"""应用消息: the app writes to employees. Contract §10.1.

Over 30 a minute or 1000 an hour to one employee WeCom drops silently. Avoid the full and the half hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_chars, at_most_items, not_all_empty
from integrations.wecom.template_cards import TemplateCard
from integrations.wecom.transport import Nothing, Transport
from integrations.wecom.types import Shape, UserId
from integrations.wecom.wire import Call

MAX_TEXT_BYTES = 2048
MAX_RECIPIENTS = 1000
MAX_TITLE_CHARS = 128
MAX_DESCRIPTION_CHARS = 512
MAX_URL_BYTES = 2048
MAX_BUTTON_CHARS = 4
MAX_DUPLICATE_CHECK_SECONDS = 4 * 3600


def _split(value: Any) -> Any:
    """WeCom joins ids with a bar: "u1|u2"."""
    return [part for part in value.split("|") if part] if isinstance(value, str) else value


UserIds = Annotated[tuple[UserId, ...], BeforeValidator(_split)]


class AppMessageSent(Shape):
    """ "ok" although some recipients were invalid.

    `response_code` is there for interactive cards only; it is good for one update_template_card, within 24 h
    (one page of WeCom's) or 72 h (another).
    """

    msgid: str = ""
    invaliduser: UserIds = ()
    unlicenseduser: UserIds = ()
    response_code: str = Field("", repr=False)


class _NotUpdated(Shape):
    invaliduser: UserIds = ()


class AppMessages(Endpoints):
    def __init__(self, transport: Transport, *, agent_id: int) -> None:
        super().__init__(transport)
        self._agent_id = agent_id

    async def send_app_text(
        self, userids: Sequence[str], text: str, *, duplicate_check_seconds: int = 0
    ) -> AppMessageSent:
        """`duplicate_check_seconds` (at most 4 h): the same message again within it is dropped by WeCom.

        Raises Refused 81013 when all recipients are invalid.
        """
        not_all_empty("text", text)
        at_most_bytes("text", text, MAX_TEXT_BYTES)
        return await self._send(userids, "text", {"content": text}, duplicate_check_seconds)

    async def send_text_card(
        self,
        userids: Sequence[str],
        *,
        title: str,
        description: str,
        url: str,
        btntxt: str = "",
        duplicate_check_seconds: int = 0,
    ) -> AppMessageSent:
        """A card that opens `url`. The description may hold <br> and <div class="gray|highlight|normal">."""
        for field, value in (("title", title), ("description", description), ("url", url)):
            not_all_empty(field, value)
        at_most_chars("title", title, MAX_TITLE_CHARS)
        at_most_chars("description", description, MAX_DESCRIPTION_CHARS)
        at_most_bytes("url", url, MAX_URL_BYTES)
        at_most_chars("btntxt", btntxt, MAX_BUTTON_CHARS)
        card = {"title": title, "description": description, "url": url}
        card |= {"btntxt": btntxt} if btntxt else {}
        return await self._send(userids, "textcard", card, duplicate_check_seconds)

    async def send_template_card(
        self, userids: Sequence[str], card: TemplateCard, *, duplicate_check_seconds: int = 0
    ) -> AppMessageSent:
        """A press of its buttons comes back as a CardEvent. The card's task_id must be new for the app."""
        card.check()
        return await self._send(userids, "template_card", card.wire(), duplicate_check_seconds)

    async def update_template_card(
        self,
        response_code: str,
        userids: Sequence[str] = (),
        *,
        replace_name: str | None = None,
        card: TemplateCard | None = None,
    ) -> list[str]:
        """Greys the buttons out under a new name, or puts another card in the place of the old one.

        For these employees, or for all who got the card. The code is that of the sending or of the press, and
        works once. Returns the userids for whom nothing changed.
        """
        if (replace_name is None) == (card is None):
            raise InvalidMessage("replace_name", "give a new name or a new card, and not both")
        at_most_items("userids", userids, MAX_RECIPIENTS)
        body: dict[str, object] = {"agentid": self._agent_id, "response_code": response_code}
        body |= {"userids": list(userids)} if userids else {"atall": 1}
        if card is None:
            not_all_empty("replace_name", replace_name)
            body["button"] = {"replace_name": replace_name}
        else:
            card.check()
            body["template_card"] = card.wire()
        call = Call("message/update_template_card", body=body)
        return list((await self._transport.call(call, _NotUpdated)).invaliduser)

    async def recall_message(self, msgid: str) -> None:
        """Within 24 h of sending."""
        await self._transport.call(Call("message/recall", body={"msgid": msgid}), Nothing)

    async def _send(
        self,
        userids: Sequence[str],
        msgtype: str,
        content: Mapping[str, object],
        duplicate_check_seconds: int,
    ) -> AppMessageSent:
        not_all_empty("userids", list(userids))
        at_most_items("userids", userids, MAX_RECIPIENTS)
        if not 0 <= duplicate_check_seconds <= MAX_DUPLICATE_CHECK_SECONDS:
            raise InvalidMessage(
                "duplicate_check_seconds", f"must be 0 (off) to {MAX_DUPLICATE_CHECK_SECONDS}"
            )
        body = {
            "touser": "|".join(userids),
            "msgtype": msgtype,
            "agentid": self._agent_id,
            msgtype: content,
        }
        if duplicate_check_seconds:
            body |= {"enable_duplicate_check": 1, "duplicate_check_interval": duplicate_check_seconds}
        return await self._transport.call(Call("message/send", body=body), AppMessageSent)
