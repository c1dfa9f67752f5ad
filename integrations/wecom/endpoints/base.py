"""What the groups of endpoints share; client.py joins the groups into one client."""

from __future__ import annotations

from integrations.wecom.transport import Transport


class Endpoints:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
