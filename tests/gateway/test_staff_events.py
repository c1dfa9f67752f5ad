"""What employees do reaches us by callbacks too: they leave, and they tap the buttons of their to-dos."""

import pytest

from domain import addresses
from storage.tables import Employee, Store
from tests.gateway.door import NOW, Door, signals

pytestmark = pytest.mark.anyio


def staff(change: str, userid: str = "Li", more: str = "") -> str:
    return (
        f"<Event><![CDATA[change_contact]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>"
        f"<UserID><![CDATA[{userid}]]></UserID>{more}"
    )


async def still_there(door: Door, event: str) -> bool:
    async with door.database.transaction() as session:
        session.add(Employee(userid="li", name="李薇"))
    assert (await door.callback(door.raw(event))).status_code == 200
    async with door.database.transaction() as session:
        return (await session.get_one(Employee, "li")).active


@pytest.mark.parametrize(
    ("event", "stays"),
    [
        (staff("delete_user"), False),
        (staff("update_user", more="<Status>2</Status>"), False),
        (staff("update_user", more="<Status>1</Status>"), True),
        (staff("update_user", more="<Name><![CDATA[李薇薇]]></Name>"), True),
        (staff("delete_user", userid="somebody_else"), True),
    ],
)
async def test_who_has_left_is_sent_nobody(door: Door, event: str, stays: bool) -> None:
    assert await still_there(door, event) is stays
    assert len(await door.rows()) == 1  # kept, as everything is


async def test_a_new_userid_goes_on_where_the_old_one_worked(door: Door) -> None:
    async with door.database.transaction() as session:
        session.add(Employee(userid="li", name="李薇", daily_adds=30, shifts=["Mon-Fri 09:00-18:00"]))
        session.add(Store(id="S002", name="望京店", manager="li"))
    renamed = staff("update_user", more="<NewUserID><![CDATA[LiWei]]></NewUserID>")
    for event in (renamed, renamed + "<Alias><![CDATA[again]]></Alias>"):
        assert (await door.callback(door.raw(event))).status_code == 200
    async with door.database.transaction() as session:
        old, new = await session.get_one(Employee, "li"), await session.get_one(Employee, "liwei")
        store = await session.get_one(Store, "S002")
    assert (old.active, new.active, new.daily_adds, store.manager) == (False, True, 30, "liwei")


def tapped(task_id: str) -> str:
    return (
        "<FromUserName><![CDATA[li]]></FromUserName><Event><![CDATA[template_card_event]]></Event>"
        f"<EventKey><![CDATA[done]]></EventKey><TaskId><![CDATA[{task_id}]]></TaskId>"
        "<CardType><![CDATA[button_interaction]]></CardType>"
        "<ResponseCode><![CDATA[a-secret-code]]></ResponseCode><AgentID>1000002</AgentID>"
    )


async def test_a_tap_is_told_to_its_todo_once(door: Door) -> None:
    xml = door.raw(tapped(addresses.card_task_id("abc", 2)))
    for _ in range(3):
        assert (await door.callback(xml)).status_code == 200
    row = await door.row()
    assert (row.subject, row.delivered_at) == ("todo/abc", NOW)
    [heard] = await signals(door.temporal, "todo/abc")
    assert (heard["attempt"], heard["key"]) == (2, "done")
    assert "a-secret-code" not in str(row.body) + str(heard)


async def test_a_tap_on_another_programs_card_is_kept_without_its_code(door: Door) -> None:
    assert (await door.callback(door.raw(tapped("survey-7")))).status_code == 200
    row = await door.row()
    assert row.subject is None
    assert row.body["raw"]["event_key"] == "done"
    assert "a-secret-code" not in str(row.body)
