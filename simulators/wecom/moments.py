"""Publishing moments (contract §8.3): a call starts a job, the job makes a task, employees publish it."""

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ValidationError

from simulators.errors import TEXTS, WeComFault
from simulators.state.moments import DONE, Moment
from simulators.wecom.moment_audience import SenderList, TagList, find_audience, new_moment
from simulators.wecom.moment_content import check_moment_content
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()


class VisibleRange(BaseModel):
    sender_list: SenderList | None = None
    external_contact_list: TagList | None = None


class MomentTask(BaseModel):
    text: Any = None
    attachments: Any = None
    visible_range: VisibleRange = VisibleRange()


class MomentId(BaseModel):
    moment_id: str


@router.post("/externalcontact/add_moment_task")
async def add_moment_task(world: WorldDep, body: MomentTask) -> Answer:
    """Senders and tags that nobody knows are no error here: the job's result names them."""
    text, attachments = check_moment_content(body.text, body.attachments, world.media)
    senders, tags = body.visible_range.sender_list, body.visible_range.external_contact_list
    if senders is not None and len(senders.user_list) > world.config.moment_senders:
        raise WeComFault(40035, "user_list")
    world.moments.check_pace()
    audience = find_audience(world, senders, tags)
    moment: Moment | None = None
    if not audience.errcode:
        moment = new_moment(world, text, attachments, audience)
        for part in moment.parts.values():
            world.notices.show(part.userid, "moment_task", moment.moment_id)
    result = {
        "errcode": audience.errcode,
        "errmsg": TEXTS.get(audience.errcode, "ok"),
        "moment_id": "" if moment is None else moment.moment_id,
        "invalid_sender_list": audience.invalid_senders.model_dump(),
        "invalid_external_contact_list": audience.invalid_tags.model_dump(),
    }
    return ok(jobid=world.moments.start(world.org.caller.agent_id, result, moment).jobid)


@router.get("/externalcontact/get_moment_task_result")
async def get_moment_task_result(world: WorldDep, jobid: Annotated[str, Query()]) -> Answer:
    job = world.moments.job(jobid, world.org.caller.agent_id)
    status = world.moments.status(job)
    answer = ok(status=status, type="add_moment_task")
    return {**answer, "result": job.result} if status == DONE else answer


@router.post("/externalcontact/cancel_moment_task")
async def cancel_moment_task(world: WorldDep, body: MomentId) -> Answer:
    """Stops what is unpublished; what was published cannot be recalled."""
    world.moments.require_corps(body.moment_id).cancelled = True
    return ok()


@router.get("/externalcontact/cancel_moment_task", include_in_schema=False)
async def cancel_moment_task_by_get(world: WorldDep, request: Request) -> Answer:
    """§8.3 [U]: one mirror of the page says GET, with a body."""
    try:
        body = MomentId.model_validate_json(await request.body())
    except ValidationError as error:
        raise WeComFault(41059) from error
    return await cancel_moment_task(world, body)
