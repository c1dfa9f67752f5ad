"""Which row of a funnel each entry code and each kind of groups belongs to."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.entering import playbook_of_code, playbook_of_group
from domain.funnels import GROUP_FIRST
from domain.playbook import LinkKind
from storage import entries
from storage.tables import EntryCode, Group, Store


class By(StrEnum):
    """What a funnel has its rows by."""

    PATTERN = "pattern"
    PLAYBOOK = "playbook"
    CAMPAIGN = "campaign"
    STORE = "store"
    PLACEMENT = "placement"
    REGION = "region"


OF_CODES = (By.CAMPAIGN, By.PLACEMENT)
NONE = "(none)"


@dataclass(frozen=True)
class Source:
    """One way of coming: an entry code, or a group that people join before they are friends."""

    id: str  # the code's state, or the group's chat_id
    row: str
    link: LinkKind


@dataclass(frozen=True)
class Sources:
    codes: list[Source]
    groups: list[Source]

    def links(self) -> dict[str, list[LinkKind]]:
        """The patterns of each row's playbooks."""
        found: dict[str, list[LinkKind]] = {}
        for source in (*self.codes, *self.groups):
            found.setdefault(source.row, []).append(source.link)
        return found


async def sources(
    session: AsyncSession, by: By, default_playbook: str, stores: Collection[str] | None = None
) -> Sources:
    """All codes with their rows, and the groups that lead into a playbook which begins with the group.

    `default_playbook`: of codes that lead into none. A placement and a campaign are of codes only.
    """
    published = await entries.doors(session)
    rules = {name: one.enter.codes for name, one in published.items()}
    kinds = {name: one.enter.group_join for name, one in published.items() if one.link in GROUP_FIRST}
    codes, groups = [], []
    query = select(EntryCode, Store).join(Store)
    for code, store in (await session.exec(_in(query, stores))).all():
        name = code.playbook or playbook_of_code(rules, code.store_id, code.placement, code.campaign)
        name = name or default_playbook
        link = published[name].link if name in published else LinkKind.FRIEND_THEN_GROUP
        codes.append(Source(code.state, _of_code(by, code, store, name, link), link))
    if by in OF_CODES:
        return Sources(codes, [])
    joined = select(Group, Store).join(Store, col(Store.id) == Group.store_id)
    for group, store in (await session.exec(_in(joined, stores))).all():
        if name := playbook_of_group(kinds, group.kind):
            link = published[name].link
            groups.append(Source(group.chat_id, _of_store(by, store, name, link), link))
    return Sources(codes, groups)


async def regions(session: AsyncSession) -> dict[str, str | None]:
    """The region of every store."""
    return dict((await session.exec(select(Store.id, Store.region_id))).all())


def _in(query: Any, stores: Collection[str] | None) -> Any:
    return query if stores is None else query.where(col(Store.id).in_(stores))


def _of_code(by: By, code: EntryCode, store: Store, playbook: str, link: LinkKind) -> str:
    match by:
        case By.CAMPAIGN:
            return code.campaign or NONE
        case By.PLACEMENT:
            return code.placement
        case _:
            return _of_store(by, store, playbook, link)


def _of_store(by: By, store: Store, playbook: str, link: LinkKind) -> str:
    match by:
        case By.STORE:
            return store.id
        case By.REGION:
            return store.region_id or NONE
        case By.PLAYBOOK:
            return playbook
        case _:
            return link
