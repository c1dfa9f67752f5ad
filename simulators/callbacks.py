"""The callbacks that WeCom sends to the app (contract §3.1-3.5). Calls of the API itself cause none."""

import secrets
from collections.abc import Sequence
from typing import Literal

import httpx

from simulators.callback_crypto import CallbackCrypto
from simulators.callback_xml import Value, event_xml, raw_event_xml
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.outbox import Outbox

CustomerChange = Literal[
    "add_external_contact",
    "add_half_external_contact",
    "del_external_contact",
    "del_follow_user",
    "msg_audit_approved",
]


class Callbacks:
    def __init__(self, config: SimulatorConfig, clock: SimulatorClock, outbox: Outbox) -> None:
        self.config = config
        self._clock = clock
        self.outbox = outbox

    def customer(
        self,
        change: CustomerChange,
        userid: str,
        external_userid: str,
        *,
        state: str | None = None,
        welcome_code: str | None = None,
    ) -> None:
        fields: dict[str, Value] = {
            "ChangeType": change,
            "UserID": userid,
            "ExternalUserID": external_userid,
            "State": state or None,
            "WelcomeCode": welcome_code,
        }
        self._event("change_external_contact", change, fields)

    def group(self, change: Literal["create", "dismiss"], chat_id: str) -> None:
        self._event("change_external_chat", change, {"ChatId": chat_id, "ChangeType": change})

    def group_members(
        self,
        detail: Literal["add_member", "del_member"],
        chat_id: str,
        members: Sequence[str],
        versions: tuple[str, str],
        *,
        join_scene: int = 0,
        quit_scene: int = 0,
    ) -> None:
        fields: dict[str, Value] = {
            "ChatId": chat_id,
            "ChangeType": "update",
            "UpdateDetail": detail,
            "JoinScene": join_scene,
            "QuitScene": quit_scene,
            "MemChangeCnt": len(members),
            "MemChangeList": self._member_list(members),
            "LastMemVer": versions[0],
            "CurMemVer": versions[1],
        }
        self._event("change_external_chat", f"update/{detail}", fields)

    def raw(self, inner: str) -> None:
        """Any inner XML, properly signed: for events that the app does not know."""
        self._send("raw", raw_event_xml(self.config.corp_id, self._clock.unix(), inner))

    def _member_list(self, members: Sequence[str]) -> Value:
        match self.config.mem_change_list:
            case "items":
                return members
            case "csv":
                return ",".join(members)
            case "absent":
                return None

    def _event(self, event: str, change: str, fields: dict[str, Value]) -> None:
        self._send(change, event_xml(self.config.corp_id, self._clock.unix(), event, fields))

    def _send(self, name: str, xml: str) -> None:
        delivery = self.outbox.record(name, xml)
        if self.config.callback_url is None:
            delivery.outcome = "no_url"
        else:
            self.outbox.send(delivery, self._request(self.config.callback_url, xml))

    async def verify_url(self, url: str) -> bool:
        """What the admin console does when the URL is saved: the answer is the bare plaintext (§3.1)."""
        echo = str(secrets.randbelow(10**19))
        echostr, query = self._sealed(echo)
        request = httpx.Request("GET", httpx.URL(url).copy_merge_params({**query, "echostr": echostr}))
        response = await self.outbox.ask(request)
        return response.status_code == httpx.codes.OK and response.content == echo.encode()

    def _sealed(self, message: str) -> tuple[str, dict[str, str]]:
        """The encrypted message, and the query that signs it."""
        config = self.config
        crypto = CallbackCrypto(config.callback_token, config.callback_aes_key, config.corp_id)
        encrypted = crypto.encrypt(message)
        timestamp, nonce = str(self._clock.unix()), str(secrets.randbelow(10**10))
        signature = crypto.signature(timestamp, nonce, encrypted)
        return encrypted, {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _request(self, url: str, xml: str) -> httpx.Request:
        encrypted, query = self._sealed(xml)
        envelope = (
            f"<xml><ToUserName><![CDATA[{self.config.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{self.config.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        return httpx.Request(
            "POST",
            httpx.URL(url).copy_merge_params(query),
            content=envelope,
            headers={"Content-Type": "text/xml"},
        )
