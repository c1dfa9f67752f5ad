"""The public pages as a phone shows them: Chromium, real HTTP, real QR pictures, and without JavaScript."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from temporalio.client import Client

from domain.events import FormName
from storage.database import Database
from storage.tables import Customer, FormAnswer, Store
from tests.gateway.browser import NARROW, PHONE, ZHONGGUANCUN, Phone, chromium, phone_in_front_of
from tests.gateway.chain import PHONE as ANOTHER_BROWSER
from tests.gateway.chain import STORES
from tests.gateway.door import NOW

pytestmark = pytest.mark.anyio

PAGE = "/s/S001-cashier"
FINGER_PIXELS = 44
THE_CITYS = ["上地店", "五道口店", "望京店"]
ALLOWED = {"geolocation": ZHONGGUANCUN, "permissions": ["geolocation"]}
LONG = "北京市海淀区中关村大街购物中心一层东门超级旗舰体验店" * 2
UNBROKEN = "Wolfeschlegelsteinhausenbergerdorff" * 2


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest.fixture
async def phone(browser: Browser, database: Database, temporal: Client) -> AsyncIterator[Phone]:
    async with phone_in_front_of(browser, database, temporal) as phone:
        await phone.chain.put(
            Customer(external_userid="wm1", stage_since=NOW, created_at=NOW, store_id="S001")
        )
        yield phone


async def loaded(page: Page) -> bool:
    """Whether the QR picture came from WeCom and the page's own policy let it in."""
    picture = page.locator("img")
    await expect(picture).to_have_js_property("complete", True)
    return bool(await picture.evaluate("img => img.naturalWidth > 100"))


async def stores(page: Page) -> list[str]:
    return await page.locator(".places b").all_inner_texts()


async def sideways(page: Page) -> int:
    """How many pixels of the page are beyond the right edge."""
    return int(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


# ---- the scan page


async def test_the_qr_is_on_the_first_screen_and_is_a_real_picture(phone: Phone) -> None:
    async with phone.page() as page:
        await page.goto(PAGE)
        assert await loaded(page)
        place = await page.locator("img").bounding_box()
        assert place is not None
        assert place["y"] + place["height"] < PHONE["height"]
        assert place["width"] == pytest.approx(place["height"], abs=1)
        assert place["width"] >= 200  # a thumb has to find it, and WeChat has to read it
        await expect(page.get_by_text("长按识别二维码")).to_be_in_viewport()
        await expect(page.locator("h1")).to_contain_text("的企业微信")
    assert await phone.chain.scans() == {"2026-03-02": 1}


async def test_without_javascript_nothing_is_missing(phone: Phone) -> None:
    async with phone.page(java_script_enabled=False) as page:
        await page.goto(PAGE)
        await expect(page.locator("img")).to_be_visible()
        await page.get_by_text("查找离我最近的门店").click()
        await expect(page.locator("h1")).to_have_text("其他门店")
        assert await page.locator(".places b").all_text_contents() == THE_CITYS
        await page.get_by_text("望京店").click()
        await expect(page).to_have_url(f"{phone.base_url}/s/S002-cashier")
        await page.goto(phone.form(FormName.FEEDBACK))
        await page.get_by_label("非常满意", exact=True).check()
        await page.get_by_role("button").click()
        await expect(page.locator("h1")).to_have_text("收到，谢谢您")


async def test_one_tap_finds_the_nearest_store(phone: Phone) -> None:
    async with phone.page(**ALLOWED) as page:
        await page.goto(PAGE)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        await page.get_by_text("查找离我最近的门店").tap()
        await expect(page.locator("h1")).to_have_text("离您最近的门店")
        assert await stores(page) == ["中关村店", "五道口店", "上地店", "望京店", "徐汇店"]
        assert [a for a in asked if "40.00" in a or "116.30" in a] == []  # not in any address
        assert asked[0] == f"POST {phone.base_url}{PAGE}/nearest"
        await page.get_by_text("五道口店").tap()
        assert await loaded(page)
        await page.go_back()
        await page.get_by_text("返回").tap()
        await expect(page.locator("#near")).to_have_text("查找离我最近的门店")


async def test_who_refuses_gets_the_stores_of_the_city(phone: Phone) -> None:
    async with phone.page(permissions=[]) as page:
        await page.goto(PAGE)
        await page.get_by_text("查找离我最近的门店").tap()
        await expect(page.locator("h1")).to_have_text("其他门店")
        assert await stores(page) == THE_CITYS


async def test_nobody_is_asked_where_she_is_before_she_taps(phone: Phone) -> None:
    async with phone.page() as page:
        await page.add_init_script(
            "navigator.geolocation.getCurrentPosition = () => { throw new Error('asked') }"
        )
        await page.goto(PAGE)
        assert await loaded(page)


async def test_in_another_browser_it_says_how_to_get_into_wechat(phone: Phone) -> None:
    async with phone.page(user_agent=ANOTHER_BROWSER) as page:
        await page.goto(PAGE)
        await expect(page.get_by_text("打开微信“扫一扫”")).to_be_visible()


# ---- forms


async def test_a_birthday_is_told_and_a_mistake_is_explained_beside_its_field(phone: Phone) -> None:
    async with phone.page() as page:
        await page.goto(phone.form(FormName.BIRTHDAY))
        await page.get_by_label("月", exact=True).select_option("2")
        await page.get_by_label("日", exact=True).select_option("30")
        await page.get_by_role("button").tap()
        await expect(page.locator("#day-error")).to_have_text("2 月没有 30 日，请改一下")
        await expect(page.locator("#day")).to_be_focused()
        await expect(page.locator("#month")).to_have_value("2")
        assert (await page.title()).startswith("请检查")
        await page.get_by_label("日", exact=True).select_option("28")
        await page.get_by_label("出生年份").fill("1990")
        await page.get_by_role("button").tap()
        await expect(page.locator("h1")).to_have_text("收到，谢谢您")
    [row] = await phone.chain.all_of(FormAnswer)
    assert row.answers == {"month": 2, "day": 28, "year": 1990}


async def test_a_due_date_is_chosen_in_the_phones_own_calendar(phone: Phone) -> None:
    async with phone.page() as page:
        await page.goto(phone.form(FormName.DUE_DATE))
        await page.get_by_label("预产期", exact=True).fill("2026-09-01")
        await page.get_by_role("button").tap()
        await expect(page.locator("#agreed")).to_be_focused()
        await expect(page.locator("#due_date")).to_have_value("2026-09-01")
        await page.get_by_label("我同意").check()
        await page.get_by_role("button").tap()
        await expect(page.locator("h1")).to_have_text("收到，谢谢您")
    [row] = await phone.chain.all_of(FormAnswer)
    assert row.answers == {"due_date": "2026-09-01", "agreed": True}


async def test_a_double_tap_is_one_answer(phone: Phone) -> None:
    async with phone.page() as page:
        await page.goto(phone.form(FormName.FEEDBACK))
        await page.get_by_label("不满意", exact=True).check()
        await page.get_by_label("想对我们说的话").fill("排队太久\n\n但是咖啡好喝")
        await page.get_by_role("button").dblclick()
        await expect(page.locator("h1")).to_have_text("收到，谢谢您")
        await page.reload()  # the browser sends it once more
        await expect(page.locator("h1")).to_have_text("收到，谢谢您")
    [row] = await phone.chain.all_of(FormAnswer)
    assert row.answers == {"rating": 2, "text": "排队太久\n\n但是咖啡好喝"}


# ---- every page


async def every_page(phone: Phone) -> list[str]:
    """One address for each kind of page; 望京 is closed."""
    await phone.chain.put(phone.chain.code("S002", closed_at=NOW))
    forms = [phone.form(form) for form in FormName]
    return [PAGE, f"{PAGE}/nearest", "/s/S002-cashier", "/s/nobody", "/f/nothing", *forms]


async def test_nothing_is_wider_than_a_narrow_phone_however_long_its_names(phone: Phone) -> None:
    for number, store in enumerate(STORES):
        name = f"{LONG}{number}" if number % 2 else f"{UNBROKEN}{number}"
        await phone.chain.put(Store(**store.model_dump() | {"name": name, "address": LONG + UNBROKEN}))
    for userid in ("chen", "li"):
        await phone.chain.employ(userid, name=UNBROKEN)
    async with phone.page(viewport=NARROW) as page:
        for address in await every_page(phone):
            await page.goto(address)
            assert await sideways(page) <= 0, address


@pytest.mark.parametrize(
    "how", [{}, {"color_scheme": "dark", "reduced_motion": "reduce"}], ids=["day", "night"]
)
async def test_what_is_tapped_is_as_large_as_a_finger_and_nothing_moves(
    phone: Phone, how: dict[str, Any]
) -> None:
    small = """pixels => [...document.querySelectorAll('a, button, select, textarea, input')]
        .filter(one => one.type !== 'hidden')
        .map(one => [one.outerHTML, (one.closest('label') || one).getBoundingClientRect()])
        .filter(([html, box]) => box.height < pixels || box.width < pixels).map(([html]) => html)"""
    async with phone.page(**how) as page:
        for address in await every_page(phone):
            await page.goto(address)
            assert await page.evaluate(small, FINGER_PIXELS) == []
            assert await page.evaluate("document.getAnimations().length") == 0


async def test_a_keyboard_reaches_everything_and_shows_where_it_is(phone: Phone) -> None:
    async with phone.page() as page:
        await page.goto(phone.form(FormName.BIRTHDAY))
        reached = []
        for _ in range(4):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
            width = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert width == "3px"
        assert reached == ["month", "day", "year", "BUTTON"]
