"""Employees from WeCom's directory: who may have customers, and who has left."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlmodel import select

from integrations import wecom
from integrations.wecom import MemberStatus
from starter.patience import patiently
from starter.progress import each
from starter.runtime import CommandFailed
from storage import chain
from storage.database import Database
from storage.tables import Employee

AT_ONCE = 8  # reading calls, contract §12
NOBODY, INVISIBLE = 60111, 60011
GONE = {MemberStatus.DISABLED, MemberStatus.QUIT}
EMPTY = (
    "WeCom shows no employee with customer contact: put them into 客户联系 → 权限配置 → 使用范围 "
    "and into the app's 可见范围. Nothing was changed."
)


class What(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RESIGNED = "resigned"
    NOT_ACTIVATED = "not activated"
    NO_CONTACT = "no customer contact"
    INACTIVE = "inactive here"


WHY = {
    What.NOT_ACTIVATED: "has never logged in to WeCom: no customer can add her",
    What.NO_CONTACT: "is not in 客户联系 → 使用范围, or outside of the app's 可见范围",
    What.INACTIVE: "is at work in WeCom: import her with 在职=是 to bring her back",
}


async def sync_employees(
    database: Database, client: wecom.WeComClient, *, dry_run: bool
) -> list[dict[str, Any]]:
    """One row per employee with what was done. Stores and shifts are kept; nobody comes back by herself.

    Raises CommandFailed when WeCom shows nobody: that is a setting, and no reason to dismiss all.
    """
    contacts = set(await patiently(client.get_follow_users))
    if not contacts:
        raise CommandFailed(EMPTY)
    async with database.transaction() as session:
        known = {row.userid: row for row in (await session.exec(select(Employee))).all()}
    people = sorted(contacts | {row.userid for row in known.values() if row.active})
    members = await _members(client, people)
    found = [
        (userid, *_judge(known.get(userid), member, userid in contacts))
        for userid, member in sorted(members.items())
    ]
    if not dry_run:
        await _write(database, found)
    return [
        {
            "userid": userid,
            "what": str(what),
            "store": known[userid].store_id if userid in known else None,
            "why": WHY.get(what, ""),
        }
        for userid, what, _ in found
    ]


async def _members(client: wecom.WeComClient, userids: Sequence[str]) -> dict[str, wecom.Member | int]:
    """What the directory says of each; the errcode where it says nothing."""
    found: dict[str, wecom.Member | int] = {}

    async def look(userid: str) -> None:
        try:
            found[userid] = await patiently(lambda: client.get_member(userid))
        except wecom.WeComError as error:
            if error.errcode not in (NOBODY, INVISIBLE):
                raise
            found[userid] = error.errcode

    await each(userids, look, label="employees", at_once=AT_ONCE)
    return found


def _judge(ours: Employee | None, member: wecom.Member | int, contact: bool) -> tuple[What, dict[str, Any]]:
    """What to do, and the columns to write."""
    if isinstance(member, int):
        if member == NOBODY and ours is not None:
            return What.RESIGNED, {"active": False}
        return What.NO_CONTACT, {}
    if member.status in GONE:
        return What.RESIGNED, {"active": False} if ours and ours.active else {}
    if not contact:
        return What.NO_CONTACT, {}
    if member.status is MemberStatus.NOT_ACTIVATED:
        return What.NOT_ACTIVATED, {}
    if ours is None:
        return What.NEW, {"name": member.name or member.userid, "active": True}
    if not ours.active:
        return What.INACTIVE, {}
    # An app that may not see names is given the userid in their place.
    if member.name and member.name.lower() != ours.userid and member.name != ours.name:
        return What.CHANGED, {"name": member.name}
    return What.UNCHANGED, {}


async def _write(database: Database, found: Sequence[tuple[str, What, dict[str, Any]]]) -> None:
    rows = [{"userid": userid, **columns} for userid, _, columns in found if columns]
    async with database.transaction() as session:
        await chain.lock(session)
        await chain.apply(session, Employee, await chain.compare(session, Employee, rows))
