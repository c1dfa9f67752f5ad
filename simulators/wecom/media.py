"""Media (contract §11.2)."""

from typing import Annotated, get_args

from fastapi import File, Query, Request, Response, UploadFile
from starlette.datastructures import UploadFile as FormFile

from simulators.errors import WeComFault
from simulators.state.media import MediaType
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()


@router.post("/media/upload")
async def upload(
    world: WorldDep,
    type_: Annotated[str, Query(alias="type")] = "",
    media: Annotated[UploadFile | None, File()] = None,
) -> Answer:
    kind = _kind(type_)
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


@router.get("/media/get", response_class=Response)
async def get(world: WorldDep, media_id: Annotated[str, Query()]) -> Response:
    medium = world.media.get(media_id)
    headers = {"Content-disposition": f'attachment; filename="{medium.media_id}"'}
    return Response(medium.content, media_type=medium.content_type, headers=headers)


def _kind(name: str) -> MediaType:
    for kind in get_args(MediaType):
        if kind == name:
            known: MediaType = kind
            return known
    raise WeComFault(40004)
