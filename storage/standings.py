"""Where customers stand in playbooks, as their lives last wrote it down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_
from sqlalchemy import select as columns_of
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import steps
from domain.customer import CustomerState, Enrolment
from storage.tables import Customer, PlaybookVersion, Standing


async def save(session: AsyncSession, state: CustomerState) -> None:
    """Mirror her enrolments; what is as it was is not written again."""
    rows = [_row(state.external_userid, enrolment) for enrolment in state.enrolments.values()]
    if not rows:
        return
    statement = insert(Standing).values(rows)
    said = {k: statement.excluded[k] for k in ("version", "path", "moving", "ended_at", "reached", "undone")}
    differs = [getattr(Standing, k).is_distinct_from(value) for k, value in said.items()]
    changed = or_(*differs)
    await session.exec(
        statement.on_conflict_do_update(
            index_elements=["external_userid", "number"], set_=said, where=changed
        )
    )


def _row(external_userid: str, enrolment: Enrolment) -> dict[str, Any]:
    return {
        "external_userid": external_userid,
        "number": enrolment.number,
        "playbook": enrolment.pinned.playbook,
        "version": enrolment.pinned.version,
        "path": steps.path(enrolment),
        "moving": enrolment.moving.id if enrolment.moving else None,
        "since": enrolment.since,
        "ended_at": enrolment.ended_at,
        "reached": enrolment.reached,
        "undone": sorted(enrolment.undone),
        "episode": enrolment.episode,
    }


@dataclass(frozen=True)
class Group:
    """So many customers are at one place of one version."""

    number: int
    version: str
    path: str
    moving: str | None
    customers: int


async def groups(
    session: AsyncSession, playbook: str, *, number: int | None = None, store_id: str | None = None
) -> Sequence[Group]:
    """How many are where in a playbook, by version and path."""
    place = (
        col(PlaybookVersion.number),
        col(Standing.version),
        col(Standing.path),
        col(Standing.moving),
    )
    query: Select[Any] = inside(playbook, number=number, store_id=store_id, columns=(*place, func.count()))
    found = (await session.exec(query.group_by(*place).order_by(*place))).all()  # type: ignore[call-overload]
    return [Group(*row) for row in found]


def inside(playbook: str, *, number: int | None, store_id: str | None, columns: Sequence[Any]) -> Select[Any]:
    """Columns of everybody who is in a playbook: of all its versions or one, of all stores or one."""
    query = (
        columns_of(*columns)
        .select_from(Standing)
        .join(PlaybookVersion, col(PlaybookVersion.version) == col(Standing.version))
        .where(col(Standing.playbook) == playbook, col(Standing.ended_at).is_(None))
    )
    query = query.where(col(PlaybookVersion.number) == number) if number is not None else query
    if store_id is not None:
        query = query.join(Customer, col(Customer.external_userid) == col(Standing.external_userid))
        query = query.where(col(Customer.store_id) == store_id)
    return query


async def unwritten(session: AsyncSession, playbook: str) -> int:
    """How many are inside whose lives wrote down only that: they have not moved since an upgrade."""
    written = select(Standing.external_userid).where(
        Standing.playbook == playbook, col(Standing.ended_at).is_(None)
    )
    query = select(func.count()).select_from(Customer)
    query = query.where(col(Customer.playbooks).contains([playbook]))
    return (await session.exec(query.where(col(Customer.external_userid).not_in(written)))).one()
