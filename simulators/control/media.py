"""Files that stand at an address of the simulated world, for media/upload_by_url."""

import base64

from fastapi import APIRouter
from pydantic import Field

from simulators.control.base import ControlModel, Done
from simulators.state.media_jobs import WebFile
from simulators.state.refused import Refused
from simulators.world import WorldDep

router = APIRouter()


class PutFile(ControlModel):
    """Nothing is ever fetched from a real network: what a job can find is what was put here."""

    url: str
    content_base64: str
    ranges: bool = Field(default=True, description="False: an address that knows no Range requests")


@router.post("/web_files", status_code=201)
async def put_file(world: WorldDep, body: PutFile) -> Done:
    try:
        content = base64.b64decode(body.content_base64, validate=True)
    except ValueError as error:
        raise Refused(f"content_base64: {error}", status=422) from error
    world.upload_jobs.web[body.url] = WebFile(content, body.ranges)
    return Done()
