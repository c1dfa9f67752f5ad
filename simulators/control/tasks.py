"""Employees confirm mass tasks in their client (contract §13.10), or send on their own."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from simulators.acts import mass as acts
from simulators.control.base import ControlModel
from simulators.state.content import check_content
from simulators.state.mass import NOT_SENT, ChatType, MassTask, Part
from simulators.state.refused import Refused, Unknown
from simulators.wecom.mass import MsgTemplate, create_task
from simulators.world import WorldDep

router = APIRouter()


class Confirm(ControlModel):
    """external_userids: the chosen ones, of a task with allow_select (chat_ids of a group task)."""

    msgid: str
    userid: str
    external_userids: list[str] | None = None


class Confirmed(BaseModel):
    statuses: dict[str, int]  # 0 not chosen, 1 sent, 2 not a friend, 3 capped


class Personal(ControlModel):
    """An employee's own mass message (§8.1 rule 3): to customers, or to the groups that the employee owns."""

    userid: str
    recipients: Annotated[list[str], Field(min_length=1)]
    chat_type: ChatType = "single"
    text: str = ""
    attachments: list[dict[str, Any]] = Field(default=[])


class Console(ControlModel):
    """A corp task that an admin makes in the console: the API shows who."""

    creator: str
    template: MsgTemplate


class Sent(Confirmed):
    msgid: str


class Made(BaseModel):
    msgid: str
    fail_list: list[str]


class TaskView(BaseModel):
    msgid: str
    chat_type: ChatType
    text: str
    created_at: datetime
    cancelled: bool
    allow_select: bool
    reminded: int
    creator: str | None
    personal: bool
    parts: list[Part]


@router.post("/tasks/confirm")
async def confirm(world: WorldDep, body: Confirm) -> Confirmed:
    task = world.mass.all.get(body.msgid)
    if task is None:
        raise Unknown("task", body.msgid)
    part = task.parts.get(body.userid.lower())
    if part is None:
        raise Unknown("part of this task for", body.userid)
    if task.cancelled or part.status != NOT_SENT:
        raise Refused("cancelled" if task.cancelled else "confirmed before")
    if world.people.employee(part.userid).resigned:
        raise Refused("the employee has resigned")
    acts.send(world, task, part, _chosen(task, part, body.external_userids))
    return Confirmed(statuses=_statuses(part))


@router.post("/tasks/personal", status_code=201)
async def personal(world: WorldDep, body: Personal) -> Sent:
    userid = world.people.employee(body.userid).userid
    if body.chat_type == "group":
        own = [group.chat_id for group in world.groups.owned_by(userid)]
    else:
        own = [relation.external_userid for relation in world.people.customers_of(userid)]
    strangers = [one for one in body.recipients if one not in own]
    if strangers:
        raise Refused(f"not customers or groups of {userid!r}: {strangers}")
    content = check_content({"content": body.text}, body.attachments, world.media)
    shares = {userid: list(dict.fromkeys(body.recipients))}
    task = world.mass.create(
        body.chat_type, content, shares, allow_select=False, creator=userid, personal=True
    )
    part = task.parts[userid.lower()]
    acts.send(world, task, part, part.recipients)
    return Sent(msgid=task.msgid, statuses=_statuses(part))


@router.post("/tasks/console", status_code=201)
async def console(world: WorldDep, body: Console) -> Made:
    creator = world.people.employee(body.creator).userid
    task, fail_list = create_task(world, body.template, creator)
    return Made(msgid=task.msgid, fail_list=fail_list)


@router.get("/tasks")
async def tasks(world: WorldDep) -> list[TaskView]:
    return [
        TaskView(
            msgid=task.msgid,
            chat_type=task.chat_type,
            text=task.content.text.content,
            created_at=task.created_at,
            cancelled=task.cancelled,
            allow_select=task.allow_select,
            reminded=len(task.reminded_at),
            creator=task.creator,
            personal=task.personal,
            parts=list(task.parts.values()),
        )
        for task in world.mass.all.values()
    ]


def _statuses(part: Part) -> dict[str, int]:
    return {key: recipient.status for key, recipient in part.recipients.items()}


def _chosen(task: MassTask, part: Part, wanted: list[str] | None) -> list[str]:
    if wanted is None:
        return list(part.recipients)
    if not task.allow_select:
        raise Refused("the task was created without allow_select: all or none")
    strangers = [recipient_id for recipient_id in wanted if recipient_id not in part.recipients]
    if strangers:
        raise Refused(f"not recipients of this part: {strangers}")
    return wanted
