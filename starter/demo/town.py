"""The demo's chain: two stores, their employees and groups, in the simulators and in our directory alike."""

from dataclasses import dataclass

import httpx

from activities.composition import Activities
from activities.till_clients import till_client
from integrations import pos, wecom
from settings import Settings, utc_now
from starter import simulated_tills
from starter.codes import Codes, WantedCode
from starter.demo.street import Street
from storage import directory
from storage.database import Database
from storage.tables import Employee, EntryCode, Group, Region, Store

PLAYBOOK = "demo-opening"
STORES = (
    Store(id="S001", name="中关村创业大街店", region_id="beijing", city="北京"),
    Store(id="S002", name="望京新店", region_id="beijing", city="北京"),
)
EMPLOYEES = (
    Employee(userid="chenjing", name="陈静", store_id="S001"),
    Employee(userid="liwei", name="李薇", store_id="S002"),
    Employee(userid="zhoumin", name="周敏", store_id="S002"),
)
OWNERS = {"S001": "chenjing", "S002": "liwei"}
PLACEMENTS = ("cashier", "table")
TEMPLATES = ("WINBACK10",)  # of the playbook's coupons


@dataclass(frozen=True)
class Town:
    """What the story needs to know of the chain."""

    codes: dict[str, EntryCode]
    groups: dict[str, str]  # store id → chat_id
    join_ways: dict[str, str]  # store id → config_id
    database: Database
    till: pos.PosPort

    async def remember(self, external_userid: str, member_id: str) -> None:
        """She has been a member since before today."""
        await simulated_tills.remember(self.database, self.till, external_userid, member_id, utc_now())


async def build(
    street: Street,
    database: Database,
    client: wecom.WeComClient,
    activities: Activities,
    settings: Settings,
    http: httpx.AsyncClient,
) -> Town:
    """Set the chain up as an operator would: the directory, the groups and their QR pictures, the codes."""
    await _directory(database)
    for employee in EMPLOYEES:
        await street.do("employees", userid=employee.userid, name=employee.name)
    for name in TEMPLATES:
        theirs = simulated_tills.template_id(name, settings.pos_options)
        await street.do("till/templates", template_id=theirs, name=name)
    groups, ways = {}, {}
    for store in STORES:
        await street.do("till/stores", store_id=store.id, name=store.name)
        groups[store.id], ways[store.id] = await _group(street, database, client, activities, store)
    codes = Codes(database, client, utc_now)
    made = {}
    for placement in PLACEMENTS:
        for userids, store_id in ((("liwei", "zhoumin"), "S002"), (("chenjing",), "S001")):
            row, _ = await codes.create(WantedCode(store_id, placement, PLAYBOOK, userids))
            made[row.state] = row
    return Town(made, groups, ways, database, till_client(settings, http, utc_now))


async def _directory(database: Database) -> None:
    async with database.transaction() as session:
        await directory.upsert(session, Region(id="beijing", name="北京"))
        for row in (*STORES, *EMPLOYEES):
            await directory.upsert(session, row)


async def _group(
    street: Street, database: Database, client: wecom.WeComClient, activities: Activities, store: Store
) -> tuple[str, str]:
    name = f"{store.name}福利群"
    chat = await street.do("groups", name=name, owner=OWNERS[store.id])
    way = wecom.NewJoinWay(chat_id_list=(chat["chat_id"],), state=f"{store.id}-group")
    config_id = await client.add_join_way(way)
    row = Group(
        chat_id=chat["chat_id"],
        store_id=store.id,
        name=name,
        owner=OWNERS[store.id],
        join_config_id=config_id,
        created_at=utc_now(),
    )
    async with database.transaction() as session:
        await directory.upsert(session, row)
    await activities.upkeep.upload_group_qr(row)
    return chat["chat_id"], config_id
