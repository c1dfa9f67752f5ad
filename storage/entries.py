"""How people come into playbooks: by entry codes that name one or match its rules, by joining a group."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.entering import playbook_of_code, playbook_of_group
from domain.playbook import Enter, LinkKind
from storage.tables import EntryCode, Group, PlaybookVersion


@dataclass(frozen=True)
class Door:
    """How people come into a playbook, and how its channels follow each other."""

    enter: Enter
    link: LinkKind


@dataclass(frozen=True)
class ByGroup:
    """Whoever joins a group at `since` or later enters this playbook; who was in it before it was published
    does not.
    """

    playbook: str
    since: datetime


async def playbook_of(session: AsyncSession, code: EntryCode) -> str | None:
    """The playbook that a code names, else the one whose `enter.codes` matches it best; asks only then."""
    if code.playbook is not None:
        return code.playbook
    rules = {name: door.enter.codes for name, door in (await doors(session)).items()}
    return playbook_of_code(rules, code.store_id, code.placement, code.campaign)


async def by_group(session: AsyncSession, chat_id: str) -> ByGroup | None:
    """The playbook that joining this group leads into. None for a group that leads into none."""
    group = await session.get(Group, chat_id)
    if group is None:
        return None
    kinds = {name: door.enter.group_join for name, door in (await doors(session)).items()}
    name = playbook_of_group(kinds, group.kind)
    if name is None:
        return None
    first = select(func.min(PlaybookVersion.published_at)).where(PlaybookVersion.playbook == name)
    return ByGroup(name, (await session.exec(first)).one())


async def leading_to(session: AsyncSession, playbook: str) -> tuple[set[str], list[str]]:
    """The stores whose codes lead into a playbook, and the kinds of groups that do."""
    published = await doors(session)
    rules = {name: door.enter.codes for name, door in published.items()}
    query = select(EntryCode).where(or_(EntryCode.playbook == playbook, col(EntryCode.playbook).is_(None)))
    stores = {
        code.store_id
        for code in await session.exec(query)
        if code.playbook or playbook_of_code(rules, code.store_id, code.placement, code.campaign) == playbook
    }
    return stores, published[playbook].enter.group_join if playbook in published else []


async def doors(session: AsyncSession) -> dict[str, Door]:
    """Of every playbook as it is published now, by name."""
    body: Any = col(PlaybookVersion.body)
    query = (
        select(PlaybookVersion.playbook, body["enter"], body["link"].astext)
        .ext(distinct_on(col(PlaybookVersion.playbook)))
        .order_by(col(PlaybookVersion.playbook), col(PlaybookVersion.number).desc())
    )
    return {
        name: Door(Enter.model_validate(enter or {}), LinkKind(link or LinkKind.FRIEND_THEN_GROUP))
        for name, enter, link in await session.exec(query)
    }
