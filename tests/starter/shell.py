"""The command line as a process of its own, against a database and simulators that are up."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from settings import ROOT, Settings, environment, utc_now
from simulators.app import create_app
from simulators.from_settings import simulator_config
from simulators.world import World
from starter.demo.street import Street
from starter.preview.corp import made_up_settings
from starter.preview.serving import free_socket, serving


@dataclass
class Done:
    code: int
    out: str
    err: str


@dataclass
class Shell:
    """`folder` is where commands run; their settings are those of .env.example with ports of their own."""

    folder: Path
    world: World
    street: Street
    settings: Settings

    async def start(self, *arguments: str, **env: str) -> asyncio.subprocess.Process:
        settings = self.settings
        example = {"PYTHONPATH": str(ROOT), "DATA_DIR": str(self.folder), "COLUMNS": "200"}
        ours = {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "WECOM_BASE_URL": settings.wecom_base_url,
            "PUBLIC_URL": "https://journeys.example.com",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "starter",
            *arguments,
            cwd=self.folder,
            env=environment() | example | ours | env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, **env: str) -> Done:
        process = await self.start(*arguments, **env)
        out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return Done(process.returncode, out.decode(), err.decode())


@contextlib.asynccontextmanager
async def open_shell(database_url: str, folder: Path) -> AsyncIterator[Shell]:
    socket = free_socket()
    settings = made_up_settings(database_url, 1, socket.port)
    (folder / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    app = create_app(simulator_config(settings), utc_now)
    async with serving(app, socket), httpx.AsyncClient() as http:
        yield Shell(folder, app.state.world, Street(http, f"http://127.0.0.1:{socket.port}"), settings)
