"""The control API, entered from within: a population does what a person at the buttons could do, no more."""

from typing import Any

import httpx
from starlette.types import ASGIApp

from simulators.state.refused import Refused

# Recognised by `SaveBeforeAnswering`: a whole advance is saved once, not after every step.
INSIDE = ("population", 0)


class Door:
    def __init__(self, app: ASGIApp) -> None:
        transport = httpx.ASGITransport(app=app, client=INSIDE)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://inside/_control")

    async def do(self, what: str, **body: Any) -> Any:
        """Presses a button. Raises Refused with the world's reason."""
        answer = await self._http.post(f"/{what}", json=body)
        if answer.is_client_error:
            raise Refused(str(answer.json()["detail"]), status=answer.status_code)
        return answer.raise_for_status().json()

    async def see(self, what: str) -> Any:
        return (await self._http.get(f"/{what}")).raise_for_status().json()

    async def close(self) -> None:
        await self._http.aclose()
