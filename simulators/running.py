"""A simulator over real HTTP inside of another program, such as somebody's tests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from simulators.app import create_app
from simulators.clock import Clock
from simulators.config import SimulatorConfig
from simulators.from_settings import standalone_config


@contextmanager
def running_simulator(
    config: SimulatorConfig | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
    state: Path | None = None,
) -> Iterator[str]:
    """Its address, as `http://127.0.0.1:PORT`, until the block ends. Port 0: any that is free.

    It runs in a thread of its own, so synchronous and asynchronous programs may call it alike. Without a
    config it is the corp of `python -m simulators --alone`.
    """
    app = create_app(config or standalone_config(), clock, state=state)
    listener = socket.create_server((host, port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # It listens already: whoever calls now is answered when the server has started.
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@dataclass
class Simulator:
    """What a test holds in its hands. `url` takes the place of https://qyapi.weixin.qq.com."""

    url: str
    config: SimulatorConfig

    def control(self, what: str, **body: Any) -> Any:
        """Presses a button: control("scan", external_userid=..., state="door")."""
        return self._answer(httpx.post(self._address(what), json=body, trust_env=False))

    def see(self, what: str, **query: str) -> Any:
        """Looks: see("world"), see("received/wm..."), see("callbacks", settled="true")."""
        return self._answer(httpx.get(self._address(what), params=query, trust_env=False))

    def _address(self, what: str) -> str:
        return f"{self.url}/_control/{what}"

    def _answer(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"the simulator refused: {answer.text}"
        return answer.json()
