"""examples/generic_till.py keeps the pull contract, and pushes until somebody listens."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import httpx
import pytest

from examples import generic_till
from integrations.pos import (
    EventKind,
    GenericPos,
    MemberKey,
    PosAuthError,
    PosInvalidRequest,
    PosNotFound,
    Push,
)

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)


def running(server: HTTPServer) -> str:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "till.json"
    path.write_text(json.dumps(generic_till.SAMPLE), encoding="utf-8")
    return path


@pytest.fixture
def address(file: Path) -> Iterator[str]:
    server = generic_till.server(generic_till.Till(file), "key", 0)
    yield running(server)
    server.shutdown()
    server.server_close()


@pytest.fixture
def till(address: str) -> GenericPos:
    return GenericPos(http=httpx.AsyncClient(), base_url=address, api_key="key", webhook_secret="s")


async def test_what_the_example_serves_our_adapter_reads(till: GenericPos) -> None:
    (store,) = await till.list_stores()
    assert (store.store_id, store.geo and store.geo.crs) == ("S001", "gcj02")
    (member,) = await till.find_members(MemberKey(kind="phone", value="+8613800138000"))
    assert (member.member_id, member.level) == ("M1", "gold")
    assert await till.find_members(MemberKey(kind="unionid", value="nobody")) == []
    (lot,) = await till.list_stock("S001", ["P1", "P2"])
    assert lot.quantity == Decimal(12)
    (product,) = (await till.list_products()).items
    assert product.category == "coffee"
    page = await till.list_orders(since=AT, until=AT + timedelta(seconds=1), store_id="S001")
    assert [one.order_id for one in page.items] == ["O1"]
    assert (await till.list_orders(since=AT - timedelta(days=1), until=AT, member_id="M1")).items == ()
    assert (await till.get_order("O1")).lines[0].category == "coffee"
    with pytest.raises(PosNotFound):
        await till.get_order("O2")


async def test_many_orders_come_in_pages(till: GenericPos, file: Path) -> None:
    (one,) = generic_till.SAMPLE["orders"]
    many = generic_till.Till(file)
    many.rows["orders"] = [one | {"order_id": f"O{number}"} for number in range(250)]
    server = generic_till.server(many, "key", 0)
    pos = GenericPos(http=httpx.AsyncClient(), base_url=running(server), api_key="key", webhook_secret="s")
    until = AT + timedelta(seconds=1)
    sizes, cursor = [], None
    while True:
        page = await pos.list_orders(since=AT, until=until, cursor=cursor)
        sizes.append(len(page.items))
        if (cursor := page.next_cursor) is None:
            break
    server.shutdown()
    server.server_close()
    assert sizes == [100, 100, 50]


async def test_one_key_is_one_coupon_also_after_a_restart(till: GenericPos, file: Path) -> None:
    how = {"template_id": "T1", "member_id": "M1", "idempotency_key": "journey/step/M1"}
    coupon = await till.issue_coupon(**how)
    assert await till.issue_coupon(**how) == coupon
    assert (
        await till.find_coupon(template_id="T1", member_id="M1", idempotency_key="journey/step/M1", since=AT)
        == coupon
    )
    assert await till.get_coupon(coupon.coupon_id) == coupon
    again = generic_till.Till(file).issue(how)
    assert again["coupon_id"] == coupon.coupon_id
    with pytest.raises(PosInvalidRequest):
        await till.issue_coupon(**how | {"template_id": "T2"})
    with pytest.raises(PosNotFound):
        await till.issue_coupon(**how | {"member_id": "M9", "idempotency_key": "other"})


async def test_who_has_not_the_key_is_refused(address: str) -> None:
    till = GenericPos(http=httpx.AsyncClient(), base_url=address, api_key="wrong", webhook_secret="s")
    with pytest.raises(PosAuthError):
        await till.list_stores()
    async with httpx.AsyncClient(headers={"Authorization": "Bearer key"}) as http:
        assert (await http.post(f"{address}/coupons", content=b"{")).status_code == 400
        assert (await http.get(f"{address}/orders?limit=x")).status_code == 400
        assert (await http.get(f"{address}/nowhere")).status_code == 404


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def listening(statuses: list[int]) -> tuple[HTTPServer, list[Push]]:
    pushes: list[Push] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            pushes.append(Push(url=self.path, headers=dict(self.headers), body=body))
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return HTTPServer(("127.0.0.1", 0), Handler), pushes


def test_a_push_is_repeated_as_the_same_until_it_is_taken(slept: list[float]) -> None:
    server, pushes = listening([503, 502, 200])
    url = running(server)
    generic_till.main(["push", "order.paid", "--id", "O1", "--secret", "s", "--url", url])
    server.shutdown()
    server.server_close()
    assert slept == [1, 2]
    pos = GenericPos(http=httpx.AsyncClient(), base_url="x", api_key="k", webhook_secret="s")
    told = [
        pos.open_push(push, datetime.fromtimestamp(int(push.headers["X-Till-Timestamp"]), UTC))[0]
        for push in pushes
    ]
    assert [one.kind for one in told] == [EventKind.ORDER_PAID] * 3
    assert ({one.order_id for one in told}, len({one.dedupe_key for one in told})) == ({"O1"}, 1)


def test_a_refused_push_is_not_repeated_and_an_unheard_one_ends(slept: list[float]) -> None:
    server, pushes = listening([403])
    url = running(server)
    with pytest.raises(HTTPError, match="403"):
        generic_till.push(url, "wrong", "coupon.redeemed", "C1")
    server.shutdown()
    server.server_close()
    assert (len(pushes), slept) == (1, [])
    with pytest.raises(SystemExit, match="1"):
        generic_till.main(["push", "member.changed", "--id", "M1", "--secret", "s", "--url", url])
    assert slept == [1, 2, 4, 8, 16]


def test_help_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["serve", "--help"], ["push", "--help"]):
        with pytest.raises(SystemExit):
            generic_till.main(arguments)
    shown = capsys.readouterr().out
    for word in ("POS_API_KEY", "POS_WEBHOOK_SECRET", "coupon.redeemed", "generic_till.py push order.paid"):
        assert word in shown
