"""Media (contract §11.2)."""

import re
from typing import Annotated, get_args

from fastapi import File, Header, Query, Request, Response, UploadFile
from starlette.datastructures import UploadFile as FormFile

from simulators.errors import WeComFault
from simulators.state.media import MediaType, Medium, Scene
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()

ATTACHMENT_SCENES: dict[str, Scene] = {"1": "moments", "2": "album"}

Part = Annotated[UploadFile | None, File()]


@router.post("/media/upload")
async def upload(
    world: WorldDep, type_: Annotated[str, Query(alias="type")] = "", media: Part = None
) -> Answer:
    kind = _kind(type_, "image", "voice", "video", "file")
    if media is None or not media.filename:
        raise WeComFault(41005)
    content_type = media.content_type or "application/octet-stream"
    medium = world.media.upload(kind, media.filename, await media.read(), content_type)
    # created_at is a string here, though an int elsewhere
    created_at = str(int(medium.created_at.timestamp()))
    return ok(type=medium.type, media_id=medium.media_id, created_at=created_at)


@router.post("/media/uploadimg")
async def uploadimg(world: WorldDep, request: Request) -> Answer:
    """Any part name will do."""
    form = await request.form()
    part = next((value for value in form.values() if isinstance(value, FormFile)), None)
    if part is None:
        raise WeComFault(41005)
    key = world.media.upload_image(await part.read())
    return ok(url=f"{request.base_url}pic/{key}.png")


@router.post("/media/upload_attachment")
async def upload_attachment(
    world: WorldDep, media_type: str = "", attachment_type: str = "", media: Part = None
) -> Answer:
    kind = _kind(media_type, "image", "video", "file")
    scene = ATTACHMENT_SCENES.get(attachment_type)
    if scene is None:
        raise WeComFault(40058, "attachment_type")
    if media is None or not media.filename:
        raise WeComFault(41005)
    medium = world.media.upload_attachment(kind, media.filename, await media.read(), scene)
    created_at = int(medium.created_at.timestamp())
    return ok(type=medium.type, media_id=medium.media_id, created_at=created_at)


@router.get("/media/get", response_class=Response)
async def get(
    world: WorldDep,
    media_id: Annotated[str, Query()],
    range_: Annotated[str, Header(alias="Range")] = "",
) -> Response:
    medium = world.media.get(media_id)
    headers = {
        "Content-disposition": f'attachment; filename="{medium.media_id}"',
        "Accept-Ranges": "bytes",
    }
    return _whole_or_part(medium, range_, headers)


def _whole_or_part(medium: Medium, range_: str, headers: dict[str, str]) -> Response:
    """One range as RFC 9110 has it: "bytes=0-99", "bytes=100-", "bytes=-20"; anything else gets the whole."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", range_)
    size = len(medium.content)
    if asked is None or not any(asked.groups()):
        return Response(medium.content, media_type=medium.content_type, headers=headers)
    first, last = asked.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    part = medium.content[start : end + 1]
    return Response(part, status_code=206, media_type=medium.content_type, headers=headers)


def _kind(name: str, *allowed: MediaType) -> MediaType:
    for kind in get_args(MediaType):
        if kind == name and kind in allowed:
            known: MediaType = kind
            return known
    raise WeComFault(40004)
