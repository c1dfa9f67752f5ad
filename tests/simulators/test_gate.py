"""Token, check order, shape of errors, rate and concurrency (contract §0.2, §1.1, §12, §13.2-13.4)."""

import re
from typing import Any

import anyio
import pytest

from simulators.errors import WeComFault
from tests.simulators.sim import Sim

pytestmark = pytest.mark.anyio

GET = "externalcontact/get"


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41004),
        ({"corpid": "ww_wrong"}, 41004),
        ({"corpid": "ww_wrong", "corpsecret": "app-secret"}, 40013),
        ({"corpid": "wx5823bf96d3bd56c7", "corpsecret": "wrong"}, 40001),
    ],
)
async def test_gettoken_checks_in_the_order_seen_by_probe(
    sim: Sim, query: dict[str, str], errcode: int
) -> None:
    assert (await sim.http.get("/cgi-bin/gettoken", params=query)).json()["errcode"] == errcode


async def test_the_token_is_the_same_while_valid_and_then_another(sim: Sim) -> None:
    first = sim.world.tokens.issue(sim.world.config.corp_id, "app-secret", "ip")
    await sim.advance(7199)
    assert sim.world.tokens.issue(sim.world.config.corp_id, "app-secret", "ip") == (first[0], 1)
    await sim.advance(1)
    second = sim.world.tokens.issue(sim.world.config.corp_id, "app-secret", "ip")
    assert first == (first[0], 7200)
    assert second == (second[0], 7200)
    assert second[0] != first[0]


async def test_a_token_expires_and_may_die_early(sim: Sim) -> None:
    await sim.access_token()
    await sim.advance(7200)
    assert await sim.errcode(GET, external_userid="wm") == 42001
    sim.token = ""
    await sim.access_token()
    await sim.control("token/invalidate")
    assert await sim.errcode(GET, external_userid="wm") == 40014


async def test_two_thousand_wrong_secrets_ban_the_ip_for_an_hour(sim: Sim) -> None:
    await sim.control("settings", wrong_secrets_per_hour=2)
    corp = sim.world.config.corp_id
    for _ in range(2):
        with pytest.raises(WeComFault):
            sim.world.tokens.issue(corp, "wrong", "1.2.3.4")
    with pytest.raises(WeComFault, match="45009"):
        sim.world.tokens.issue(corp, "app-secret", "1.2.3.4")
    sim.world.tokens.issue(corp, "app-secret", "5.6.7.8")
    await sim.advance(3600)
    sim.world.tokens.issue(corp, "app-secret", "1.2.3.4")


async def test_an_unknown_path_is_a_plain_404(sim: Sim) -> None:
    assert (await sim.http.get("/cgi-bin/externalcontact/nonsense")).status_code == 404


async def test_method_then_token_then_json_then_fields(sim: Sim) -> None:
    url = "/cgi-bin/externalcontact/add_contact_way"
    headers = {"Content-Type": "application/json"}

    async def errcode(method: str, token: str, content: bytes) -> int:
        answer = await sim.http.request(
            method, url, params={"access_token": token}, content=content, headers=headers
        )
        return int(answer.json()["errcode"])

    token = await sim.access_token()
    assert await errcode("GET", "", b"{x") == 40063
    assert await errcode("POST", "", b"{x") == 41001
    assert await errcode("POST", "unknown", b"{x") == 40014
    assert await errcode("POST", token, b"{x") == 40058
    assert await errcode("POST", token, b"[]") == 40058
    assert await errcode("POST", token, b'{"scene": 2}') == 41037
    broken = await sim.http.post(url, params={"access_token": token}, content=b"{x", headers=headers)
    assert "Warning: wrong json format." in broken.json()["errmsg"]


async def test_the_token_counts_in_the_query_alone(sim: Sim) -> None:
    token = await sim.access_token()
    answer = await sim.http.post(
        "/cgi-bin/externalcontact/get_corp_tag_list",
        json={"access_token": token},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.json()["errcode"] == 41001


async def test_the_shape_of_an_error(sim: Sim) -> None:
    query = {"access_token": await sim.access_token(), "external_userid": "wm_nobody"}
    answer = await sim.http.get("/cgi-bin/externalcontact/get", params=query)
    assert answer.status_code == 200
    assert answer.headers["Error-Code"] == "40096"
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    body = answer.json()
    assert body["follow_user"] == []
    assert re.fullmatch(
        r"invalid external userid, hint: \[\d{25}\], from ip: 127\.0\.0\.1, "
        r"more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=40096",
        body["errmsg"],
    )
    assert answer.headers["Error-Msg"] == body["errmsg"]


async def test_success_repeats_its_code_in_the_headers(sim: Sim) -> None:
    query = {"access_token": await sim.access_token()}
    answer = await sim.http.post("/cgi-bin/externalcontact/get_corp_tag_list", params=query, json={})
    assert (answer.headers["Error-Code"], answer.headers["Error-Msg"]) == ("0", "ok")


async def test_over_the_rate_one_api_is_blocked_for_a_minute(sim: Sim) -> None:
    await sim.control("settings", calls_per_minute=2)
    for _ in range(2):
        assert await sim.errcode(GET, external_userid="wm") == 40096
    await sim.advance(50)
    assert await sim.errcode(GET, external_userid="wm") == 45009
    assert await sim.errcode("externalcontact/get_corp_tag_list", {}) == 0
    await sim.advance(50)
    assert await sim.errcode(GET, external_userid="wm") == 45009, "the block began with the excess"
    await sim.advance(10)
    assert await sim.errcode(GET, external_userid="wm") == 40096


async def test_the_hour_has_a_limit_of_its_own(sim: Sim) -> None:
    await sim.control("settings", calls_per_hour=2)
    for _ in range(2):
        assert await sim.errcode(GET, external_userid="wm") == 40096
    await sim.advance(1800)
    assert await sim.errcode(GET, external_userid="wm") == 45009
    await sim.advance(3599)
    assert await sim.errcode(GET, external_userid="wm") == 45009
    await sim.advance(1)
    assert await sim.errcode(GET, external_userid="wm") == 40096


async def test_a_daily_limit_ends_at_midnight_in_china(sim: Sim) -> None:
    await sim.control("settings", calls_per_day={GET: 1})
    assert await sim.errcode(GET, external_userid="wm") == 40096
    await sim.advance(12 * 3600 - 1)  # the world begins at noon there
    sim.token = ""
    assert await sim.errcode(GET, external_userid="wm") == 45009
    await sim.advance(1)
    assert await sim.errcode(GET, external_userid="wm") == 40096


async def test_one_ip_has_its_share(sim: Sim) -> None:
    await sim.control("settings", ip_calls_per_minute=1)
    assert await sim.errcode(GET, external_userid="wm") == 40096
    assert await sim.errcode(GET, external_userid="wm") == 45009


async def test_few_calls_a_minute_may_be_debugged(sim: Sim) -> None:
    codes = [await sim.errcode(GET, external_userid="wm", debug="1") for _ in range(6)]
    assert codes == [40096] * 5 + [45009]
    assert await sim.errcode(GET, external_userid="wm") == 40096
    await sim.advance(60)
    assert await sim.errcode(GET, external_userid="wm", debug="1") == 40096


async def test_two_writes_for_one_pair_at_once(sim: Sim) -> None:
    """mark_tag and remark get into each other's way (§13.17)."""
    pair = {"userid": "zhangsan", "external_userid": await sim.friend()}
    await sim.control("settings", mark_tag_seconds=0.05)
    codes: dict[str, int] = {}

    async def write(path: str, body: dict[str, Any]) -> None:
        codes[path] = await sim.errcode(path, {**pair, **body})

    await sim.access_token()
    async with anyio.create_task_group() as calls:
        calls.start_soon(write, "externalcontact/remark", {"remark": "王姐"})
        calls.start_soon(write, "externalcontact/mark_tag", {"add_tag": ["et_none"]})
    assert sorted(codes.values()) in ([0, 45035], [40068, 45035])


async def test_a_number_of_the_answer_is_in_the_headers(sim: Sim) -> None:
    query = {"access_token": await sim.access_token()}
    path = "/cgi-bin/externalcontact/get_corp_tag_list"
    numbers = [(await sim.http.post(path, params=query, json={})).headers["X-W-No"] for _ in range(2)]
    assert len(set(numbers)) == 2


async def test_more_calls_at_once_than_allowed(sim: Sim) -> None:
    customers = [await sim.friend() for _ in range(6)]
    await sim.control("settings", mark_tag_seconds=0.05)
    codes: list[int] = []

    async def mark(external_userid: str) -> None:
        body = {"userid": "zhangsan", "external_userid": external_userid, "add_tag": ["et_none"]}
        codes.append(await sim.errcode("externalcontact/mark_tag", body))

    async with anyio.create_task_group() as calls:
        for external_userid in customers:
            calls.start_soon(mark, external_userid)
    assert sorted(codes) == [40068] * 5 + [45033]


async def test_calls_are_counted_per_api(sim: Sim) -> None:
    await sim.errcode(GET, external_userid="wm")
    calls = await sim.look("calls")
    assert calls["counts"] == {"gettoken": 1, GET: 1}
    assert [call["errcode"] for call in calls["log"]] == [0, 40096]
