"""Remarks, and from one id to another (contract §6.1, §6.3)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

REMARK = "externalcontact/remark"
TO_OPENID = "externalcontact/convert_to_openid"
OLD, NEW = "externalcontact/unionid_to_external_userid", "idconvert/unionid_to_external_userid"


async def follower(sim: Sim, person: str) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.api("externalcontact/get", external_userid=person))["follow_user"][0]
    return found


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"remark": ""}, 40063),
        ({"remark_mobiles": []}, 40063),
        ({"remark": "长" * 20}, 0),
        ({"remark": "长" * 21}, 40058),
        ({"description": "长" * 150}, 0),
        ({"description": "长" * 151}, 40058),
        ({"remark_company": "长" * 21}, 40058),
        ({"remark_mobiles": "13800000001"}, 40058),
        ({"remark_pic_mediaid": "nonsense"}, 40007),
        ({"remark": "r", "external_userid": "wm_nobody"}, 40096),
        ({"remark": "r", "userid": "nobody"}, 60111),
        ({"remark": "r", "userid": "lisi"}, 84061),
    ],
)
async def test_what_a_remark_may_be(sim: Sim, body: dict[str, Any], errcode: int) -> None:
    person = await sim.friend()
    await sim.employee("lisi")
    pair = {"userid": "zhangsan", "external_userid": person}
    assert await sim.errcode(REMARK, {**pair, **body}) == errcode


async def test_what_is_given_replaces_and_the_rest_stays(sim: Sim) -> None:
    person = await sim.friend()
    pair = {"userid": "zhangsan", "external_userid": person}
    first = {"remark": "王姐", "remark_company": "花店", "remark_mobiles": ["13800000001", "13800000002"]}
    await sim.api(REMARK, {**pair, **first})
    await sim.api(REMARK, {**pair, "description": "爱喝美式", "remark_mobiles": ["13800000003"]})
    found = await follower(sim, person)
    shown = {key: found[key] for key in ("remark", "description", "remark_corp_name", "remark_mobiles")}
    assert shown == {
        "remark": "王姐",
        "description": "爱喝美式",
        "remark_corp_name": "花店",
        "remark_mobiles": ["13800000003"],
    }
    assert sim.last_event()["ChangeType"] == "add_external_contact", "the API's own change is no event"


@pytest.mark.parametrize("empty", ["", [""]])
async def test_mobiles_are_cleared_either_way(sim: Sim, empty: Any) -> None:
    person = await sim.friend()
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.api(REMARK, {**pair, "remark_mobiles": ["13800000001"]})
    assert await sim.errcode(REMARK, {**pair, "remark_mobiles": empty}) == 0
    assert (await follower(sim, person))["remark_mobiles"] == []


async def test_a_company_is_remarked_of_wechat_users_only(sim: Sim) -> None:
    await sim.employee()
    person = await sim.person(type=2, corp_name="伙伴")
    pair = {"userid": "zhangsan", "external_userid": person}
    await sim.control("add", **pair)
    assert await sim.errcode(REMARK, {**pair, "remark_company": "花店"}) == 0
    assert "remark_corp_name" not in await follower(sim, person)


async def test_a_picture_is_an_image(sim: Sim) -> None:
    person = await sim.friend()
    query = {"access_token": await sim.access_token(), "type": "image"}
    upload = await sim.http.post("/cgi-bin/media/upload", params=query, files={"media": ("x.png", PNG)})
    body = {"userid": "zhangsan", "external_userid": person, "remark_pic_mediaid": upload.json()["media_id"]}
    assert await sim.errcode(REMARK, body) == 0


async def test_an_openid_is_of_a_wechat_user(sim: Sim) -> None:
    await sim.employee()
    wechat, wecom = await sim.person(openid="oABC"), await sim.person(type=2)
    assert await sim.errcode(TO_OPENID, {"external_userid": wechat}) == 84061
    for person in (wechat, wecom):
        await sim.control("add", userid="zhangsan", external_userid=person)
    assert (await sim.api(TO_OPENID, {"external_userid": wechat}))["openid"] == "oABC"
    assert await sim.errcode(TO_OPENID, {"external_userid": wecom}) == 41056
    assert await sim.errcode(TO_OPENID, {"external_userid": "wm_nobody"}) == 40096
    assert await sim.errcode(TO_OPENID, {}) == 41035


async def test_from_unionid_to_customer(sim: Sim) -> None:
    await sim.employee()
    person = await sim.person(unionid="oU", openid="oO")
    ids = {"unionid": "oU", "openid": "oO"}
    assert await sim.errcode(OLD, ids) == 610004
    waiting = await sim.api(NEW, ids)
    assert (waiting["errcode"], "external_userid" in waiting) == (0, False)
    assert (await sim.api(NEW, ids))["pending_id"] == waiting["pending_id"]
    await sim.control("settings", conversion_pending_id=False)
    assert await sim.errcode(NEW, ids) == 610004
    await sim.control("add", userid="zhangsan", external_userid=person)
    for path in (OLD, NEW):
        assert (await sim.api(path, ids))["external_userid"] == person
        assert await sim.errcode(path, {**ids, "openid": "other"}) == 610014
        assert await sim.errcode(path, {**ids, "unionid": "other"}) == 610014
        assert await sim.errcode(path, {"unionid": "oU"}) == 40058


@pytest.mark.parametrize(("setting", "errcode"), [("developer_bound", 41057), ("unionid_conversion", 48002)])
async def test_a_corp_that_cannot_convert(sim: Sim, setting: str, errcode: int) -> None:
    await sim.control("settings", **{setting: False})
    for path in (OLD, NEW):
        assert await sim.errcode(path, {"unionid": "oU", "openid": "oO"}) == errcode
