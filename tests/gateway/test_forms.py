"""Short forms: who is asked, what is kept, and that her life hears of it once, and without what she said."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.events import FormName
from domain.links import LINK_LIFE, FormLinks
from settings import Settings
from storage.database import Database
from storage.tables import Customer, FormAnswer, Store
from tests.gateway.chain import STORES, Chain
from tests.gateway.conftest import opened
from tests.gateway.door import NOW, Door
from tests.gateway.line import Line

pytestmark = pytest.mark.anyio

SECRET = "排队太久，服务员小刘很好"
BIRTHDAY = {"month": "3", "day": "8", "year": "1990"}


@pytest.fixture
async def chain(database: Database) -> Chain:
    return await Chain(database).open()


@pytest.fixture
async def she(chain: Chain, request: pytest.FixtureRequest) -> str:
    """A customer of 中关村; every test has its own, because the Temporal server is shared."""
    name = f"wm-{abs(hash(request.node.name)) % 10**9}"
    await chain.put(Customer(external_userid=name, stage_since=NOW, created_at=NOW, store_id="S001"))
    return name


def path(
    door: Door, customer: str, form: FormName = FormName.BIRTHDAY, *, key: bytes = b"", days: float = 0
) -> str:
    """Where her link leads, if it was made so many days ago."""
    links = FormLinks(key or door.settings.link_key.get_secret_value().encode(), "")
    return links.link(customer, form, NOW - timedelta(days=days))


async def send(door: Door, page: str, answers: dict[str, str]) -> httpx.Response:
    return await door.http.post(page, data=answers)


def errors(answer: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<p class="error" id="(\w+)-error">([^<]+)</p>', answer.text))


# ---- the page


@pytest.mark.parametrize("form", FormName)
async def test_a_link_opens_its_form(door: Door, she: str, form: FormName) -> None:
    answer = await door.http.get(path(door, she, form))
    assert answer.status_code == 200
    assert "中关村店" in answer.text
    assert '<form class="card" method="post" novalidate>' in answer.text
    assert errors(answer) == {}
    assert she not in answer.text


async def test_a_childs_birthday_is_past_and_kept_with_consent(door: Door, chain: Chain, she: str) -> None:
    where = path(door, she, FormName.CHILD_BIRTHDAY)
    page = (await door.http.get(where)).text
    assert 'name="child_birthday"' in page
    assert "宝宝的生日" in page
    assert (await send(door, where, {"child_birthday": "2026-02-01"})).status_code == 422
    to_come = await send(door, where, {"child_birthday": "2026-12-01", "agreed": "yes"})
    assert to_come.status_code == 422
    said = {"child_birthday": "2026-02-01", "agreed": "yes"}
    assert (await send(door, where, said)).status_code == 200


async def test_a_due_date_lies_within_the_next_ten_months(door: Door, she: str) -> None:
    answer = await door.http.get(path(door, she, FormName.DUE_DATE))
    assert 'min="2026-03-02" max="2027-01-02"' in answer.text


async def test_a_customer_without_a_store_is_asked_too(door: Door, chain: Chain) -> None:
    await chain.put(Customer(external_userid="wm-nowhere", stage_since=NOW, created_at=NOW))
    assert "本店" in (await door.http.get(path(door, "wm-nowhere"))).text


async def test_looking_changes_nothing(door: Door, chain: Chain, she: str) -> None:
    await door.http.get(path(door, she))
    await door.http.head(path(door, she))
    assert await chain.rows_of(FormAnswer) == 0
    assert await door.rows() == []


@pytest.mark.parametrize("form", FormName)
async def test_forms_are_small_tell_nobody_their_address_and_load_nothing(
    door: Door, she: str, form: FormName
) -> None:
    answer = await door.http.get(path(door, she, form))
    assert len(answer.content) < 15_000
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert "src=" not in answer.text
    assert "href=" not in answer.text


# ---- her answer


ANSWERS: list[tuple[FormName, dict[str, str], dict[str, Any]]] = [
    (FormName.BIRTHDAY, BIRTHDAY, {"month": 3, "day": 8, "year": 1990}),
    (
        FormName.DUE_DATE,
        {"due_date": "2026-09-01", "agreed": "yes"},
        {"due_date": "2026-09-01", "agreed": True},
    ),
    (FormName.FEEDBACK, {"rating": "2", "text": SECRET}, {"rating": 2, "text": SECRET}),
]


@pytest.mark.parametrize(("form", "said", "kept"), ANSWERS, ids=[a[0] for a in ANSWERS])
async def test_an_answer_is_kept_and_her_life_hears_that_there_is_one(
    door: Door, chain: Chain, she: str, form: FormName, said: dict[str, str], kept: dict[str, Any]
) -> None:
    answer = await send(door, path(door, she, form), said)
    assert answer.status_code == 200
    assert "谢谢您" in answer.text
    [row] = await chain.all_of(FormAnswer)
    assert (row.external_userid, row.form, row.answers, row.at) == (she, form, kept, NOW)
    [fact] = await door.rows()
    assert (fact.source, fact.subject, fact.delivered_at) == ("form", f"customer/{she}", NOW)
    [event] = await door.heard(she)
    assert event == {
        "id": fact.digest,
        "kind": "form_answered",
        "at": "2026-03-02T04:00:00Z",
        "form": form.value,
        "answer_id": row.id,
    }
    assert SECRET not in json.dumps([event, fact.body], ensure_ascii=False)


async def test_a_double_tap_is_one_answer_and_a_correction_is_another(
    door: Door, chain: Chain, she: str
) -> None:
    page = path(door, she)
    for said in (BIRTHDAY, BIRTHDAY, BIRTHDAY | {"day": " 08"}, BIRTHDAY | {"day": "9"}):
        assert (await send(door, page, said)).status_code == 200
    assert [row.answers["day"] for row in await chain.all_of(FormAnswer)] == [8, 9]
    assert len(await door.heard(she)) == 2


async def test_who_changes_her_mind_back_is_heard(door: Door, chain: Chain, she: str) -> None:
    page = path(door, she)
    for day in ("8", "9", "8", "8", "9", "9"):
        assert (await send(door, page, BIRTHDAY | {"day": day})).status_code == 200
    assert [row.answers["day"] for row in await chain.all_of(FormAnswer)] == [8, 9, 8, 9]
    assert len(await door.heard(she)) == 4


async def test_taps_at_the_same_moment_are_one_answer(door: Door, chain: Chain, she: str) -> None:
    page = path(door, she)
    for day in ("8", "9", "8"):
        taps = [send(door, page, BIRTHDAY | {"day": day}) for _ in range(4)]
        assert [answer.status_code for answer in await asyncio.gather(*taps)] == [200] * 4
    assert [row.answers["day"] for row in await chain.all_of(FormAnswer)] == [8, 9, 8]
    assert len({event["id"] for event in await door.heard(she)}) == 3  # her life takes each id once


async def test_the_same_answer_by_another_link_is_another(door: Door, chain: Chain, she: str) -> None:
    for days in (0, 1):
        await send(door, path(door, she, FormName.FEEDBACK, days=days), {"rating": "5"})
    assert await chain.rows_of(FormAnswer) == 2


async def test_what_cannot_be_right_stands_beside_its_field_with_what_she_typed(
    door: Door, chain: Chain, she: str
) -> None:
    answer = await send(door, path(door, she), {"month": "2", "day": "30", "year": '19"x'})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"day", "year"}
    assert 'id="day" name="day" aria-invalid="true" aria-describedby="day-error" autofocus' in answer.text
    assert '<option value="30" selected>' in answer.text
    assert 'value="19&#34;x"' in answer.text
    assert answer.text.count("autofocus") == 1
    assert 'role="alert"' in answer.text
    assert await chain.rows_of(FormAnswer) == 0
    assert await door.rows() == []


async def test_a_due_date_is_kept_only_with_her_consent(door: Door, chain: Chain, she: str) -> None:
    answer = await send(door, path(door, she, FormName.DUE_DATE), {"due_date": "2026-09-01"})
    assert errors(answer) == {"agreed": "请先勾选同意，我们才能保存这个日期"}
    assert await chain.rows_of(FormAnswer) == 0


async def test_today_is_that_of_her_store(door: Door, chain: Chain, she: str) -> None:
    await chain.put(Store(**STORES[0].model_dump() | {"zone": "Pacific/Honolulu"}))  # still 1 March
    said = {"due_date": "2026-03-01", "agreed": "yes"}
    assert (await send(door, path(door, she, FormName.DUE_DATE), said)).status_code == 200


async def test_text_is_text_whatever_is_in_it(door: Door, chain: Chain, she: str) -> None:
    page = path(door, she, FormName.FEEDBACK)
    answer = await send(door, page, {"text": "</textarea><script>alert(1)</script>"})
    assert "<script>" not in answer.text
    await send(door, page, {"rating": "1", "text": "a\x00b\r\n'; DROP TABLE form_answers; --"})
    [row] = await chain.all_of(FormAnswer)
    assert row.answers["text"] == "ab\n'; DROP TABLE form_answers; --"


# ---- links that are no good


async def test_an_expired_link_says_so(door: Door, chain: Chain, she: str) -> None:
    old = path(door, she, days=LINK_LIFE.days)
    for answer in (await door.http.get(old), await send(door, old, BIRTHDAY)):
        assert answer.status_code == 410
        assert "链接已过期" in answer.text
    assert await chain.rows_of(FormAnswer) == 0


async def test_another_corps_link_and_a_broken_one_are_not_found(door: Door, chain: Chain, she: str) -> None:
    foreign = path(door, she, key=b"of another deployment altogether")
    for page in (foreign, path(door, she)[:-3], "/f/abc", "/f/%00", "/f/" + "x" * 3000):
        for answer in (await door.http.get(page), await send(door, page, BIRTHDAY)):
            assert answer.status_code == 404
            assert "链接不完整" in answer.text
    assert await chain.rows_of(FormAnswer) == 0


async def test_a_link_of_a_customer_who_was_deleted_is_not_found(door: Door, chain: Chain) -> None:
    page = path(door, "wm-gone")
    assert (await door.http.get(page)).status_code == 404
    assert (await send(door, page, BIRTHDAY)).status_code == 404


@pytest.mark.parametrize("body", [b"text=" + b"x" * 17_000, b"&".join(b"a%d=1" % n for n in range(50))])
async def test_too_large_a_body_is_refused(door: Door, chain: Chain, she: str, body: bytes) -> None:
    answer = await door.http.post(path(door, she, FormName.FEEDBACK), content=body)
    assert answer.status_code == 413
    assert "内容太多了" in answer.text


@pytest.mark.parametrize("body", [b"\xff\xfe=\x80", b"%", b"", b'{"rating": 5}'])
async def test_what_is_no_form_is_answered_like_an_empty_one(door: Door, she: str, body: bytes) -> None:
    answer = await door.http.post(path(door, she, FormName.FEEDBACK), content=body)
    assert answer.status_code == 422
    assert errors(answer) == {"rating": "请选择满意程度"}


# ---- outages


async def test_with_postgresql_down_she_is_asked_to_try_again(
    settings: Settings, dead_database: Database, temporal: Client
) -> None:
    async with opened(settings, dead_database, temporal) as door:
        for answer in (await door.http.get(path(door, "wm1")), await send(door, path(door, "wm1"), BIRTHDAY)):
            assert answer.status_code == 503
            assert "请过一会儿再试" in answer.text


async def test_with_temporal_down_the_answer_is_safe_and_delivered_later(
    settings: Settings, chain: Chain, on_line: Client, line: Line, temporal: Client, she: str
) -> None:
    async with opened(settings, chain.database, on_line) as door:
        page = path(door, she)
        await line.cut()
        assert (await send(door, page, BIRTHDAY)).status_code == 200
        [fact] = await door.rows()
        assert fact.delivered_at is None  # the sweep delivers it
    async with opened(settings, chain.database, temporal) as door:
        await send(door, page, BIRTHDAY)  # she taps once more
        [fact] = await door.rows()
        assert fact.delivered_at == NOW
        assert len(await door.heard(she)) == 1
