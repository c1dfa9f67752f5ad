"""应用管理: the app itself. Official page: https://developer.work.weixin.qq.com/document/path/90227"""

from __future__ import annotations

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call


class AppDetail(Shape):
    """`close` is 1 for an app that is disabled (已停用). Who may see the app is not read."""

    agentid: int
    close: int = 0


class Apps(Endpoints):
    async def get_app(self, agent_id: int) -> AppDetail:
        """Raises Misconfigured 301002 or 40056 when the id is not of the app whose secret we use."""
        return await self._transport.call(Call("agent/get", query={"agentid": str(agent_id)}), AppDetail)
