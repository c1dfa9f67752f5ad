"""WeCom's own addresses, for a firewall: refresh them daily. Contract §1.1."""

from __future__ import annotations

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call


class _Ips(Shape):
    ip_list: tuple[str, ...] = ()


class Network(Endpoints):
    async def callback_ips(self) -> list[str]:
        """From where callbacks come; an entry may end in a star: 101.226.103.*"""
        return list((await self._transport.call(Call("getcallbackip"), _Ips)).ip_list)

    async def api_domain_ips(self) -> list[str]:
        """Where our calls go."""
        return list((await self._transport.call(Call("get_api_domain_ip"), _Ips)).ip_list)
