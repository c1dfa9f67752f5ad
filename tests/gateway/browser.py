"""Chromium as a phone, over real HTTP: the gateway, and the simulator that serves the QR pictures."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from temporalio.client import Client

from domain.events import FormName
from domain.links import FormLinks
from settings import Settings
from simulators.app import create_app
from simulators.from_settings import simulator_config
from starter.demo.street import Street
from starter.preview.corp import made_up_settings
from starter.preview.serving import free_socket, serving
from storage.database import Database
from tests.gateway.chain import NAMES, STORES, WECHAT, Chain
from tests.gateway.door import NOW, clock, gateway

PHONE, NARROW = {"width": 375, "height": 812}, {"width": 320, "height": 568}
ZHONGGUANCUN = {"latitude": 40.001, "longitude": 116.301}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own browser; nothing is downloaded."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        missing = "there is no Chromium on the PATH: `make browser` installs it"
        if os.environ.get("REQUIRE_BROWSER"):  # noqa: TID251 - a switch of the tests alone
            pytest.fail(missing)
        pytest.skip(missing)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Phone:
    """A customer's phone in front of a poster."""

    chain: Chain
    base_url: str
    browser: Browser
    links: FormLinks

    @asynccontextmanager
    async def page(self, **how: Any) -> AsyncIterator[Page]:
        """A fresh page. Whatever the browser complains of is an error."""
        context: BrowserContext = await self.browser.new_context(
            **{"viewport": PHONE, "user_agent": WECHAT, "locale": "zh-CN"} | {"is_mobile": True} | how,
            has_touch=True,
            base_url=self.base_url,
        )
        page, complaints = await context.new_page(), []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        await context.close()
        # A page with a status of 4xx is one that we wanted.
        assert [c for c in complaints if "Failed to load resource: the server responded" not in c] == []

    def form(self, form: FormName, customer: str = "wm1") -> str:
        return self.links.link(customer, form, NOW)


@asynccontextmanager
async def phone_in_front_of(browser: Browser, database: Database, temporal: Client) -> AsyncIterator[Phone]:
    """The gateway and the simulators on ports of their own, and a chain whose QR pictures WeCom serves."""
    async with AsyncExitStack() as stack:
        doors, simulators = free_socket(), free_socket()
        settings = made_up_settings("postgresql://nowhere/none", doors.port, simulators.port)
        http = await stack.enter_async_context(httpx.AsyncClient())
        await stack.enter_async_context(serving(create_app(simulator_config(settings), clock), simulators))
        await stack.enter_async_context(serving(gateway(settings, database, temporal, http), doors))
        pictures = await _pictures(http, settings)
        chain = await Chain(database, pictures.__getitem__).open()
        base_url = settings.gateway_url
        links = FormLinks(settings.link_key.get_secret_value().encode(), base_url)
        yield Phone(chain, base_url, browser, links)


async def _pictures(http: httpx.AsyncClient, settings: Settings) -> dict[str, str]:
    """The addresses of real QR pictures: one for each employee, one for each store's common code."""
    api = f"{settings.wecom_base_url}/cgi-bin"
    who = {"corpid": settings.wecom_corp_id, "corpsecret": settings.wecom_secret.get_secret_value()}
    token = (await http.get(f"{api}/gettoken", params=who)).json()["access_token"]
    found = {}
    street = Street(http, settings.wecom_base_url)
    for userid, name in NAMES.items():
        await street.do("employees", userid=userid, name=name)
    for name in [*NAMES, *(f"common-{store.id}" for store in STORES)]:
        way = {"type": 2, "scene": 2, "state": name, "user": [name] if name in NAMES else list(NAMES)}
        address = f"{api}/externalcontact/add_contact_way"
        found[name] = (await http.post(address, params={"access_token": token}, json=way)).json()["qr_code"]
    return found
