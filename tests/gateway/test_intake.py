"""A fact is stored once, delivered once, and lost by no outage (design §4)."""

import asyncio

import pytest
from temporalio.client import Client

from activities.courier import Parcel
from domain.events import Event, EventKind
from gateway import intake
from settings import Settings
from storage import inbound
from storage.database import Database
from tests.gateway.conftest import opened
from tests.gateway.door import NOW, Door, signals
from tests.gateway.line import Line

pytestmark = pytest.mark.anyio


async def test_a_callback_is_a_row_a_signal_and_a_greeting(door: Door) -> None:
    answer = await door.added("wm-one")
    assert (answer.status_code, answer.text) == (200, "success")
    row = await door.row()
    assert (row.subject, row.source) == ("customer/wm-one", "wecom")
    assert row.delivered_at is not None
    [heard] = await door.heard("wm-one")
    assert (heard["kind"], heard["state"], heard["userid"]) == ("friend_added", "S002-cashier", "li")
    assert await door.greeting_waits("wm-one")


async def test_the_same_callback_four_times_is_one_fact(door: Door) -> None:
    """peer-failures §3, check 2. WeCom repeats with another nonce and another encryption."""
    xml = door.add("wm-four")
    answers = [await door.callback(xml, nonce=str(number)) for number in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert len(await door.rows()) == 1
    assert len(await door.heard("wm-four")) == 1
    assert await door.greeting_waits("wm-four")


async def test_the_same_callback_four_times_at_once_is_one_fact(door: Door) -> None:
    """peer-failures §3, check 2. A signal may be repeated: it is one event by its id."""
    xml = door.add("wm-once")
    answers = await asyncio.gather(*(door.callback(xml, nonce=str(number)) for number in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await door.rows()) == 1
    assert len({heard["id"] for heard in await door.heard("wm-once")}) == 1
    assert await door.greeting_waits("wm-once")


async def test_two_customers_in_the_same_second_are_two_facts(door: Door) -> None:
    """peer-failures §3, check 1."""
    await asyncio.gather(door.added("wm-a", code="code-a"), door.added("wm-b", code="code-b"))
    assert {row.subject for row in await door.rows()} == {"customer/wm-a", "customer/wm-b"}
    for customer, code in (("wm-a", "code-a"), ("wm-b", "code-b")):
        assert len(await door.heard(customer)) == 1
        assert await door.greeting_waits(customer, code)


async def test_a_deletion_starts_her_life_and_no_greeting(door: Door) -> None:
    await door.callback(door.add("wm-gone", code=None, ChangeType="del_follow_user"))
    [heard] = await door.heard("wm-gone")
    assert heard["kind"] == "friend_left"
    assert not await door.greeting_waits("wm-gone", code=heard["id"])


async def test_userids_are_one_in_any_case(door: Door) -> None:
    await door.callback(door.add("wm-case", userid="Li"))
    [heard] = await door.heard("wm-case")
    assert heard["userid"] == "li"


async def test_a_change_of_a_group_goes_to_the_group(door: Door) -> None:
    fields = "<Event>change_external_chat</Event><ChangeType>update</ChangeType><ChatId>wr-one</ChatId>"
    await door.callback(door.raw(f"{fields}<UpdateDetail>add_member</UpdateDetail><CurMemVer>v2</CurMemVer>"))
    assert (await door.row()).subject == "group/wr-one"
    [heard] = await signals(door.temporal, "group/wr-one")
    assert heard["member_version"] == "v2"


@pytest.mark.parametrize(
    "inner",
    [
        "<Event>unheard_of</Event><Payload>1</Payload>",
        "<Event>change_external_contact</Event><ChangeType>invented</ChangeType>"
        "<UserID>li</UserID><ExternalUserID>wm-unknown</ExternalUserID>",
        "<Event>change_external_tag</Event><ChangeType>delete</ChangeType><Id>t1</Id>",
        "<Payload>no event at all</Payload>",
    ],
)
async def test_an_unknown_event_is_kept_raw_and_starts_nothing(door: Door, inner: str) -> None:
    assert (await door.callback(door.raw(inner))).status_code == 200
    row = await door.row()
    assert row.subject is None
    assert row.delivered_at is not None, "nobody's, so there is nothing to deliver"
    assert row.body["raw"]
    assert await door.heard("wm-unknown") == []


# ---- order


async def left_lying(door: Door, customer: str, name: str) -> None:
    """An event of an earlier outage: stored and not delivered."""
    parcel = Parcel(event=Event(id=name, kind=EventKind.ORDER_PAID, at=NOW, order_id="O1"))
    async with door.database.transaction() as session:
        await inbound.store(
            session,
            digest=name,
            source="pos",
            subject=f"customer/{customer}",
            body=parcel.model_dump(mode="json"),
            now=NOW,
        )


async def test_what_was_left_lying_is_delivered_before_what_is_newer(door: Door) -> None:
    await left_lying(door, "wm-queue", "older-1")
    await left_lying(door, "wm-queue", "older-2")
    await door.added("wm-queue")
    assert [heard["id"] for heard in await door.heard("wm-queue")][:2] == ["older-1", "older-2"]
    assert all(row.delivered_at for row in await door.rows())


async def test_another_customers_leftovers_do_not_hold_her_up(door: Door) -> None:
    await left_lying(door, "wm-other", "older-3")
    await door.added("wm-free")
    assert len(await door.heard("wm-free")) == 1
    assert await door.heard("wm-other") == []


# ---- outages


async def test_with_temporal_down_the_fact_is_stored_and_the_sender_repeats(
    settings: Settings, database: Database, line: Line, on_line: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(settings, database, on_line) as door:
        xml = door.add("wm-outage")
        await line.cut()
        with monkeypatch.context() as impatient:
            impatient.setattr(intake, "ANSWER_SECONDS", 0.5)
            assert (await door.callback(xml)).status_code == 503
        assert (await door.row()).delivered_at is None
        await line.mend()
        assert (await door.callback(xml)).status_code == 200
        assert (await door.row()).delivered_at is not None
        assert len(await door.heard("wm-outage")) == 1
        assert await door.greeting_waits("wm-outage")


async def test_with_postgresql_down_alone_the_fact_is_signalled_directly(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        assert (await door.added("wm-direct")).status_code == 200
        assert len(await door.heard("wm-direct")) == 1
        assert await door.greeting_waits("wm-direct")


async def test_what_was_signalled_directly_is_the_same_event_when_it_is_repeated(
    settings: Settings, door: Door, dead_database: Database, temporal: Client
) -> None:
    xml = door.add("wm-both")
    async with opened(settings, dead_database, temporal) as without_rows:
        await without_rows.callback(xml)
    await door.callback(xml)
    assert len({heard["id"] for heard in await door.heard("wm-both")}) == 1
    assert await door.greeting_waits("wm-both")


async def test_with_postgresql_down_what_concerns_nobody_is_to_be_repeated(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        assert (await door.callback(door.raw("<Event>unheard_of</Event>"))).status_code == 503


async def test_with_both_down_the_sender_repeats(
    settings: Settings,
    dead_database: Database,
    line: Line,
    on_line: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "ANSWER_SECONDS", 0.5)
    await line.cut()
    async with opened(settings, dead_database, on_line) as door:
        assert (await door.added("wm-nothing")).status_code == 503
