"""FastAPI apps on real sockets of this process, on ports that are free."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI


@dataclass
class Listening:
    """A bound socket, so that the port is known before the server runs."""

    socket: socket.socket
    port: int


def free_socket() -> Listening:
    # asyncio sends small answers at once only on sockets that say that they are TCP; others cost 40 ms each.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    return Listening(bound, bound.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(app: FastAPI, listening: Listening) -> AsyncIterator[None]:
    """Serve an app on a real socket in this event loop."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listening.socket]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
