"""应用消息: the app writes to employees. Contract §10.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_bytes, at_most_items
from integrations.wecom.transport import Transport
from integrations.wecom.types import Shape, UserId
from integrations.wecom.wire import Call

MAX_TEXT_BYTES = 2048
MAX_RECIPIENTS = 1000


def _split(value: Any) -> Any:
    """WeCom joins ids with a bar: "u1|u2"."""
    return [part for part in value.split("|") if part] if isinstance(value, str) else value


class AppMessageSent(Shape):
    """ "ok" although some recipients were invalid. Over 30 a minute per employee WeCom drops silently."""

    msgid: str = ""
    invaliduser: Annotated[tuple[UserId, ...], BeforeValidator(_split)] = ()


class Staff(Endpoints):
    def __init__(self, transport: Transport, *, agent_id: int) -> None:
        super().__init__(transport)
        self._agent_id = agent_id

    async def send_app_text(self, userids: Sequence[str], text: str) -> AppMessageSent:
        """Raises Refused 81013 when all recipients are invalid."""
        if not userids or not text:
            raise InvalidMessage("userids" if text else "text", "must not be empty")
        at_most_items("userids", userids, MAX_RECIPIENTS)
        at_most_bytes("text", text, MAX_TEXT_BYTES)
        body = {
            "touser": "|".join(userids),
            "msgtype": "text",
            "agentid": self._agent_id,
            "text": {"content": text},
        }
        return await self._transport.call(Call("message/send", body=body), AppMessageSent)
