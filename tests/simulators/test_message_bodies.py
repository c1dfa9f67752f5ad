"""The contents of application messages, by msgtype (contract §10.1)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

CARD = {"title": "t", "description": "d", "url": "https://x"}
ARTICLE = {"title": "t", "url": "https://x"}
ITEM = {"key": "客户", "value": "小李"}
NOTICE = {"appid": "wx1", "title": "今日待办", "content_item": [ITEM]}


async def send(sim: Sim, msgtype: str, content: Any) -> int:
    await sim.employee()
    body = {"touser": "zhangsan", "agentid": 1000002, "msgtype": msgtype, msgtype: content}
    return await sim.errcode("message/send", body)


@pytest.mark.parametrize(
    ("msgtype", "content", "errcode"),
    [
        ("text", {"content": "hi"}, 0),
        ("text", {"content": ""}, 44004),
        ("text", None, 44004),
        ("text", {"content": 7}, 40058),
        ("text", {"content": "长" * 682}, 0),
        ("text", {"content": "长" * 683}, 45002),
        ("markdown", {"content": "**hi**"}, 0),
        ("markdown", {"content": "长" * 683}, 45002),
        ("poem", {"content": "hi"}, 40008),
        ("textcard", CARD, 0),
        ("textcard", {**CARD, "btntxt": "更多详情"}, 0),
        ("textcard", {**CARD, "btntxt": "更多详情吧"}, 40058),
        ("textcard", {**CARD, "title": "t" * 129}, 40058),
        ("textcard", {**CARD, "description": "d" * 513}, 40058),
        ("textcard", {**CARD, "url": ""}, 40058),
        ("textcard", {**CARD, "url": "https://x/" + "u" * 2048}, 40058),
        ("news", {"articles": [ARTICLE] * 8}, 0),
        ("news", {"articles": [ARTICLE] * 9}, 45008),
        ("news", {"articles": []}, 45008),
        ("news", {"articles": [{"title": "t"}]}, 40058),
        ("news", {"articles": [{"title": "t", "appid": "wx1", "pagepath": "p"}]}, 0),
        ("news", {"articles": [{"title": "t", "pagepath": "p"}]}, 90200),
        ("miniprogram_notice", NOTICE, 0),
        ("miniprogram_notice", {**NOTICE, "appid": ""}, 90200),
        ("miniprogram_notice", {**NOTICE, "content_item": [ITEM] * 11}, 40058),
        ("image", {"media_id": "nonsense"}, 40007),
        ("file", {}, 40058),
        ("mpnews", {"articles": [{"title": "t", "thumb_media_id": "x", "content": "c"}]}, 40007),
    ],
)
async def test_what_may_be_sent(sim: Sim, msgtype: str, content: Any, errcode: int) -> None:
    assert await send(sim, msgtype, content) == errcode


async def test_media_must_be_of_the_messages_type(sim: Sim) -> None:
    query = {"access_token": await sim.access_token(), "type": "image"}
    files = {"media": ("x.png", PNG)}
    upload = await sim.http.post("/cgi-bin/media/upload", params=query, files=files)
    media_id = upload.json()["media_id"]
    article = {"title": "t", "thumb_media_id": media_id, "content": "c"}
    assert await send(sim, "image", {"media_id": media_id}) == 0
    assert await send(sim, "mpnews", {"articles": [article]}) == 0
    assert await send(sim, "video", {"media_id": media_id}) == 40007
