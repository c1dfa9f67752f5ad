"""What we know of the corp tags on each pair of employee and customer, and who decided it (M24)."""

from collections.abc import Mapping, Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.tagging import By, Key, Known
from storage.friends import whole_friend
from storage.tables import CustomerTag, Employee, Follow

Rows = dict[Key, Known]


async def of_friends(session: AsyncSession, external_userid: str) -> dict[str, Rows]:
    """What is known of her at every employee of ours who is wholly her friend, by userid."""
    friends = (
        select(Follow.userid)
        .join(Employee, col(Employee.userid) == Follow.userid)
        .where(Follow.external_userid == external_userid, *whole_friend(), col(Employee.active))
        .order_by(col(Follow.userid))
    )
    found: dict[str, Rows] = {userid: {} for userid in (await session.exec(friends)).all()}
    query = select(CustomerTag).where(
        CustomerTag.external_userid == external_userid, col(CustomerTag.userid).in_(found)
    )
    for row in (await session.exec(query)).all():
        found[row.userid][row.tag_group, row.tag] = _known(row)
    return found


async def of_pair(
    session: AsyncSession, userid: str, external_userid: str, group: str, names: Sequence[str]
) -> Rows:
    """What is known of some tags of one group on one pair."""
    query = select(CustomerTag).where(
        CustomerTag.external_userid == external_userid,
        CustomerTag.userid == userid,
        CustomerTag.tag_group == group,
        col(CustomerTag.tag).in_(names),
    )
    return {(row.tag_group, row.tag): _known(row) for row in (await session.exec(query)).all()}


async def write(session: AsyncSession, userid: str, external_userid: str, rows: Mapping[Key, Known]) -> None:
    """The latest word counts."""
    values = [
        {
            "external_userid": external_userid,
            "userid": userid,
            "tag_group": group,
            "tag": tag,
            "tag_id": row.tag_id,
            "present": row.present,
            "by": row.by.value,
            "at": row.at,
        }
        for (group, tag), row in sorted(rows.items())
    ]
    if not values:
        return
    statement = insert(CustomerTag).values(values)
    changed = {name: statement.excluded[name] for name in ("tag_id", "present", "by", "at")}
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["external_userid", "userid", "tag_group", "tag"], set_=changed
        )
    )


def _known(row: CustomerTag) -> Known:
    return Known(row.present, By(row.by), row.at, row.tag_id)
