"""An app's callback URL: sealed events go to it, and it must know how to open an echo (contract §3.1)."""

import secrets

import httpx

from simulators.callback_crypto import CallbackCrypto
from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.outbox import Delivery, Outbox
from simulators.state.org import App


class CallbackDoor:
    def __init__(self, config: SimulatorConfig, clock: SimulatorClock, outbox: Outbox) -> None:
        self._config = config
        self._clock = clock
        self._outbox = outbox

    def deliver(self, app: App, name: str, xml: str) -> None:
        url = self._url(app)
        if url is None and app.agent_id != self._config.agent_id:
            return  # nobody listens, and the log is about the main app
        delivery = self._outbox.record(name, xml, app.agent_id)
        if url is None:
            delivery.outcome = "no_url"
        else:
            self._outbox.send(delivery, self._request(url, app, xml))

    def again(self, app: App, delivery: Delivery) -> None:
        """A delivery that was under way when the process ended."""
        url = self._url(app)
        if url is not None:
            self._outbox.send(delivery, self._request(url, app, delivery.content))

    def has_url(self, app: App) -> bool:
        return self._url(app) is not None

    async def verify_url(self, url: str) -> bool:
        """What the admin console does when the URL is saved: the answer is the bare plaintext (§3.1)."""
        echo = str(secrets.randbelow(10**19))
        echostr, query = self._sealed(echo)
        request = httpx.Request("GET", httpx.URL(url).copy_merge_params({**query, "echostr": echostr}))
        response = await self._outbox.ask(request)
        return response.status_code == httpx.codes.OK and response.content == echo.encode()

    def _url(self, app: App) -> str | None:
        if app.agent_id == self._config.agent_id:
            return self._config.callback_url
        others = (other for other in self._config.other_apps if other.agent_id == app.agent_id)
        return next((other.callback_url for other in others), None)

    def _sealed(self, message: str) -> tuple[str, dict[str, str]]:
        """The encrypted message, and the query that signs it."""
        config = self._config
        crypto = CallbackCrypto(config.callback_token, config.callback_aes_key, config.corp_id)
        encrypted = crypto.encrypt(message)
        timestamp, nonce = str(self._clock.unix()), str(secrets.randbelow(10**10))
        signature = crypto.signature(timestamp, nonce, encrypted)
        return encrypted, {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _request(self, url: str, app: App, xml: str) -> httpx.Request:
        encrypted, query = self._sealed(xml)
        envelope = (
            f"<xml><ToUserName><![CDATA[{self._config.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{app.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        return httpx.Request(
            "POST",
            httpx.URL(url).copy_merge_params(query),
            content=envelope,
            headers={"Content-Type": "text/xml"},
        )
