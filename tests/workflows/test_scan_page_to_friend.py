"""From the poster to a friendship: whom the page shows is whom she gets, and the next page knows it."""

import re

import pytest

from integrations import wecom
from storage import directory, scans
from storage.tables import Employee, EntryCode, EntryCodeWay
from tests.corp import Corp

pytestmark = pytest.mark.anyio

CODE, PHONE = "S002-cashier", {"user-agent": "Mozilla/5.0 MicroMessenger/8.0"}


async def give_ways_of_their_own(corp: Corp, *userids: str) -> None:
    """Each employee behind the code gets a QR that adds her and nobody else."""
    async with corp.database.transaction() as session:
        code = await session.get_one(EntryCode, CODE)
        code.userids = list(userids)
        session.add(code)
    for userid in userids:
        way = wecom.NewContactWay(type=wecom.ContactWayType.SINGLE, user=(userid,), state=CODE)
        made = await corp.client.add_contact_way(way)
        row = EntryCodeWay(
            state=CODE,
            userid=userid,
            config_id=made.config_id,
            qr_code=made.qr_code,
            created_at=corp.clock(),
        )
        async with corp.database.transaction() as session:
            await directory.upsert(session, row)


async def scan_the_poster(corp: Corp) -> tuple[str, str]:
    """She opens the page and long-presses the picture: whom the page names, and whom she gets."""
    page = await corp.http.get(f"{corp.gateway_url}/s/{CODE}", headers=PHONE)
    name = re.search(r'<p class="name">([^<]+)</p>', page.text)
    config = re.search(r'/qr/(\w+)\.png"', page.text)
    assert name, page.text
    assert config, page.text
    she = await corp.newcomer()
    answer = await corp.do("scan", external_userid=she, config_id=config[1])
    await corp.until_logged(she, "welcome sent")
    return name[1], str(answer["userid"])


async def test_the_employee_on_the_page_is_the_one_she_gets_and_the_cap_is_kept(corp: Corp) -> None:
    await corp.street.do("employees", userid="wang", name="王芳")
    async with corp.database.transaction() as session:
        await directory.upsert(session, Employee(userid="wang", name="王芳", store_id="S002", daily_adds=1))
    await give_ways_of_their_own(corp, "li", "wang")
    seen = [await scan_the_poster(corp) for _ in range(4)]
    assert set(seen) == {("李薇", "li"), ("王芳", "wang")}
    assert seen.count(("王芳", "wang")) == 1  # her cap
    async with corp.database.transaction() as session:
        found = await scans.find(session, CODE)
        assert found is not None
        counted = {
            r.candidate.userid: r.candidate.added for r in await scans.receivers(session, found, corp.clock())
        }
    assert counted == {"li": 3, "wang": 1}
