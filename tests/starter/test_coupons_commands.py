"""`journeys coupons …`: what operators see, settle and stock."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from settings import utc_now
from storage import lives, voucher_stocks
from storage.database import Database
from storage.story import story
from storage.tables import Coupon, VoucherStock
from tests.starter.shell import Done, Shell, open_shell
from tests.storage.chain import Chain

pytestmark = pytest.mark.anyio

SHE = "wm1"


@pytest.fixture
async def shell(database_url: str, tmp_path: Path, database: Database) -> AsyncIterator[Shell]:
    """Two stores; each has one voucher, and each of two unclear coupons of hers holds one."""
    await Chain(database).open()
    now = utc_now()
    async with database.transaction() as session:
        await lives.ensure_customer(session, SHE, now)
    async with database.transaction() as session:
        for store in ("S1", "S2"):
            session.add(VoucherStock(template="T", store_id=store, total=1, held=1, used=0, updated_at=now))
            session.add(
                Coupon(
                    key=f"{SHE}/{store}",
                    external_userid=SHE,
                    member_id="M1",
                    template="T",
                    status="unclear",
                    reason="2 coupons may be it",
                    store_id=store,
                    claimed_at=now,
                    changed_at=now,
                )
            )
    async with open_shell(database_url, tmp_path) as opened:
        yield opened


async def run(shell: Shell, *arguments: str) -> Done:
    return await shell.run("coupons", *arguments, POS_BASE_URL=shell.settings.pos_base_url)


async def read(shell: Shell, *arguments: str) -> list[dict[str, Any]]:
    done = await run(shell, *arguments, "--json")
    assert done.code == 0, done.err
    rows: list[dict[str, Any]] = json.loads(done.out)
    return rows


async def settle(shell: Shell, key: str, *how: str) -> Done:
    return await run(shell, "settle", key, *how, "--by", "wang", "--reason", "looked at the till")


async def test_an_operator_settles_what_is_unclear(shell: Shell, database: Database) -> None:
    assert {row["key"] for row in await read(shell, "unclear")} == {f"{SHE}/S1", f"{SHE}/S2"}
    assert "give either" in (await settle(shell, f"{SHE}/S1")).err
    assert "the till has no coupon 'K1'" in (await settle(shell, f"{SHE}/S1", "--issued", "K1")).err
    await shell.street.do("till/members", member_id="M1")
    mine = shell.world.till.issue("T", "M1", "by hand")[0].coupon_id
    other = shell.world.till.issue("U", "M1", "of another kind")[0].coupon_id
    assert "is of the template U, not T" in (await settle(shell, f"{SHE}/S1", "--issued", other)).err
    assert (await settle(shell, f"{SHE}/S1", "--issued", mine)).code == 0
    assert "is that of wm1/S1 already" in (await settle(shell, f"{SHE}/S2", "--issued", mine)).err
    assert (await settle(shell, f"{SHE}/S2", "--none")).code == 0
    assert "it is refused" in (await settle(shell, f"{SHE}/S2", "--none")).err
    async with database.transaction() as session:
        told = [(line.what, line.reason) for line in await story(session, SHE)]
        counts = {row.store_id: row.held for row, _ in await voucher_stocks.stocks(session)}
    why = "settled by wang: looked at the till"
    assert told == [("coupon T: issued", why), ("coupon T: refused", why)]
    assert counts == {"S1": 1, "S2": 0}, "what was not issued is given back"


async def test_m62_stores_are_stocked_by_hand_and_from_a_sheet(shell: Shell) -> None:
    assert (await run(shell, "stock", "set", "T", "S1=0", "S2=9")).out.splitlines() == [
        "S1: 0 of T, 0 left: 1 more are out than there are",
        "S2: 9 of T, 8 left",
    ]
    assert "'S9'" in (await run(shell, "stock", "set", "T", "S9")).err
    assert "no store has more than" in (await run(shell, "stock", "set", "T", "S1=99999999999")).err
    assert "named twice" in (await run(shell, "stock", "set", "T", "S1=1", "S1=2")).err
    assert "there is no store S9" in (await run(shell, "stock", "set", "T", "S9=1")).err
    sheet = shell.folder / "vouchers.csv"
    sheet.write_text("门店编号,数量\nS1,20\nS7,1\n", encoding="utf-8")
    assert "is no store of ours" in (await run(shell, "stock", "import", "T", str(sheet))).err
    sheet.write_text("门店编号,数量\nS1,20\nS2,0\n", encoding="utf-8")
    assert (await run(shell, "stock", "import", "T", str(sheet))).code == 0
    rows = await read(shell, "stock", "list", "--template", "T")
    assert [(row["store"], row["total"], row["held"], row["left"]) for row in rows] == [
        ("S1", 20, 1, 19),
        ("S2", 0, 1, -1),
    ], "one more is out than there is"
