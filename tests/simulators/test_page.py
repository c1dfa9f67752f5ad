"""The web page: what a person can do by hand, without anything from another network."""

from typing import Any

import pytest
from playwright.async_api import Page as BrowserPage

from simulators.from_settings import standalone_config
from simulators.running import Simulator, running_simulator
from tests.gateway.browser import chromium
from tests.simulators.forms import Page, opened
from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio


async def furnish(sim: Sim) -> str:
    """One of everything that the pages show; returns the customer."""
    await sim.employee("zhangsan")
    await sim.employee("lisi", activated=False)
    await sim.contact_way("zhangsan", state="door")
    await sim.contact_way("zhangsan", state="desk", skip_verify=False)
    chat = await sim.group()
    await sim.api(
        "externalcontact/groupchat/add_join_way", {"scene": 2, "chat_id_list": [chat], "state": "G"}
    )
    person = await sim.person("小满")
    await sim.control("add", userid="zhangsan", external_userid=person)
    await sim.control("join", external_userid=person, chat_id=chat)
    body = {"chat_type": "single", "external_userid": [person], "text": {"content": "周三会员日"}}
    await sim.api("externalcontact/add_msg_template", body)
    await sim.api("externalcontact/add_moment_task", {"text": {"content": "桂花拿铁"}})
    await sim.advance(60)
    await sim.control("till/stores", store_id="S1", name="一店")
    await sim.control("faults", api="externalcontact/get", kind="errcode", errcode=45009)
    card = {"title": "待办", "description": "回访", "url": "https://example.com"}
    message = {"touser": "zhangsan", "agentid": 1000002, "msgtype": "textcard", "textcard": card}
    await sim.api("message/send", message)
    return person


async def all_pages(sim: Sim) -> list[Page]:
    person = await furnish(sim)
    shown = ["/_control/", f"/_control/phone/{person}", "/_control/desk/zhangsan", "/_control/docs"]
    pages = [await opened(sim, address) for address in shown]
    await sim.control("population", people=3)
    return [*pages, await opened(sim, "/_control/")]


async def test_every_form_presses_a_button_that_exists(sim: Sim) -> None:
    api = (await sim.http.get("/openapi.json")).json()
    pressed = 0
    for page in await all_pages(sim):
        for form in page.forms:
            operation = api["paths"][f"/_control/{form.post}"][form.method.lower()]
            schema = _body(api, operation)
            missing = set(schema.get("required", [])) - form.fields.keys()
            assert form.fields.keys() <= schema.get("properties", {}).keys(), form
            assert not missing, f"{form.post}: {missing}"
            pressed += 1
    assert pressed > 40


def _body(api: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    found: dict[str, Any] = api["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return found


async def test_nothing_comes_from_another_network(sim: Sim) -> None:
    for page in await all_pages(sim):
        assert [one for one in page.addresses if not one.startswith(("/", "#", "data:,"))] == []
        assert "default-src 'none'" in page.headers["content-security-policy"]
    for asset in ("page.css", "page.js"):
        answer = await sim.http.get(f"/_control/{asset}")
        assert answer.status_code == 200
        assert "//" not in answer.text.replace("// ", "")  # no address of anywhere
    assert (await sim.http.get("/redoc")).status_code == 404
    assert (await sim.http.get("/docs")).headers["location"] == "/_control/docs"


async def test_scanning_and_confirming_by_hand(sim: Sim) -> None:
    person = await furnish(sim)
    page = await opened(sim, "/_control/")
    await page.press(page.form("people", "新建客户"), nickname="阿南")
    newcomer = (await sim.look("world"))["customers"][-1]["external_userid"]
    door, desk = (one for one in reversed(page.forms) if one.post == "scan")
    assert (await page.press(door, newcomer))["added"]
    assert not (await page.press(desk, await sim.person()))["added"]
    (join,) = [one for one in page.forms if one.post == "join" and "config_id" in one.fields]
    assert (await page.press(join, newcomer))["joined"]
    desk_page = await opened(sim, "/_control/desk/zhangsan")
    for post, button in (
        ("confirm_half_add", "通过"),
        ("tasks/confirm", "确认群发"),
        ("moments/publish", "发表"),
    ):
        await desk_page.press(desk_page.form(post, button))
    assert "没有待办" in (await opened(sim, "/_control/desk/zhangsan")).text
    channels = [one["channel"] for one in await sim.look(f"received/{person}")]
    assert channels == ["single", "moment"]


async def test_a_customers_phone_shows_what_arrived(sim: Sim) -> None:
    person = await sim.friend()
    media_id = await _uploaded(sim)
    code = sim.last_event()["WelcomeCode"]
    link = {"title": "桂花拿铁", "url": "https://example.com/new", "desc": "限时"}
    attachments = [
        {"msgtype": "image", "image": {"media_id": media_id}},
        {"msgtype": "link", "link": link},
    ]
    body = {"welcome_code": code, "text": {"content": "<b>欢迎</b>"}, "attachments": attachments}
    assert await sim.errcode("externalcontact/send_welcome_msg", body) == 0
    await sim.advance(4 * 86400)  # the media_id has expired, the picture stays on the phone
    page = await opened(sim, f"/_control/phone/{person}")
    assert "&lt;b&gt;欢迎&lt;/b&gt;" in page.text
    assert "桂花拿铁" in page.text
    (picture,) = [one for one in page.addresses if "/pictures/" in one]
    assert (await sim.http.get(picture)).content == PNG


async def _uploaded(sim: Sim) -> str:
    query = {"access_token": await sim.access_token(), "type": "image"}
    files = {"media": ("a.png", PNG, "image/png")}
    answer = await sim.http.post("/cgi-bin/media/upload", params=query, files=files)
    return str(answer.json()["media_id"])


async def test_deleting_leaving_and_buying_on_the_phone(sim: Sim) -> None:
    person = await furnish(sim)
    page = await opened(sim, f"/_control/phone/{person}")
    await page.press(page.form("delete", "删除好友"))
    await page.press(page.form("leave", "退群"))
    await page.press(page.form("till/members", "办会员"))
    page = await opened(sim, f"/_control/phone/{person}")
    assert "客户已删除好友" in page.text
    assert "不在任何群里" in page.text
    await page.press(page.form("till/orders", "买单"), amount_minor=3800)
    (order,) = (await sim.look("till"))["orders"]
    assert order["member_id"] == (await sim.look("till"))["members"][0]["member_id"]


async def test_faults_the_clock_and_the_crowd(sim: Sim) -> None:
    await furnish(sim)
    page = await opened(sim, "/_control/")
    before = sim.world.clock()
    hour = next(one for one in page.forms if one.post == "clock" and one.button == "+1 小时")
    await page.press(hour)
    assert (sim.world.clock() - before).total_seconds() == 3600
    await page.press(page.form("faults", "按下"), kind="http_500")
    await page.press(page.form("callbacks", "应用"), drop=2)
    assert sim.world.callbacks.outbox.mischief.drop == 2
    page = await opened(sim, "/_control/")
    assert "externalcontact/get · http_500" in page.text
    await page.press(page.form("faults", "全部松开"))
    await page.press(page.form("population", "开始"))
    page = await opened(sim, "/_control/")
    await page.press(page.form("population/advance", "快进"))
    await page.press(page.form("population", "停止"))
    await page.press(page.form("reset", "清空世界"))
    assert "还没有客户" in (await opened(sim, "/_control/")).text


async def test_pressing_a_card_on_the_employees_phone(sim: Sim) -> None:
    await sim.employee("zhangsan")
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "回访小满"},
        "task_id": "visit-1",
        "button_list": [{"text": "已联系", "style": 1, "key": "done"}, {"text": "稍后", "key": "later"}],
    }
    message = {"touser": "zhangsan", "agentid": 1000002, "msgtype": "template_card", "template_card": card}
    assert (await sim.api("message/send", message))["errcode"] == 0
    page = await opened(sim, "/_control/desk/zhangsan")
    assert "回访小满" in page.text
    await page.press(page.form("cards/tap", "已联系"))
    assert sim.last_event()["EventKey"] == "done"


async def test_a_page_of_nobody(sim: Sim) -> None:
    for address in ("phone/wm-nobody", "desk/nobody", "pictures/none"):
        assert (await sim.http.get(f"/_control/{address}")).status_code == 404


async def test_the_documentation_names_every_operation(sim: Sim) -> None:
    api = (await sim.http.get("/openapi.json")).json()
    text = (await opened(sim, "/_control/docs")).text
    assert [path for path in api["paths"] if f"<code>{path}</code>" not in text] == []
    assert "advance_seconds" in text


async def test_in_a_browser() -> None:
    """The script: fields become JSON, the page is drawn anew without a reload, a refusal is told."""
    with running_simulator(standalone_config()) as url:
        Simulator(url, standalone_config()).control("employees", userid="chen", name="陈静")
        async with chromium() as browser:
            page = await browser.new_page()
            await page.goto(f"{url}/_control/")
            await page.fill("input[name=nickname]", "小满")
            await click(page, "新建客户", 1)
            await page.fill("#groups input[name=name]", "福利群")
            await click(page, "新建客户群", 2)
            await click(page, "邀请进群", 3)
            assert await page.inner_text("#groups td.number") == "2"
            await page.fill("#faults input[name=api]", "x")
            await page.select_option("#faults select[name=kind]", "errcode")
            await click(page, "按下", 4)
            assert "errcode goes with the kind errcode" in await page.inner_text("#told.bad")


async def click(page: BrowserPage, button: str, drawn: int) -> None:
    """Until the page has been drawn anew for the n-th time."""
    await page.click(f"button:text-is('{button}')")
    await page.wait_for_selector(f"body[data-drawn='{drawn}']")
