"""`journeys codes list`: every code and what it brings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from settings import utc_now
from starter import context
from starter.output import csv_file, show
from starter.runtime import console
from storage import codes
from storage.tables import EntryCode, Store
from storage.yields import Yield, yields

NOT_MADE = "not made yet: run create again"
# The file is for people: its header is Chinese, and its times are those of the store.
TITLES = {
    "state": "活码编号",
    "store": "门店编号",
    "name": "门店名称",
    "placement": "位置",
    "campaign": "批次",
    "playbook": "旅程",
    "employees": "员工账号",
    "scans": "扫码",
    "adds": "添加好友",
    "rate": "添加率",
    "joins": "入群",
    "delay_minutes": "购买到添加（分钟）",
    "last_add": "最近添加",
    "status": "状态",
    "reason": "关闭原因",
    "qr_code": "二维码图片地址",
}


async def list_codes(
    stores: Sequence[str] | None,
    placements: Sequence[str] | None,
    days: int | None,
    file: Path | None,
    as_json: bool,
) -> None:
    now = utc_now()
    async with context.database() as database, database.transaction() as session:
        chosen = await codes.choose(session, stores=stores or None, placements=placements or None)
        brought = await yields(session, now, days)
    rows = [row_of(code, store, brought.get(code.state, Yield()), now) for code, store in chosen]
    if file:
        _write(file, rows, {store.id: store.zone for _, store in chosen})
        console.print(f"{len(rows)} codes written to {file}", markup=False)
    elif as_json:
        show(rows, True)
    else:
        hidden = {"name", "campaign", "playbook", "employees", "reason", "qr_code"}
        show(
            [{k: v for k, v in _for_people(row).items() if k not in hidden} for row in rows],
            False,
            empty="no codes",
        )


def row_of(code: EntryCode, store: Store, brought: Yield, now: datetime) -> dict[str, Any]:
    closed = code.closed_at is not None and code.closed_at <= now
    status = "closed" if closed else "open" if store.active else "store inactive"
    return {
        "state": code.state,
        "store": code.store_id,
        "name": store.name,
        "placement": code.placement,
        "campaign": code.campaign,
        "playbook": code.playbook,
        "employees": ",".join(code.userids),
        "scans": brought.scans,
        "adds": brought.adds,
        "rate": None if brought.rate is None else round(brought.rate, 4),
        "joins": brought.joins,
        "delay_minutes": None if brought.delay is None else round(brought.delay / timedelta(minutes=1), 1),
        "last_add": brought.last_add,
        "status": status if code.config_id else NOT_MADE,
        "reason": code.closed_reason if closed else "",
        "qr_code": code.qr_code,
    }


def _for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "rate": "" if row["rate"] is None else f"{row['rate']:.0%}"}


def _write(file: Path, rows: Sequence[Mapping[str, Any]], zones: Mapping[str, str]) -> None:
    """Raises CommandFailed when it cannot be written."""
    with csv_file(file, TITLES) as write:
        for row in rows:
            last: datetime | None = row["last_add"]
            local = f"{last.astimezone(ZoneInfo(zones[row['store']])):%Y-%m-%d %H:%M}" if last else ""
            write({**row, "last_add": local})
