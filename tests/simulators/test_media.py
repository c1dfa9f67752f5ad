"""Uploads: formats, sizes, three days (contract §11.2)."""

from typing import Any

import pytest

from tests.simulators.sim import PNG, Sim

pytestmark = pytest.mark.anyio

MP4 = b"\0\0\0\x20ftypisom" + b"0" * 20


async def upload(
    sim: Sim, content: bytes, type_: str = "image", part: str = "media", api: str = "media/upload"
) -> dict[str, Any]:
    query = {"access_token": await sim.access_token(), "type": type_}
    answer = await sim.http.post(f"/cgi-bin/{api}", params=query, files={part: ("名.png", content)})
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("type_", "content", "errcode"),
    [
        ("image", PNG, 0),
        ("image", b"\xff\xd8\xff\xe0 jpeg", 0),
        ("image", b"GIF89a---", 40123),
        ("image", b"\x89PNG", 44001),
        ("image", PNG + b"0" * 100, 40009),
        ("voice", b"#!AMR\n123", 0),
        ("voice", b"RIFF----WAVE", 40005),
        ("video", MP4, 0),
        ("video", PNG, 40005),
        ("video", MP4 + b"0" * 100, 40011),
        ("file", b"anything", 0),
        ("file", b"a" * 101, 45001),
        ("music", PNG, 40004),
        ("", PNG, 40004),
    ],
)
async def test_types_and_sizes(sim: Sim, type_: str, content: bytes, errcode: int) -> None:
    await sim.control("settings", image_bytes=100, voice_bytes=100, video_bytes=100, file_bytes=100)
    assert (await upload(sim, content, type_))["errcode"] == errcode


async def test_the_answer_has_created_at_as_a_string(sim: Sim) -> None:
    answer = await upload(sim, PNG)
    assert answer["type"] == "image"
    assert answer["created_at"] == str(sim.world.clock.unix())


async def test_the_part_is_called_media(sim: Sim) -> None:
    assert (await upload(sim, PNG, part="file"))["errcode"] == 41005


async def test_a_media_id_lives_three_days(sim: Sim) -> None:
    media_id = (await upload(sim, PNG))["media_id"]
    await sim.advance(3 * 24 * 3600)
    sim.token = ""
    query = {"access_token": await sim.access_token(), "media_id": media_id}
    answer = await sim.http.get("/cgi-bin/media/get", params=query)
    assert answer.content == PNG
    assert answer.headers["Content-disposition"].startswith("attachment")
    await sim.advance(1)
    assert await sim.errcode("media/get", media_id=media_id) == 40007


async def test_an_uploaded_image_has_an_address_for_ever(sim: Sim) -> None:
    url = (await upload(sim, PNG, part="whatever", api="media/uploadimg"))["url"]
    await sim.advance(400 * 24 * 3600)
    assert (await sim.http.get(url)).content == PNG
    assert (await sim.http.get(url.replace(".png", "0.png"))).status_code == 404


async def test_uploadimg_is_limited_by_the_day(sim: Sim) -> None:
    await sim.control("settings", uploadimg_per_day=1)
    codes = [(await upload(sim, PNG, api="media/uploadimg"))["errcode"] for _ in range(2)]
    assert codes == [0, 45009]
    await sim.advance(24 * 3600)
    sim.token = ""
    assert (await upload(sim, PNG, api="media/uploadimg"))["errcode"] == 0


async def test_uploadimg_needs_a_file(sim: Sim) -> None:
    assert await sim.errcode("media/uploadimg", {}) == 41005
