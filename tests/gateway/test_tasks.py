"""`/t/{token}`: what waits for an employee, or in a store; it names no customer."""

from datetime import timedelta
from typing import Any

import pytest

from domain.task_links import LINK_LIFE, TaskLinks, Whose
from domain.touches import Channel, TouchStatus
from storage.database import Database
from storage.tables import Batch, Employee, Touch
from tests.gateway.chain import Chain
from tests.gateway.door import NOW, Door

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chain(database: Database) -> Chain:
    return await Chain(database).open()


def path(door: Door, whose: Whose, subject: str, *, key: bytes = b"", days: float = 0) -> str:
    """Where a card's link leads, if the card is so many days old."""
    links = TaskLinks(key or door.settings.link_key.get_secret_value().encode(), "")
    return links.link(whose, subject, NOW - timedelta(days=days))


async def task(chain: Chain, userid: str, text: str, customers: int, **more: Any) -> None:
    """One task of an employee at WeCom, made an hour ago."""
    values: dict[str, Any] = {
        "userid": userid,
        "content_key": text,
        "content": {},
        "window_ends_at": NOW,
        "status": "flushed",
        "text": text,
        "claimed_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(hours=5),
    }
    status = {"status": TouchStatus.TASKED} | more
    async with chain.database.transaction() as session:
        batch = Batch(**values)
        session.add(batch)
        await session.flush()
        for number in range(customers):
            touch = Touch(
                key=f"{text}/{number}",
                external_userid=f"wm-secret-{number}",
                userid=userid,
                channel=Channel.PRIVATE,
                batch_id=batch.id,
                planned_at=NOW,
                **status,
            )
            session.add(touch)


async def test_an_employee_sees_what_waits_and_what_she_has_done_today(door: Door, chain: Chain) -> None:
    await chain.put(Employee(userid="tina", name="田甜", store_id="S001"))
    await task(chain, "tina", "周末第二杯半价", 3)
    await task(chain, "tina", "早安<b>", 2, status=TouchStatus.SENT, sent_at=NOW - timedelta(minutes=5))
    await task(chain, "tina", "昨天的", 1, status=TouchStatus.SENT, sent_at=NOW - timedelta(days=1))
    page = await door.http.get(path(door, Whose.EMPLOYEE, "tina"))
    assert page.status_code == 200
    waiting, done = page.text.split("今天已发送")
    assert "周末第二杯半价" in waiting
    assert "群发给顾客 · 3 位顾客 · 最晚 " in waiting
    assert "早安&lt;b&gt;" in done
    assert "2 位顾客" in done
    assert "昨天的" not in page.text
    assert "wm-secret" not in page.text
    assert "中关村店" in page.text


async def test_a_manager_sees_the_store_by_employee(door: Door, chain: Chain) -> None:
    await chain.put(Employee(userid="tina", name="田甜", store_id="S001"))
    await chain.put(Employee(userid="uma", name="吴敏", store_id="S001"))
    await chain.put(Employee(userid="vera", name="魏然", store_id="S002"))
    await task(chain, "tina", "给田甜的", 1)
    await task(chain, "uma", "给吴敏的", 1)
    await task(chain, "vera", "别的店的", 1)
    page = (await door.http.get(path(door, Whose.STORE, "S001"))).text
    assert page.index("吴敏</h2>") < page.index("给吴敏的") < page.index("田甜</h2>") < page.index("给田甜的")
    assert "别的店的" not in page


async def test_nothing_waits(door: Door, chain: Chain) -> None:
    await chain.put(Employee(userid="tina", name="田甜", store_id="S001"))
    page = await door.http.get(path(door, Whose.EMPLOYEE, "tina"))
    assert "没有等待确认的消息。" in page.text


async def test_a_strangers_an_old_and_a_forged_link_show_nothing(door: Door, chain: Chain) -> None:
    await chain.put(Employee(userid="tina", name="田甜", store_id="S001"))
    stranger = path(door, Whose.EMPLOYEE, "nobody")
    old = path(door, Whose.EMPLOYEE, "tina", days=LINK_LIFE / timedelta(days=1))
    forged = path(door, Whose.STORE, "S001", key=b"another key of 32 characters....")
    answers = [(await door.http.get(one)).status_code for one in (stranger, old, forged, "/t/abc")]
    assert answers == [404, 410, 404, 404]
