"""The scan page: whom it shows, what it counts, and what it says when there is nobody to show."""

import asyncio
import re
from collections import Counter
from datetime import date, timedelta

import httpx
import pytest
from temporalio.client import Client

from settings import Settings
from storage.database import Database
from storage.tables import EntryCode, Store
from tests.gateway.chain import DAYTIME, EVENING, PHONE, STORES, WECHAT, Chain
from tests.gateway.conftest import opened
from tests.gateway.door import NOW, Door

pytestmark = pytest.mark.anyio

PAGE, NEAREST = "/s/S001-cashier", "/s/S001-cashier/nearest"
COUNTED = {"user-agent": WECHAT}
TODAY = "2026-03-02"
OF_THE_CITY = ["/s/S004-cashier", "/s/S003-cashier", "/s/S002-cashier"]  # 上地, 五道口, 望京: by name


@pytest.fixture
async def chain(database: Database) -> Chain:
    return await Chain(database).open()


async def look(door: Door, page: str = PAGE, **headers: str) -> httpx.Response:
    return await door.http.get(page, headers=COUNTED | headers)


def shown(answer: httpx.Response) -> str:
    """Whose QR picture is on the page."""
    assert answer.status_code == 200, answer.text
    [picture] = re.findall(r'<img class="qr" src="https://pictures\.example/([\w-]+)\.png"', answer.text)
    return str(picture)


def links(answer: httpx.Response) -> list[str]:
    return re.findall(r'<li><a href="([^"]+)"', answer.text)


# ---- whom it shows


async def test_it_shows_the_store_the_gift_and_the_employee_who_is_at_work(door: Door, chain: Chain) -> None:
    await chain.employ("chen", EVENING)
    answer = await look(door)
    assert shown(answer) == "li"
    for text in ("中关村店", "首杯立减 5 元", "李薇", "正在上班", "长按识别二维码", "海淀区中关村大街 1 号"):
        assert text in answer.text
    assert "陈静" not in answer.text


async def test_the_one_with_fewer_new_friends_today_is_shown(door: Door, chain: Chain) -> None:
    await chain.befriend("li", times=2)
    await chain.befriend("chen", times=3, at=NOW - timedelta(days=1))
    assert [shown(await look(door)) for _ in range(3)] == ["chen"] * 3


async def test_a_day_begins_at_midnight_in_the_store(door: Door, chain: Chain) -> None:
    midnight = NOW - timedelta(hours=12)  # it is noon
    await chain.befriend("li", at=midnight - timedelta(seconds=1))
    await chain.befriend("chen", at=midnight)
    assert shown(await look(door)) == "li"


async def test_equals_take_turns(door: Door, chain: Chain) -> None:
    assert {shown(await look(door)) for _ in range(2)} == {"chen", "li"}


async def test_who_reached_her_daily_cap_is_left_alone(door: Door, chain: Chain) -> None:
    await chain.employ("chen", daily_adds=1)
    await chain.befriend("chen")
    await chain.befriend("li", times=5)
    assert shown(await look(door)) == "li"


async def test_off_hours_are_said_and_somebody_answers_later(door: Door, chain: Chain) -> None:
    for userid in ("chen", "li"):
        await chain.employ(userid, EVENING)
    answer = await look(door)
    assert shown(answer) in ("chen", "li")
    assert "现在不在上班时间，稍后会回复您" in answer.text


async def test_when_those_at_work_are_full_a_colleague_answers_later(door: Door, chain: Chain) -> None:
    await chain.employ("chen", DAYTIME, daily_adds=0)
    await chain.employ("li", EVENING)
    answer = await look(door)
    assert shown(answer) == "li"
    assert "在店同事今天已接待满，稍后会回复您" in answer.text


async def test_when_all_are_full_it_says_so_and_offers_other_stores(door: Door, chain: Chain) -> None:
    for userid in ("chen", "li"):
        await chain.employ(userid, daily_adds=0)
    answer = await look(door)
    assert answer.status_code == 200
    assert "今天接待满了" in answer.text
    assert "<img" not in answer.text
    assert links(answer) == ["/s/S003-cashier", "/s/S004-cashier", "/s/S002-cashier"]


async def test_without_qrs_of_their_own_the_common_code_is_shown(door: Door, chain: Chain) -> None:
    await chain.put(chain.code("S002", "chen"))
    answer = await look(door, "/s/S002-cashier")
    assert shown(answer) == "common-S002"
    assert "门店顾问" in answer.text
    assert "陈静" not in answer.text


async def test_an_employee_whom_the_directory_did_not_tell_of_yet_receives_too(
    door: Door, chain: Chain
) -> None:
    await chain.put(chain.code("S002", "newcomer"))
    assert shown(await look(door, "/s/S002-cashier")) == "common-S002"


async def test_a_userid_is_never_shown_as_a_name(door: Door, chain: Chain) -> None:
    for userid in ("chen", "li"):
        await chain.employ(userid, name=userid)
    answer = await look(door)
    assert "门店顾问" in answer.text
    assert not re.search(r">[^<]*\b(chen|li)\b", answer.text.split("<main>")[1])


async def test_who_has_left_the_company_is_not_shown(door: Door, chain: Chain) -> None:
    await chain.employ("chen", active=False)
    assert {shown(await look(door)) for _ in range(3)} == {"li"}
    await chain.employ("li", active=False)
    answer = await look(door)
    assert "暂时没有人接待" in answer.text
    assert links(answer)


async def test_outside_wechat_it_says_how_to_get_into_wechat(door: Door, chain: Chain) -> None:
    answer = await look(door, **{"user-agent": PHONE})
    assert "打开微信“扫一扫”" in answer.text
    assert "长按识别" not in answer.text


async def test_names_are_text_whatever_is_in_them(door: Door, chain: Chain) -> None:
    name = "<script>alert(1)</script>\"'&{{ store }}"
    await chain.put(Store(**STORES[0].model_dump() | {"name": name}))
    answer = await look(door)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{ store }}" in answer.text


# ---- what it counts


async def test_every_opening_of_the_page_counts_once(door: Door, chain: Chain) -> None:
    for _ in range(3):
        await look(door)
    await look(door, "/s/S002-cashier")
    assert await chain.scans() == {TODAY: 3}
    assert await chain.scans("S002-cashier") == {TODAY: 1}


async def test_a_rush_at_the_poster_is_counted_whole_and_shared(door: Door, chain: Chain) -> None:
    pages = await asyncio.gather(*(look(door) for _ in range(20)))
    assert Counter(map(shown, pages)) == {"chen": 10, "li": 10}
    assert await chain.scans() == {TODAY: 20}


async def test_a_day_of_the_count_is_a_day_of_the_store(door: Door, chain: Chain) -> None:
    await chain.put(Store(**STORES[0].model_dump() | {"zone": "Pacific/Kiritimati"}))  # 18:00 of the same day
    await look(door)
    await chain.put(Store(**STORES[0].model_dump() | {"zone": "Pacific/Honolulu"}))  # yesterday, 18:00
    await look(door)
    assert await chain.scans() == {date(2026, 3, 1).isoformat(): 1, TODAY: 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": ""},
        {"user-agent": "curl/8.5.0"},
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"user-agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"},
        {"user-agent": "Mozilla/5.0 (Macintosh) facebookexternalhit/1.1"},
        {"user-agent": "Mozilla/5.0 (Windows NT) SkypeUriPreview Preview/0.5"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-purpose": "preview"},
        {"x-moz": "prefetch"},
    ],
    ids=str,
)
async def test_whoever_looks_ahead_of_a_person_is_served_and_not_counted(
    door: Door, chain: Chain, headers: dict[str, str]
) -> None:
    assert shown(await look(door, **headers)) in ("chen", "li")
    assert await chain.scans() == {}


async def test_a_phone_that_only_sounds_like_a_robot_counts(door: Door, chain: Chain) -> None:
    await look(door, **{"user-agent": "Mozilla/5.0 (Linux; Android 10; CUBOT X30) MicroMessenger/8.0"})
    assert await chain.scans() == {TODAY: 1}


async def test_a_head_request_is_answered_and_not_counted(door: Door, chain: Chain) -> None:
    answer = await door.http.head(PAGE, headers=COUNTED)
    assert answer.status_code == 200
    assert await chain.scans() == {}


async def test_a_closed_code_is_still_counted(door: Door, chain: Chain) -> None:
    await chain.put(chain.code("S001", closed_at=NOW))
    await look(door)
    assert await chain.scans() == {TODAY: 1}


async def test_no_cookie_and_no_cache(door: Door, chain: Chain) -> None:
    answer = await look(door)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    posted = await at(door, 40.0, 116.3)
    assert "set-cookie" not in posted.headers
    assert posted.headers["cache-control"] == "private, no-cache"  # its own browser may come back to it


# ---- when there is nobody to show


async def test_a_closed_code_says_why_and_offers_the_nearest_stores(door: Door, chain: Chain) -> None:
    await chain.put(chain.code("S001", closed_at=NOW, closed_reason="本店 3 月起装修，6 月再见。"))
    answer = await look(door)
    assert answer.status_code == 410
    assert "本店 3 月起装修，6 月再见。" in answer.text
    assert links(answer) == ["/s/S003-cashier", "/s/S004-cashier", "/s/S002-cashier"]


async def test_a_code_that_closes_tomorrow_is_open_today(door: Door, chain: Chain) -> None:
    await chain.put(chain.code("S001", closed_at=NOW + timedelta(days=1)))
    assert (await look(door)).status_code == 200


async def test_a_closed_store_is_gone(door: Door, chain: Chain) -> None:
    await chain.put(Store(**STORES[0].model_dump() | {"active": False, "latitude": None, "longitude": None}))
    answer = await look(door)
    assert answer.status_code == 410
    assert links(answer) == OF_THE_CITY


async def test_a_code_that_is_not_made_yet_says_so(door: Door, chain: Chain) -> None:
    await chain.put(chain.code("S002", "chen", config_id=None, qr_code=None))
    answer = await look(door, "/s/S002-cashier")
    assert answer.status_code == 404
    assert "还没有启用" in answer.text


async def test_a_code_whose_common_qr_is_not_made_yet_shows_the_employees_own(
    door: Door, chain: Chain
) -> None:
    await chain.put(chain.code("S001", config_id=None, qr_code=None))
    assert shown(await look(door)) in ("chen", "li")


@pytest.mark.parametrize("page", ["/s/nobody", "/s/" + "x" * 500, "/s/%00", "/s/nobody/nearest"])
async def test_an_unknown_code_is_not_found(door: Door, chain: Chain, page: str) -> None:
    answer = await look(door, page)
    assert answer.status_code == 404
    assert "没有找到这个二维码" in answer.text


async def test_a_database_that_is_down_is_said_kindly(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        for page in (PAGE, NEAREST):
            answer = await look(door, page)
            assert answer.status_code == 503
            assert "请过一会儿再试" in answer.text
            assert answer.headers["retry-after"]


# ---- the nearest store


async def at(door: Door, latitude: object, longitude: object, page: str = NEAREST) -> httpx.Response:
    return await door.http.post(page, data={"lat": latitude, "lon": longitude}, headers=COUNTED)


async def test_the_nearest_store_is_found_by_the_great_circle(door: Door, chain: Chain) -> None:
    """Acceptance check 18: at 40° N, 五道口 is further in degrees than 上地, and nearer."""
    answer = await at(door, 40.0, 116.30)
    assert links(answer) == [f"/s/{s}-cashier" for s in ("S001", "S003", "S004", "S002", "S005")]
    assert re.findall(r"<em>([^<]+)</em>", answer.text) == [
        *("50 米", "4.3 公里", "5.0 公里", "15 公里", "1084 公里")
    ]
    assert "海淀区中关村大街 1 号" in answer.text
    assert "离您最近的门店" in answer.text


async def test_only_open_codes_of_the_same_kind_are_offered(door: Door, chain: Chain) -> None:
    await chain.put(
        chain.code("S002", closed_at=NOW),
        chain.code("S003", config_id=None, qr_code=None),
        Store(**STORES[3].model_dump() | {"active": False}),
        chain.code("S005", state="S005-table", placement="table"),
        chain.code("S005", state="S005-old", playbook="another"),
    )
    assert links(await at(door, 40.0, 116.30)) == ["/s/S001-cashier", "/s/S005-cashier"]


async def test_far_from_everything_the_nearest_is_still_found(door: Door, chain: Chain) -> None:
    assert links(await at(door, 18.25, 109.5))[0] == "/s/S005-cashier"  # 三亚 → 上海
    assert len(links(await at(door, -33.9, -70.0))) == 5


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("nan", "116"), ("91", "116"), ("40", "181"), ("inf", "0"), ("", ""), ("x", "y"), ("1" * 2000, "1")],
)
async def test_what_is_no_place_gives_the_stores_of_the_city(
    door: Door, chain: Chain, latitude: str, longitude: str
) -> None:
    answer = await at(door, latitude, longitude)
    assert answer.status_code == 200
    assert links(answer) == OF_THE_CITY


async def test_without_a_place_the_stores_of_the_city_are_listed(door: Door, chain: Chain) -> None:
    answer = await look(door, NEAREST)
    assert links(answer) == OF_THE_CITY
    assert "<em>" not in answer.text
    answer = await look(door, "/s/S005-cashier/nearest")  # alone in its city
    assert len(links(answer)) == 4


async def test_a_chain_of_one_store_says_that_there_is_no_other(door: Door, chain: Chain) -> None:
    for store in STORES[1:]:
        await chain.put(Store(**store.model_dump() | {"active": False}))
    assert "暂时没有其他门店" in (await look(door, NEAREST)).text


async def test_her_place_is_neither_stored_nor_logged(
    door: Door, chain: Chain, caplog: pytest.LogCaptureFixture
) -> None:
    before = await chain.rows_of(EntryCode)
    answer = await at(door, 40.1234, 116.5678)
    assert "40.1234" not in answer.text + caplog.text
    assert "116.5678" not in answer.text + caplog.text
    assert await chain.scans() == {}
    assert await chain.rows_of(EntryCode) == before


# ---- every page


@pytest.mark.parametrize("page", [PAGE, NEAREST, "/s/nobody"])
async def test_pages_are_small_and_load_nothing_but_the_picture(door: Door, chain: Chain, page: str) -> None:
    answer = await look(door, page)
    assert len(answer.content) < 15_000
    addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert [a for a in addresses if not a.startswith(("/s/", "https://pictures.example/"))] == []
    policy = answer.headers["content-security-policy"]
    pictures = "https://pictures.example" if page == PAGE else "'none'"
    assert "default-src 'none'" in policy
    assert f"img-src {pictures};" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
