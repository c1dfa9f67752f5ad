"""Lists over several pages and calls, and files as answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest

from integrations.wecom import Unreachable
from tests.integrations.fakes import START, FakeWeCom, client_on, error

pytestmark = pytest.mark.anyio

DAY = date(2026, 3, 1)


async def all_of(found: AsyncIterator[object]) -> list[object]:
    return [one async for one in found]


async def test_two_hundred_and_one_employees_are_asked_about_in_three_calls() -> None:
    api = "externalcontact/batch/get_by_user"
    fake = FakeWeCom().prepare(api, {"external_contact_list": []})
    userids = [f"u{n}" for n in range(201)]
    assert await all_of(client_on(fake).list_contacts_of(userids)) == []
    bodies = fake.bodies(api)
    assert [body["userid_list"] for body in bodies] == [userids[:100], userids[100:200], userids[200:]]
    assert {body["limit"] for body in bodies} == {100}


async def test_one_employee_without_customers_does_not_hide_the_others() -> None:
    """Should WeCom answer 84061 for all of them because of one."""
    api = "externalcontact/batch/get_by_user"
    contact = {
        "external_contact": {"external_userid": "wm1", "type": 1},
        "follow_info": {"userid": "b", "createtime": 1525779812},
    }
    found = {"external_contact_list": [contact]}
    fake = FakeWeCom().prepare(api, error(84061), error(84061), found)
    contacts = [one async for one in client_on(fake).list_contacts_of(["a", "b"])]
    assert [one.follow_info.userid for one in contacts] == ["b"]
    assert [body["userid_list"] for body in fake.bodies(api)] == [["a", "b"], ["a"], ["b"]]


async def test_owners_are_listed_by_their_offset() -> None:
    api = "externalcontact/groupchat/statistic"
    pages = [{"total": 3, "next_offset": n + 1, "items": [{"owner": f"O{n}", "data": {}}]} for n in range(3)]
    fake = FakeWeCom().prepare(api, *pages)
    owners = [one.owner async for one in client_on(fake).group_statistic(["o0", "o1", "o2"], DAY, DAY)]
    assert owners == ["o0", "o1", "o2"]
    assert [body["offset"] for body in fake.bodies(api)] == [0, 1, 2]
    stuck = FakeWeCom().prepare(api, {"total": 3, "next_offset": 0, "items": [{"owner": "o", "data": {}}]})
    with pytest.raises(Unreachable, match="offset"):
        await all_of(client_on(stuck).group_statistic(["o"], DAY, DAY))


async def test_moments_are_listed_twenty_at_a_time() -> None:
    fake = FakeWeCom().prepare(
        "externalcontact/get_moment_list",
        {"moment_list": [{"moment_id": "mom1", "create_time": "1525779812"}], "next_cursor": "n"},
        {"moment_list": []},
    )
    assert len(await all_of(client_on(fake).list_moments(START, START, creator="a"))) == 1
    first, second = fake.bodies("externalcontact/get_moment_list")
    assert (first["limit"], first["creator"], second["cursor"]) == (20, "a", "n")


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('attachment; filename="a.png"', "a.png"),
        ("attachment; filename=a.png", "a.png"),
        ("attachment; filename=\"x\"; filename*=UTF-8''%E8%8F%9C%E5%8D%95.png", "菜单.png"),
        ("attachment", ""),
    ],
)
async def test_the_name_of_a_file(disposition: str, filename: str) -> None:
    reply = httpx.Response(200, content=b"123456", headers={"content-disposition": disposition})
    found = await client_on(FakeWeCom().prepare("media/get", reply)).download_media("m")
    assert (found.content, found.filename) == (b"123456", filename)


@pytest.mark.parametrize("reply", [{"errcode": 0}, httpx.Response(200, content=b"123456")])
async def test_what_is_no_file_and_no_error_is_no_answer(reply: httpx.Response | dict[str, object]) -> None:
    with pytest.raises(Unreachable):
        await client_on(FakeWeCom().prepare("media/get", reply)).download_media("m")
