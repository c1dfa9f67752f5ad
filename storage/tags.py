"""Tag ids by name."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import Tag


async def known(session: AsyncSession, group: str, names: Sequence[str]) -> dict[str, str]:
    query = select(Tag).where(Tag.group_name == group, col(Tag.name).in_(names))
    return {tag.name: tag.tag_id for tag in (await session.exec(query)).all()}


async def remember(session: AsyncSession, group: str, ids: Mapping[str, str]) -> None:
    rows = [{"group_name": group, "name": name, "tag_id": tag_id} for name, tag_id in ids.items()]
    if rows:
        statement = insert(Tag).values(rows)
        await session.exec(
            statement.on_conflict_do_update(
                index_elements=["group_name", "name"], set_={"tag_id": statement.excluded.tag_id}
            )
        )


async def forget(session: AsyncSession, group: str, names: Sequence[str]) -> None:
    await session.exec(delete(Tag).where(col(Tag.group_name) == group, col(Tag.name).in_(names)))
