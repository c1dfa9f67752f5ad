"""Following mass messages up (contract §8.2)."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import Body
from pydantic import BaseModel

from simulators.errors import WeComFault
from simulators.state.mass import NOT_SENT, MassTask, Part, Recipient
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

LIST_DEFAULT, LIST_MAX = 50, 100
RESULT_DEFAULT, RESULT_MAX = 500, 1000
LONGEST_SPAN = timedelta(days=31)
# filter_type; the first two are create_type as well
CORP: Final = 0
PERSONAL: Final = 1
ALL: Final = 2


class ListMass(BaseModel):
    chat_type: str
    start_time: int
    end_time: int
    creator: str = ""
    filter_type: Literal[0, 1, 2] = ALL
    limit: int = LIST_DEFAULT
    cursor: str = ""


class TaskQuery(BaseModel):
    msgid: str
    limit: int = RESULT_DEFAULT
    cursor: str = ""


class ResultQuery(TaskQuery):
    userid: str


MsgId = Annotated[str, Body(embed=True)]


@router.post("/externalcontact/get_groupmsg_list_v2")
async def get_groupmsg_list(world: WorldDep, body: ListMass) -> Answer:
    if body.chat_type not in ("single", "group"):
        raise WeComFault(86214)
    if not 0 <= body.end_time - body.start_time <= LONGEST_SPAN.total_seconds():
        raise WeComFault(40058, "span")
    tasks = [_task_json(task) for task in world.mass.all.values() if _listed(world, task, body)]
    query = f"list {body.chat_type} {body.start_time} {body.end_time} {body.filter_type} {body.creator}"
    limit = body.limit if body.limit <= LIST_MAX else LIST_DEFAULT
    found, next_cursor = wecom_page(tasks, query=query, cursor=body.cursor, limit=limit)
    return ok(group_msg_list=found, next_cursor=next_cursor)


@router.post("/externalcontact/get_groupmsg_task")
async def get_groupmsg_task(world: WorldDep, body: TaskQuery) -> Answer:
    parts = _visible_parts(world, world.mass.require_dispatched(body.msgid))
    limit = min(body.limit, RESULT_MAX)
    found, next_cursor = wecom_page(parts, query=f"task {body.msgid}", cursor=body.cursor, limit=limit)
    return ok(task_list=[_part_json(part) for part in found], next_cursor=next_cursor)


@router.post("/externalcontact/get_groupmsg_send_result")
async def get_groupmsg_send_result(world: WorldDep, body: ResultQuery) -> Answer:
    task = world.mass.require_dispatched(body.msgid)
    world.org.require_visible(body.userid)
    part = task.parts.get(body.userid.lower())
    recipients = [] if part is None else _recipients(task, part)
    query = f"result {body.msgid} {body.userid}"
    limit = min(body.limit, RESULT_MAX)
    found, next_cursor = wecom_page(recipients, query=query, cursor=body.cursor, limit=limit)
    return ok(send_list=found, next_cursor=next_cursor)


@router.post("/externalcontact/remind_groupmsg_send")
async def remind_groupmsg_send(world: WorldDep, msgid: MsgId) -> Answer:
    """Those who have not sent yet read it in their client."""
    task = world.mass.require_corps(msgid)
    world.mass.remind(task)
    for part in task.parts.values():
        if part.status == NOT_SENT:
            world.notices.show(part.userid, "mass_reminder", msgid)
    return ok()


@router.post("/externalcontact/cancel_groupmsg_send")
async def cancel_groupmsg_send(world: WorldDep, msgid: MsgId) -> Answer:
    """Stops what is unsent; what was sent cannot be recalled."""
    world.mass.require_corps(msgid).cancelled = True
    return ok()


def _listed(world: World, task: MassTask, asked: ListMass) -> bool:
    """A creator is the employee of a personal send, or the admin of the console; API-made tasks have none."""
    kind = PERSONAL if task.personal else CORP
    return (
        task.chat_type == asked.chat_type
        and asked.start_time <= int(task.created_at.timestamp()) <= asked.end_time
        and asked.filter_type in (ALL, kind)
        and (not asked.creator or asked.creator.lower() == (task.creator or "").lower())
        and bool(_visible_parts(world, task))
    )


def _visible_parts(world: World, task: MassTask) -> list[Part]:
    """An app sees only members in its visible range."""
    return [part for part in task.parts.values() if world.org.visible(part.userid)]


def _recipients(task: MassTask, part: Part) -> list[dict[str, Any]]:
    """Of a group task only the sent records are listed, by chat; of a single one all, by customer."""
    key = "chat_id" if task.chat_type == "group" else "external_userid"
    return [
        {key: recipient_id, "userid": part.userid, **_sent(recipient)}
        for recipient_id, recipient in part.recipients.items()
        if task.chat_type == "single" or recipient.status != NOT_SENT
    ]


def _part_json(part: Part) -> dict[str, Any]:
    return {"userid": part.userid, **_sent(part)}


def _sent(item: Part | Recipient) -> dict[str, Any]:
    """send_time is absent while unsent."""
    if item.sent_at is None:
        return {"status": item.status}
    return {"status": item.status, "send_time": int(item.sent_at.timestamp())}


def _task_json(task: MassTask) -> dict[str, Any]:
    fields = {
        "msgid": task.msgid,
        "create_time": str(int(task.created_at.timestamp())),  # a string in the official sample
        "create_type": PERSONAL if task.personal else CORP,
        "text": task.content.text.model_dump(),
        "attachments": task.content.attachments,
    }
    return fields if task.creator is None else {**fields, "creator": task.creator}
