"""How the tests talk to the simulators, and the gateway that they talk to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from defusedxml import ElementTree

from simulators.world import World


@dataclass
class Receiver:
    """A gateway that answers as told: `statuses` first, then always 200; or as `answer` says."""

    statuses: list[int] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    answer: Callable[[httpx.Request], httpx.Response] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.answer is not None:
            return self.answer(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)


@dataclass
class Sim:
    http: httpx.AsyncClient
    world: World
    token: str = ""

    async def api(self, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """GET without a body, POST with one; always with a valid token."""
        token = await self.access_token()
        method = "GET" if body is None else "POST"
        response = await self.http.request(
            method, f"/cgi-bin/{path}", params={"access_token": token, **query}, json=body
        )
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def access_token(self) -> str:
        if not self.token:
            query = {"corpid": self.world.config.corp_id, "corpsecret": self.world.config.secret}
            self.token = (await self.http.get("/cgi-bin/gettoken", params=query)).json()["access_token"]
        return self.token

    async def errcode(self, path: str, body: Any = None, **query: str) -> int:
        return int((await self.api(path, body, **query))["errcode"])

    async def control(self, path: str, **body: Any) -> Any:
        response = await self.http.post(f"/_control/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def refused(self, path: str, **body: Any) -> int:
        response = await self.http.post(f"/_control/{path}", json=body)
        assert response.is_client_error, response.text
        assert response.json()["detail"]
        return response.status_code

    async def look(self, path: str, **query: str) -> Any:
        response = await self.http.get(f"/_control/{path}", params=query)
        assert response.is_success, response.text
        return response.json()

    async def advance(self, seconds: float) -> None:
        await self.control("clock", advance_seconds=seconds)

    async def employee(self, userid: str = "zhangsan", **more: Any) -> str:
        await self.control("employees", userid=userid, name=userid.title(), **more)
        return userid

    async def person(self, nickname: str = "小李", **more: Any) -> str:
        created = await self.control("people", nickname=nickname, **more)
        return str(created["external_userid"])

    async def friend(self, userid: str = "zhangsan", **how: Any) -> str:
        """A new customer who has added this employee."""
        await self.employee(userid)
        external_userid = await self.person()
        await self.control("add", userid=userid, external_userid=external_userid, **how)
        return external_userid

    async def other_app(self, agent_id: int = 1000003) -> "Sim":
        """The same world, called by another app of the corp."""
        secret = f"secret of {agent_id}"
        await self.control("settings", other_apps=[{"agent_id": agent_id, "secret": secret}])
        query = {"corpid": self.world.config.corp_id, "corpsecret": secret}
        token = (await self.http.get("/cgi-bin/gettoken", params=query)).json()["access_token"]
        return Sim(self.http, self.world, token)

    async def upload(self, content: bytes, api: str = "media/upload", **query: str) -> dict[str, Any]:
        query["access_token"] = await self.access_token()
        files = {"media": ("名.bin", content)}
        answer: dict[str, Any] = (await self.http.post(f"/cgi-bin/{api}", params=query, files=files)).json()
        return answer

    async def later(self, seconds: float) -> None:
        """Time passes, and a token of before may have ended with it."""
        await self.advance(seconds)
        self.token = ""

    async def contact_way(self, *users: str, state: str = "S1", **more: Any) -> str:
        body = {"type": 1 if len(users) == 1 else 2, "scene": 2, "user": users, "state": state, **more}
        return str((await self.api("externalcontact/add_contact_way", body))["config_id"])

    async def group(self, name: str = "福利群", owner: str = "zhangsan") -> str:
        await self.employee(owner)
        return str((await self.control("groups", name=name, owner=owner))["chat_id"])

    def events(self) -> list[dict[str, str]]:
        """Every callback so far, as element name to text."""
        trees = [ElementTree.fromstring(one.content) for one in self.world.callbacks.outbox.log]
        return [{element.tag: element.text or "" for element in tree} for tree in trees]

    def last_event(self) -> dict[str, str]:
        return self.events()[-1]


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
