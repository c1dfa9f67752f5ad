"""Customer groups from WeCom: of every employee whom we know, with the store of their owner."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from integrations import wecom
from settings import Clock
from starter.patience import patiently
from starter.progress import each
from storage import chain, groups
from storage.database import Database
from storage.tables import Employee, Group

AT_ONCE = 8  # reading calls, contract §12
GONE = (49008, 90501)  # dismissed; not a customer group (contract §7.1)
OWNER_STATUS = {1: "owner has left", 2: "is being handed over"}  # contract §7.1
COLUMNS = ("name", "owner", "customers", "members", "store_id")


async def sync_groups(
    database: Database, client: wecom.WeComClient, clock: Clock, *, dry_run: bool
) -> list[dict[str, Any]]:
    """One row per group with what was done. A store that was assigned before is kept."""
    async with database.transaction() as session:
        staff = {row.userid: row.store_id for row in (await session.exec(select(Employee))).all()}
        in_use = col(Group.dismissed_at).is_(None)
        known = {row.chat_id: row for row in (await session.exec(select(Group).where(in_use))).all()}
    listed = {ref.chat_id: ref.status async for ref in client.list_group_chats(sorted(staff))}
    chats = await _read(client, sorted({*listed, *known}))
    rows = [_row(chat, known.get(chat_id), staff) for chat_id, chat in sorted(chats.items()) if chat]
    gone = sorted(chat_id for chat_id, chat in chats.items() if chat is None and chat_id in known)
    async with database.transaction() as session:
        await chain.lock(session)
        difference = await chain.compare(session, Group, rows)
        told = _told(rows, difference, listed, gone)
        if not dry_run:
            difference.new = [{**row, "created_at": clock()} for row in difference.new]
            await chain.apply(session, Group, difference)
            for chat_id in gone:
                await groups.dismiss(session, chat_id, clock())
    return told


async def _read(client: wecom.WeComClient, chat_ids: Sequence[str]) -> dict[str, wecom.GroupChat | None]:
    """None for a group that is gone."""
    found: dict[str, wecom.GroupChat | None] = {}

    async def look(chat_id: str) -> None:
        try:
            found[chat_id] = await patiently(lambda: client.get_group_chat(chat_id))
        except wecom.WeComError as error:
            if error.errcode not in GONE:
                raise
            found[chat_id] = None

    await each(chat_ids, look, label="groups", at_once=AT_ONCE)
    return found


def _row(chat: wecom.GroupChat, ours: Group | None, staff: dict[str, str | None]) -> dict[str, Any]:
    """The columns as WeCom says. A name that WeCom leaves out is not wiped."""
    customers = sum(1 for member in chat.member_list if member.type == wecom.MemberType.CUSTOMER)
    row = {
        "chat_id": chat.chat_id,
        "owner": chat.owner,
        "customers": customers,
        "members": len(chat.member_list),
        "store_id": ours.store_id if ours and ours.store_id else staff.get(chat.owner),
        "dismissed_at": None,
    }
    return row | ({"name": chat.name} if chat.name else {})


def _told(
    rows: Sequence[dict[str, Any]], difference: chain.Difference, listed: dict[str, int], gone: Sequence[str]
) -> list[dict[str, Any]]:
    new = {row["chat_id"] for row in difference.new}
    told = [
        {
            "chat_id": row["chat_id"],
            "what": "new"
            if row["chat_id"] in new
            else "changed"
            if row["chat_id"] in difference.changed
            else "unchanged",
            "store": row["store_id"],
            "owner": row["owner"],
            "members": row["members"],
            "why": OWNER_STATUS.get(listed.get(row["chat_id"], 0), ""),
        }
        for row in rows
    ]
    dismissed = {"what": "dismissed", "store": None, "owner": None, "members": 0, "why": ""}
    return told + [{"chat_id": chat_id, **dismissed} for chat_id in gone]
