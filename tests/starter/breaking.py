"""Hands that break one thing of a healthy corp for `journeys doctor`, and mend it again.

Each gives the settings that differ while it is broken.
"""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import text
from temporalio.api.enums.v1 import IndexedValueType

from activities import attributes
from integrations.pos import GenericPos
from settings import ROOT, utc_now
from storage import directory
from storage.database import alembic_config
from storage.tables import Employee, EntryCode, Group
from tests.starter.clinic import Clinic

NEWEST_SCHEMA = ScriptDirectory.from_config(alembic_config("")).get_current_head()
OTHER_AES_KEY = "A" * 43
OUR_OWN = {  # what a chain has of its own, in place of the example's values
    "link_key": "x" * 32,
    "payload_key": "ab" * 32,
    "wecom_corp_id": "wwaaaaaaaaaaaaaaaa",
    "wecom_secret": "own-app-secret",
    "wecom_callback_token": "OwnToken1",
    "wecom_callback_aes_key": OTHER_AES_KEY,
    "pos_api_key": "own-till-key",
    "pos_webhook_secret": "own-webhook-secret",
}
Changes = dict[str, Any]
Breaking = Callable[[Clinic], AbstractAsyncContextManager[Changes]]


def changed(**changes: Any) -> Breaking:
    @contextlib.asynccontextmanager
    async def breaking(_: Clinic) -> AsyncIterator[Changes]:
        yield changes

    return breaking


def app(*, after: Changes, **changes: Any) -> Breaking:
    """The admin console of the simulated corp, and how it is put right again."""

    @contextlib.asynccontextmanager
    async def breaking(clinic: Clinic) -> AsyncIterator[Changes]:
        await clinic.app(**changes)
        try:
            yield {}
        finally:
            await clinic.app(**after)

    return breaking


def sql(broken: str, mended: str) -> Breaking:
    """The corp's own database is changed, and changed back."""

    @contextlib.asynccontextmanager
    async def breaking(clinic: Clinic) -> AsyncIterator[Changes]:
        await _execute(clinic, broken)
        try:
            yield {}
        finally:
            await _execute(clinic, mended)

    return breaking


def own_values(**changes: Any) -> Breaking:
    """Values of the chain's own: the simulated corp and its till take them, the running gateway does not."""

    @contextlib.asynccontextmanager
    async def breaking(clinic: Clinic) -> AsyncIterator[Changes]:
        names = {"wecom_corp_id": "corp_id", "wecom_secret": "secret", "pos_api_key": "pos_api_key"}
        config = clinic.corp.world.config
        before = {theirs: getattr(config, theirs) for theirs in names.values()}
        for ours, theirs in names.items():
            setattr(config, theirs, OUR_OWN[ours])
        try:
            yield OUR_OWN | changes
        finally:
            for theirs, value in before.items():
                setattr(config, theirs, value)

    return breaking


async def _execute(clinic: Clinic, statements: str) -> None:
    async with clinic.corp.database.engine.begin() as connection:
        for statement in statements.split(";"):
            await connection.execute(text(statement))


@contextlib.contextmanager
def active_rule(more: str = "") -> Iterator[Changes]:
    """The shipped overstock rule, set going, with another line."""
    with tempfile.TemporaryDirectory() as folder:
        playbooks = Path(folder) / "playbooks"
        shutil.copytree(ROOT / "playbooks", playbooks)
        rule = playbooks / "overstock" / "watermelon.yaml"
        active = rule.read_text(encoding="utf-8").replace("active: false", "active: true")
        rule.write_text(f"{active}{more}\n", encoding="utf-8")
        yield {"playbooks_dir": playbooks}


@contextlib.asynccontextmanager
async def till_without_stock(_: Clinic) -> AsyncIterator[Changes]:
    can = GenericPos.capabilities
    GenericPos.capabilities = can.model_copy(update={"stock": False})
    try:
        with active_rule() as changes:
            yield changes
    finally:
        GenericPos.capabilities = can


@contextlib.asynccontextmanager
async def rule_of_a_strange_store(_: Clinic) -> AsyncIterator[Changes]:
    with active_rule("store: S900") as changes:
        yield changes


@contextlib.asynccontextmanager
async def till_keeps_its_stock_to_itself(clinic: Clinic) -> AsyncIterator[Changes]:
    await clinic.corp.street.do("faults", api="GET pos/stock", kind="errcode", errcode=404, times=1)
    with active_rule() as changes:
        yield changes


@contextlib.asynccontextmanager
async def not_activated(clinic: Clinic) -> AsyncIterator[Changes]:
    employee = clinic.corp.world.people.employee("li")
    employee.activated = False
    try:
        yield {}
    finally:
        employee.activated = True


@contextlib.asynccontextmanager
async def out_of_scope(clinic: Clinic) -> AsyncIterator[Changes]:
    employee = clinic.corp.world.people.employee("li")
    employee.in_contact_scope = False
    try:
        yield {}
    finally:
        employee.in_contact_scope = True


@contextlib.asynccontextmanager
async def stranger(clinic: Clinic) -> AsyncIterator[Changes]:
    """Our directory has somebody whom WeCom does not know."""
    async with clinic.corp.database.transaction() as session:
        await directory.upsert(session, Employee(userid="ghost", name="ghost", store_id="S001"))
    try:
        yield {}
    finally:
        await _execute(clinic, "DELETE FROM employees WHERE userid = 'ghost'")


@contextlib.asynccontextmanager
async def switch_off(clinic: Clinic) -> AsyncIterator[Changes]:
    """外部联系人变更回调 is not ticked: somebody becomes a friend, and nobody tells us."""
    await clinic.app(customer_events=False)
    customer = await clinic.corp.newcomer()
    await clinic.corp.scan(customer)
    relation = clinic.corp.world.people.friends("li", customer)
    relation.created_at = utc_now() - timedelta(minutes=20)
    await _execute(clinic, "UPDATE inbound_events SET received_at = received_at - interval '1 hour'")
    try:
        yield {}
    finally:
        clinic.corp.world.people.part(relation)
        await _execute(clinic, "UPDATE inbound_events SET received_at = received_at + interval '1 hour'")
        await clinic.app(customer_events=True)


@contextlib.asynccontextmanager
async def code_unmade(clinic: Clinic) -> AsyncIterator[Changes]:
    code = EntryCode(
        state="S001-door",
        store_id="S001",
        placement="door",
        playbook="coffee-welcome",
        userids=["chen"],
        created_at=utc_now(),
    )
    async with clinic.corp.database.transaction() as session:
        await directory.upsert(session, code)
    try:
        yield {}
    finally:
        await _execute(clinic, "DELETE FROM entry_codes WHERE state = 'S001-door'")


@contextlib.asynccontextmanager
async def way_deleted(clinic: Clinic) -> AsyncIterator[Changes]:
    """Somebody has deleted a contact way in WeCom; its poster still hangs."""
    async with clinic.corp.database.transaction() as session:
        config_id = (await session.get_one(EntryCode, "S002-table")).config_id
    assert config_id is not None
    ways = clinic.corp.world.ways.contact_ways
    way = ways.pop(config_id)
    try:
        yield {}
    finally:
        ways[config_id] = way


@contextlib.asynccontextmanager
async def old_hand_qr(clinic: Clinic) -> AsyncIterator[Changes]:
    group = Group(
        chat_id="wrHANDMADE",
        store_id="S001",
        hand_qr=b"picture",
        hand_qr_exported_at=utc_now() - timedelta(days=8),
        created_at=utc_now(),
    )
    async with clinic.corp.database.transaction() as session:
        await directory.upsert(session, group)
    try:
        yield {}
    finally:
        await _execute(clinic, "DELETE FROM groups WHERE chat_id = 'wrHANDMADE'")


@contextlib.asynccontextmanager
async def bare_namespace(clinic: Clinic) -> AsyncIterator[Changes]:
    """A namespace in which nobody has registered our search attributes."""
    await clinic.new_namespace("bare")
    yield {"temporal_namespace": "bare"}


def _database(clinic: Clinic, name: str) -> Changes:
    url = str(clinic.values["database_url"])
    return {"database_url": url.replace(url.split("?")[0].rpartition("/")[2], name, 1)}


@contextlib.asynccontextmanager
async def stage_as_text(clinic: Clinic) -> AsyncIterator[Changes]:
    """One of our search attributes has been registered by hand, with another type."""
    kinds = {key.name: key.indexed_value_type.value for key in attributes.ALL}
    kinds[attributes.STAGE.name] = IndexedValueType.INDEXED_VALUE_TYPE_TEXT
    await clinic.new_namespace("by-hand", **kinds)
    yield {"temporal_namespace": "by-hand"}


@contextlib.asynccontextmanager
async def no_database(clinic: Clinic) -> AsyncIterator[Changes]:
    yield _database(clinic, "nobody_made_it")


@contextlib.asynccontextmanager
async def empty_database(clinic: Clinic) -> AsyncIterator[Changes]:
    yield _database(clinic, "postgres")


@contextlib.asynccontextmanager
async def read_only(clinic: Clinic) -> AsyncIterator[Changes]:
    option = "options=-c%20default_transaction_read_only%3Don"
    yield {"database_url": f"{clinic.values['database_url']}&{option}"}


@contextlib.asynccontextmanager
async def not_temporal(clinic: Clinic) -> AsyncIterator[Changes]:
    yield {"temporal_address": clinic.values["gateway_url"].removeprefix("http://")}


@contextlib.asynccontextmanager
async def not_wecom(clinic: Clinic) -> AsyncIterator[Changes]:
    yield {"wecom_base_url": clinic.values["gateway_url"]}
