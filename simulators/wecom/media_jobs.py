"""media/upload_by_url and its result (contract §11.2); the end of a job is an event too (§3.8)."""

import re
from typing import Annotated, Any, Literal

from fastapi import Body
from pydantic import BaseModel, Field

from simulators.errors import TEXTS, WeComFault
from simulators.state.media_jobs import BAD_URL, DONE, RUNNING, UploadJob
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()

GROUP_WELCOME = 1  # the one scene there is
URL_BYTES = 1024


class UploadByUrl(BaseModel):
    scene: int
    type: Literal["video", "file"]
    filename: Annotated[str, Field(min_length=1, max_length=64)]
    url: str
    md5: Annotated[str, Field(pattern="^[0-9a-fA-F]{32}$")]


JobId = Annotated[str, Body(embed=True)]


@router.post("/media/upload_by_url")
async def upload_by_url(world: WorldDep, body: UploadByUrl) -> Answer:
    if body.scene != GROUP_WELCOME:
        raise WeComFault(40058, "scene")
    if not re.match("https?://[^/]", body.url) or len(body.url.encode()) > URL_BYTES:
        raise WeComFault(BAD_URL)
    app = world.org.caller.agent_id
    job = world.upload_jobs.start(body.type, body.filename, body.url, body.md5, app)
    return ok(jobid=job.jobid)


@router.post("/media/get_upload_by_url_result")
async def get_upload_by_url_result(world: WorldDep, jobid: JobId) -> Answer:
    job = world.upload_jobs.require(jobid)
    fields: dict[str, Any] = {"status": job.status}
    if job.status != RUNNING:
        fields["detail"] = _detail(job)
    return ok(**fields)


def _detail(job: UploadJob) -> dict[str, Any]:
    detail: dict[str, Any] = {"errcode": job.errcode, "errmsg": TEXTS.get(job.errcode, "ok")}
    if job.status == DONE and job.finished_at is not None:
        detail |= {"media_id": job.media_id, "created_at": str(int(job.finished_at.timestamp()))}
    return detail
