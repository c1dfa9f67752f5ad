"""`/s/{code}`: what a poster opens. Shows the employee who receives best now; counts openings, not people.

A scan is one opening of the page in a browser: a reload counts, a look by a link preview, a crawler or a
prefetch does not. No cookie, no address, no identity is kept; where she stands is neither stored nor logged.
"""

import logging
import math
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.geo import Place
from domain.reception import Reception, choose
from gateway.bodies import TooLarge, read_body
from gateway.pages import rendering
from settings import Clock
from storage import scans
from storage.database import Database
from storage.scans import Elsewhere, Receiver, Scanned

STATE_CHARS = 30  # contract §2.1
MOST_NEARBY, MOST_IN_TOWN, MOST_BESIDE_A_MESSAGE = 5, 30, 3
MOST_BODY_BYTES = 1024
# A browser calls itself Mozilla; Cubot is a phone.
_NOT_A_PERSON = re.compile(r"(?<!cu)bot\b|crawl|spider|slurp|preview|externalhit|monitor", re.IGNORECASE)
_AHEAD_OF_HER = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)

log = logging.getLogger(__name__)


def scan_routes(database: Database, clock: Clock) -> APIRouter:
    """The scan pages and the lists of other stores."""
    router, desk = APIRouter(include_in_schema=False), Desk(database, clock)

    @router.api_route("/s/{code}", methods=["GET", "HEAD"])
    async def scan_page(code: str, request: Request) -> Response:
        """The page behind a poster's QR."""
        in_wechat = "MicroMessenger" in request.headers.get("user-agent", "")
        return await _or_unavailable(desk.scanned(code, counts=is_scan(request), in_wechat=in_wechat))

    @router.api_route("/s/{code}/nearest", methods=["GET", "HEAD"])
    async def other_stores(code: str) -> Response:
        """Stores of the same city; for who does not say where she is."""
        return await _or_unavailable(desk.elsewhere(code, None))

    @router.post("/s/{code}/nearest")
    async def nearest_stores(code: str, request: Request) -> Response:
        """The nearest stores. Her place comes in the body: addresses end up in logs."""
        return await _or_unavailable(desk.elsewhere(code, await _place_in(request)))

    return router


def is_scan(request: Request) -> bool:
    """Whether a person opened the page just now."""
    agent, headers = request.headers.get("user-agent", ""), ("sec-purpose", "purpose", "x-purpose", "x-moz")
    ahead = any(_AHEAD_OF_HER.search(request.headers.get(name, "")) for name in headers)
    person = agent.startswith("Mozilla/") and not _NOT_A_PERSON.search(agent)
    return request.method == "GET" and person and not ahead


@dataclass(frozen=True)
class Desk:
    """Receives whoever scans."""

    database: Database
    clock: Clock

    async def scanned(self, state: str, *, counts: bool, in_wechat: bool) -> Response:
        """The page of a code. Counted whatever it shows: a dead poster that is scanned is worth knowing."""
        now = self.clock()
        async with self.database.transaction() as session:
            found = await _find(session, state)
            if found is None:
                return _unknown()
            people = await scans.receivers(session, found, now)
            # Last, so that its lock is short: everybody who scans this poster writes this row.
            turn = await scans.count(session, state, found.day(now)) if counts else 0
            reception = _receive(found, people, now, turn)
            refusal = _refusal(found, people, reception, now)
            if refusal is None:
                return _welcome(found, people, reception, in_wechat=in_wechat)
            others = await self._beside(session, found, now)
        title, text, status = refusal
        places = [rendering.place(one) for one in others]
        return rendering.message(title, text, status, store=found.store.name, places=places)

    async def elsewhere(self, state: str, here: Place | None) -> Response:
        """Where else the same can be had: the nearest by distance, or the same city's without a place."""
        now, near = self.clock(), []
        async with self.database.transaction() as session:
            found = await _find(session, state)
            if found is None:
                return _unknown()
            if here:
                near = await scans.nearby(session, found.code, here, now, MOST_NEARBY)
            others = near or await scans.in_town(session, found, now, MOST_IN_TOWN)
        title = "离您最近的门店" if near else "其他门店"
        note = "按直线距离排列，点一下就能添加。" if near else "没有使用您的位置。点一下就能添加。"
        places = [rendering.place(one) for one in others]
        path = rendering.path_of(state)
        answer = rendering.page("nearest.html", title=title, store=None, note=note, places=places, path=path)
        # Without a copy of its own a browser cannot come back to what was posted: it shows an error instead.
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer

    async def _beside(self, session: AsyncSession, found: Scanned, now: datetime) -> list[Elsewhere]:
        """Other stores to offer instead, the nearest to this one first."""
        store, most = found.store, MOST_BESIDE_A_MESSAGE
        if store.latitude is None or store.longitude is None:
            return await scans.in_town(session, found, now, most)
        here = (store.latitude, store.longitude)
        near = await scans.nearby(session, found.code, here, now, most + 1)
        others = [one for one in near if one.state != found.code.state][:most]
        return others or await scans.in_town(session, found, now, most)


async def _find(session: AsyncSession, state: str) -> Scanned | None:
    possible = len(state) <= STATE_CHARS and "\0" not in state
    return await scans.find(session, state) if possible else None


def _receive(found: Scanned, people: list[Receiver], now: datetime, turn: int) -> Reception:
    candidates = [one.candidate for one in people]
    common = found.code.qr_code is not None
    return choose(candidates, now, found.store.zone, turn=turn, common_way=common)


def _refusal(
    found: Scanned, people: list[Receiver], reception: Reception, now: datetime
) -> tuple[str, str, int] | None:
    """Title, text and status when there is nobody to show; None when there is."""
    if not found.open_at(now):
        reason = found.code.closed_reason or "这家门店的二维码不再使用。"
        return "这个二维码已停用", reason, 410
    if found.code.qr_code is None and not any(one.qr_code for one in people):
        return "这个二维码还没有启用", "我们正在准备，请过一会儿再扫，或直接问店员。", 404
    if not reception.possible and people:
        return "今天接待满了", "今天添加的朋友太多，同事们忙不过来了。请明天再扫一次，或直接问店员。", 200
    if not reception.possible:
        return "暂时没有人接待", "请直接问店员，或添加附近的门店。", 200
    return None


def _welcome(found: Scanned, people: list[Receiver], reception: Reception, *, in_wechat: bool) -> Response:
    shown = next((one for one in people if one.candidate.userid == reception.userid), None)
    qr_code = shown.qr_code if shown else found.code.qr_code
    employee = (shown and shown.name) or "门店顾问"
    return rendering.page(
        "scan.html",
        picture=qr_code,
        asks_where=True,
        title=f"添加{employee}的企业微信",
        store=found.store.name,
        address=found.store.address,
        employee=employee,
        benefit=found.benefit,
        qr_code=qr_code,
        why=reception.why.value,
        in_wechat=in_wechat,
        path=rendering.path_of(found.code.state),
    )


def _unknown() -> Response:
    text = "请确认扫的是门店里的二维码，或直接问店员。"
    return rendering.message("没有找到这个二维码", text, 404)


async def _place_in(request: Request) -> Place | None:
    """Her latitude and longitude, WGS-84; None for anything that is no place on earth."""
    try:
        fields = parse_qs((await read_body(request, MOST_BODY_BYTES)).decode(), max_num_fields=4)
        latitude, longitude = float(fields["lat"][0]), float(fields["lon"][0])
    except (TooLarge, ValueError, KeyError):
        return None  # she gets the list of her city's stores
    on_earth = math.isfinite(latitude) and abs(latitude) <= 90 and abs(longitude) <= 180
    return (latitude, longitude) if on_earth else None


async def _or_unavailable(answer: Awaitable[Response]) -> Response:
    try:
        return await answer
    except (SQLAlchemyError, OSError) as error:
        log.error("no scan page without PostgreSQL: %s", type(error).__name__)
        return rendering.unavailable()
