"""What WeCom should hold, read from the playbooks and the stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from domain.playbook import Playbook
from domain.rooms import STORE_KIND, JoinRules, Room, leads_to, subject_of_rooms
from playbooks import templates
from starter.apply.plan import Body
from storage.database import Database
from storage.directory import TAG_CHARS
from storage.tables import EntryCode, Group, Store

ROOM_NAME_CHARS, STATE_CHARS = 40, 30  # contract §7.2

Desired = Mapping[str, Body]  # our key → the object


@dataclass(frozen=True)
class Wanted:
    """What WeCom should hold, per kind; and the join ways that our groups have already, by our key."""

    objects: Mapping[str, Desired]
    ways_in_use: Mapping[str, str]


async def wanted(database: Database, books: Sequence[Playbook], rules: JoinRules) -> Wanted:
    async with database.transaction() as session:
        stores = (await session.exec(select(Store).where(Store.active).order_by(col(Store.id)))).all()
        placements = (await session.exec(select(EntryCode.placement).distinct())).all()
        query = select(Group).where(col(Group.dismissed_at).is_(None), col(Group.store_id).is_not(None))
        groups = (await session.exec(query.order_by(col(Group.chat_id)))).all()
    objects = {
        "tag": tags([store.name for store in stores], placements),
        "join_way": join_ways(stores, groups, rules),
        "group_welcome": group_welcomes(books),
    }
    in_use = {
        subject_of_rooms(g.store_id or "", g.kind): g.join_config_id for g in groups if g.join_config_id
    }
    return Wanted(objects, in_use)


def tags(stores: Sequence[str], placements: Sequence[str]) -> Desired:
    """The tags that entry codes give: the store's name and the placement."""
    names = sorted({name[:TAG_CHARS] for name in (*stores, *placements)})
    return {name: {"name": name} for name in names}


def join_ways(stores: Sequence[Store], groups: Sequence[Group], rules: JoinRules) -> Desired:
    """One way for every kind of group that a store has; it leads to the fullest that are still open."""
    wanted: dict[str, Body] = {}
    for store in stores:
        mine = [g for g in groups if g.store_id == store.id]
        for kind in sorted({g.kind for g in mine}):
            own = [g for g in mine if g.kind == kind]
            rooms = [Room(g.chat_id, g.members) for g in own]
            bound = leads_to((), rooms, rules) or (own[0].chat_id,)
            wanted[subject_of_rooms(store.id, kind)] = _way(store, kind, own[0].name, bound)
    return wanted


def _way(store: Store, kind: str, name: str, bound: Sequence[str]) -> Body:
    """The rooms that WeCom makes behind it are called after the store, or as the first of their kind is."""
    plain = kind == STORE_KIND
    return {
        "chat_id_list": sorted(bound),
        "auto_create_room": True,
        "room_base_name": (f"{store.name}福利群" if plain or not name else name)[:ROOM_NAME_CHARS],
        "state": f"{store.id}-{'group' if plain else kind}"[:STATE_CHARS],
        "remark": store.name[:STATE_CHARS],
    }


def group_welcomes(books: Sequence[Playbook]) -> Desired:
    """The 入群欢迎语 of every playbook that has one."""
    return {
        f"playbook/{book.playbook}": {"text": templates.group_welcome(book.group_welcome, book.benefit)}
        for book in books
        if book.group_welcome
    }
