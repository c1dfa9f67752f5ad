"""The world outside, as the simulators' control API moves it: people scan, join, buy; employees tap."""

from typing import Any

import httpx


class Street:
    """Whatever happens outside our system in the demo and in the tests of the whole stack."""

    def __init__(self, http: httpx.AsyncClient, simulators_url: str) -> None:
        self._http, self._url = http, f"{simulators_url}/_control"

    async def do(self, what: str, **body: Any) -> Any:
        """POST one control call; its answer."""
        answer = await self._http.post(f"{self._url}/{what}", json=body)
        if answer.is_error:
            raise RuntimeError(f"simulators refused {what}: {answer.text}")
        return answer.json()

    async def see(self, what: str) -> Any:
        """GET what the world looks like."""
        answer = await self._http.get(f"{self._url}/{what}")
        answer.raise_for_status()
        return answer.json()

    async def delete(self, what: str) -> None:
        """DELETE what a control call has set."""
        (await self._http.delete(f"{self._url}/{what}")).raise_for_status()

    async def newcomer(self, nickname: str) -> tuple[str, str]:
        """Somebody who has never been here; her external_userid and unionid."""
        person = await self.do("people", nickname=nickname)
        return str(person["external_userid"]), str(person["unionid"])

    async def received(self, external_userid: str) -> list[dict[str, Any]]:
        """Everything that she has on her phone from us."""
        return list(await self.see(f"received/{external_userid}"))

    async def confirm_all_tasks(self) -> int:
        """Every employee confirms every task that waits for her; how many there were."""
        confirmed = 0
        for task in await self.see("tasks"):
            for part in task["parts"]:
                if part["status"] == 0 and not task["cancelled"]:
                    try:
                        await self.do("tasks/confirm", msgid=task["msgid"], userid=part["userid"])
                        confirmed += 1
                    except RuntimeError:
                        continue  # cancelled in this moment
        return confirmed

    async def publish_all_moments(self) -> int:
        """Every employee publishes every moment of the corp that waits for her; how many there were."""
        published = 0
        for moment in await self.see("moments"):
            for part in moment["parts"].values():
                if part["published_at"] is None and not moment["cancelled"] and not moment["deleted"]:
                    try:
                        what = {"moment_id": moment["moment_id"], "userid": part["userid"]}
                        await self.do("moments/publish", **what)
                        published += 1
                    except RuntimeError:
                        continue  # cancelled in this moment, or WeCom's job has not made it yet
        return published
