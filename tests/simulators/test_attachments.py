"""Uploads beyond messages: attachments of moments, quotas, ranges, jobs that fetch (contract §11.2)."""

import base64
import hashlib
from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim
from tests.simulators.test_groups import join
from tests.simulators.test_media import MP4

pytestmark = pytest.mark.anyio

ATTACH = "media/upload_attachment"
FETCH = "media/upload_by_url"
FETCHED = "media/get_upload_by_url_result"
DAY = 24 * 3600
URL = "https://cdn.shop/film.mp4"


def film(seconds: int, version: int = 0) -> bytes:
    """An MP4 that says how long it plays, in a movie header of 1000 units a second."""
    times = bytes(16) if version else bytes(8)
    length = (seconds * 1000).to_bytes(8 if version else 4)
    header = bytes([version, 0, 0, 0]) + times + (1000).to_bytes(4) + length
    mvhd = (len(header) + 8).to_bytes(4) + b"mvhd" + header
    return MP4[:32].ljust(32, b"0") + (len(mvhd) + 8).to_bytes(4) + b"moov" + mvhd


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + width.to_bytes(4) + height.to_bytes(4)


def jpeg(width: int, height: int) -> bytes:
    segment = b"\xff\xe0" + (4).to_bytes(2) + b"xx"
    frame = b"\xff\xc0" + (11).to_bytes(2) + b"\x08" + height.to_bytes(2) + width.to_bytes(2)
    return b"\xff\xd8" + segment + frame + bytes(8)


@pytest.mark.parametrize(
    ("kind", "scene", "content", "errcode"),
    [
        ("image", "1", PNG, 0),
        ("image", "2", PNG, 0),
        ("image", "1", png(1440, 1080), 0),
        ("image", "1", png(1080, 1440), 0),
        ("image", "1", png(1441, 100), 41081),
        ("image", "1", jpeg(1200, 1100), 41081),
        ("image", "1", jpeg(1200, 1000), 0),
        ("image", "2", png(4000, 3000), 0),
        ("image", "1", b"GIF89a---", 40123),
        ("image", "1", PNG + bytes(200), 41080),
        ("video", "1", film(30), 0),
        ("video", "1", film(31), 41082),
        ("video", "1", film(31, version=1), 41082),
        ("video", "1", PNG, 40005),
        ("file", "1", b"anything", 0),
        ("file", "1", b"tiny", 44001),
        ("voice", "1", b"#!AMR\n123", 40004),
        ("", "1", PNG, 40004),
        ("image", "3", PNG, 40058),
        ("image", "", PNG, 40058),
    ],
)
async def test_kinds_scenes_and_limits(sim: Sim, kind: str, scene: str, content: bytes, errcode: int) -> None:
    await sim.control("settings", attachment_bytes=200)
    answer = await sim.upload(content, ATTACH, media_type=kind, attachment_type=scene)
    assert answer["errcode"] == errcode
    if not errcode:
        assert (answer["type"], answer["created_at"]) == (kind, sim.world.clock.unix())


async def test_an_attachment_needs_its_file(sim: Sim) -> None:
    answer = await sim.api(ATTACH, {}, media_type="image", attachment_type="1")
    assert answer["errcode"] == 41005


async def test_a_voice_message_is_a_minute_at_most(sim: Sim) -> None:
    frame = bytes([7 << 3]) + bytes(31)  # 20 ms of the best mode
    assert (await sim.upload(b"#!AMR\n" + frame * 3000, type="voice"))["errcode"] == 0
    assert (await sim.upload(b"#!AMR\n" + frame * 3001, type="voice"))["errcode"] == 45001


async def test_uploadimg_is_limited_by_the_month_too(sim: Sim) -> None:
    await sim.control("settings", uploadimg_per_month=1)
    codes = [(await sim.upload(PNG, "media/uploadimg"))["errcode"] for _ in range(2)]
    assert codes == [0, 45009]
    await sim.later(29 * DAY)
    assert (await sim.upload(PNG, "media/uploadimg"))["errcode"] == 45009, "the 31st of March"
    await sim.later(DAY)
    assert (await sim.upload(PNG, "media/uploadimg"))["errcode"] == 0, "the first of April"


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, b""),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
    ],
)
async def test_a_part_of_a_file(sim: Sim, wanted: str, status: int, part: bytes) -> None:
    media_id = (await sim.upload(b"0123456789", type="file"))["media_id"]
    query = {"access_token": await sim.access_token(), "media_id": media_id}
    answer = await sim.http.get("/cgi-bin/media/get", params=query, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, part)
    if status == 206:
        start = b"0123456789".index(part)
        assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/10"


# ---- upload_by_url


async def put(sim: Sim, content: bytes = MP4, url: str = URL, **more: Any) -> str:
    """Returns the md5."""
    await sim.control("web_files", url=url, content_base64=base64.b64encode(content).decode(), **more)
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def job(md5: str, **more: Any) -> dict[str, Any]:
    return {"scene": 1, "type": "video", "filename": "film.mp4", "url": URL, "md5": md5, **more}


async def outcome(sim: Sim, body: dict[str, Any]) -> dict[str, Any]:
    answer = await sim.api(FETCH, body)
    assert answer["errcode"] == 0, answer
    assert (await sim.api(FETCHED, {"jobid": answer["jobid"]}))["status"] == 1
    await sim.advance(3)
    done = await sim.api(FETCHED, {"jobid": answer["jobid"]})
    assert done["status"] == (3 if done["detail"]["errcode"] else 2)
    event = sim.last_event()
    assert (event["Event"], event["JobId"]) == ("upload_media_job_finish", answer["jobid"])
    detail: dict[str, Any] = done["detail"]
    return detail


async def test_a_job_fetches_a_film_for_a_group_welcome(sim: Sim) -> None:
    detail = await outcome(sim, job(await put(sim)))
    assert detail["created_at"] == str(sim.world.clock.unix())
    media_id = detail["media_id"]
    query = {"access_token": await sim.access_token(), "media_id": media_id}
    assert (await sim.http.get("/cgi-bin/media/get", params=query)).content == MP4
    template = {"video": {"media_id": media_id}}
    added = await sim.api("externalcontact/group_welcome_template/add", template)
    chat_id = await sim.group()
    wish = {"chat_id": chat_id, "userid": "zhangsan", "template_id": added["template_id"]}
    await sim.control("groups/apply_template", **wish)
    await join(sim, chat_id=chat_id)
    (message,) = await sim.look("groups/messages", chat_id=chat_id)
    assert message["attachments"] == [{"msgtype": "video", "video": {"media_id": media_id}}]
    person = await sim.friend()
    mass = {"external_userid": [person], "attachments": [{"msgtype": "video", **template}]}
    assert await sim.errcode("externalcontact/add_msg_template", mass) == 40007, "for that scene alone"
    await sim.later(3 * DAY + 1)
    assert await sim.errcode("media/get", media_id=media_id) == 40007


async def test_what_a_job_can_fail_of(sim: Sim) -> None:
    md5 = await put(sim)
    assert (await outcome(sim, job(md5, url="https://cdn.shop/none")))["errcode"] == 830003
    assert (await outcome(sim, job("0" * 32)))["errcode"] == 830003
    text = await put(sim, b"no film at all", "https://cdn.shop/text")
    assert (await outcome(sim, job(text, url="https://cdn.shop/text")))["errcode"] == 40005
    assert (await outcome(sim, job(text, url="https://cdn.shop/text", type="file")))["errcode"] == 0
    await put(sim, url="https://cdn.shop/whole", ranges=False)
    assert (await outcome(sim, job(md5, url="https://cdn.shop/whole")))["errcode"] == 830002
    await sim.control("settings", url_file_bytes=10)
    assert (await outcome(sim, job(md5)))["errcode"] == 830002


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"scene": 2}, 40058),
        ({"type": "image"}, 40058),
        ({"filename": ""}, 40058),
        ({"url": "ftp://cdn"}, 830001),
        ({"url": "https://cdn/" + "长" * 400}, 830001),
        ({"md5": "short"}, 40058),
    ],
)
async def test_what_makes_no_job(sim: Sim, changes: dict[str, Any], errcode: int) -> None:
    assert await sim.errcode(FETCH, {**job("0" * 32), **changes}) == errcode


async def test_jobs_and_files_that_are_none(sim: Sim) -> None:
    assert await sim.errcode(FETCHED, {"jobid": "none"}) == 40058
    assert await sim.refused("web_files", url=URL, content_base64="***") == 422
