"""What owners say is set in their groups: WeCom shows no program the 群规, 防骚扰 and 关键词 there."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage import entries
from storage.tables import AppliedObject, Group, GroupCheck, Todo
from storage.todos import Status

SUBJECT = "group/"


async def confirm(session: AsyncSession, todo: Todo, now: datetime) -> None:
    """She has tapped 已处理: what her to-do asked for is set."""
    if todo.status != Status.DONE or not todo.subject.startswith(SUBJECT):
        return
    for what, digest in todo.checks.items():
        said = {"digest": digest, "by": todo.userid, "at": now}
        row = {"chat_id": todo.subject.removeprefix(SUBJECT), "what": what, **said}
        written = insert(GroupCheck).values(row)
        await session.exec(written.on_conflict_do_update(index_elements=["chat_id", "what"], set_=said))


async def known(session: AsyncSession, chat_ids: Sequence[str]) -> dict[tuple[str, str], GroupCheck]:
    """By group and setting."""
    query = select(GroupCheck).where(col(GroupCheck.chat_id).in_(chat_ids))
    return {(row.chat_id, row.what): row for row in (await session.exec(query)).all()}


async def welcomes(session: AsyncSession, groups: Sequence[Group]) -> Mapping[str, str]:
    """By group, the 入群欢迎语 of the playbook that its kind leads into, or else its store."""
    query = select(AppliedObject).where(AppliedObject.kind == "group_welcome")
    applied = (await session.exec(query.order_by(col(AppliedObject.key)))).all()
    by_kind: dict[str, str] = {}
    by_store: dict[str, str] = {}
    for row in applied:
        stores, kinds = await entries.leading_to(session, row.key.removeprefix("playbook/"))
        text = str(row.body["text"])
        by_kind = dict.fromkeys(kinds, text) | by_kind
        by_store = dict.fromkeys(stores, text) | by_store
    found = {g.chat_id: by_kind.get(g.kind) or by_store.get(g.store_id or "") for g in groups}
    return {chat_id: text for chat_id, text in found.items() if text}
