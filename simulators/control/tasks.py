"""Employees confirm mass tasks in their client (contract §13.10)."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from simulators.control.base import ControlModel
from simulators.state.mass import NOT_SENT, TASK_SENT, ChatType, MassTask, Part
from simulators.state.received import Received
from simulators.state.refused import Refused, Unknown
from simulators.world import World, WorldDep

router = APIRouter()


class Confirm(ControlModel):
    """external_userids: the chosen ones, of a task with allow_select (chat_ids of a group task)."""

    msgid: str
    userid: str
    external_userids: list[str] | None = None


class Confirmed(BaseModel):
    statuses: dict[str, int]  # 0 not chosen, 1 sent, 2 not a friend, 3 capped


class TaskView(BaseModel):
    msgid: str
    chat_type: ChatType
    text: str
    created_at: datetime
    cancelled: bool
    allow_select: bool
    reminded: int
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
    for recipient_id in _chosen(task, part, body.external_userids):
        _send(world, task, part, recipient_id)
    part.status, part.sent_at = TASK_SENT, world.clock()
    return Confirmed(statuses={key: recipient.status for key, recipient in part.recipients.items()})


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
            parts=list(task.parts.values()),
        )
        for task in world.mass.all.values()
    ]


def _chosen(task: MassTask, part: Part, wanted: list[str] | None) -> list[str]:
    if wanted is None:
        return list(part.recipients)
    if not task.allow_select:
        raise Refused("the task was created without allow_select: all or none")
    strangers = [recipient_id for recipient_id in wanted if recipient_id not in part.recipients]
    if strangers:
        raise Refused(f"not recipients of this part: {strangers}")
    return wanted


def _send(world: World, task: MassTask, part: Part, recipient_id: str) -> None:
    recipient = part.recipients[recipient_id]
    if task.chat_type == "group":
        group = world.groups.known(recipient_id)
        if world.mass.send(recipient_id, recipient, friend=not group.dismissed):
            customers = [member.member_id for member in group.members.values() if member.type == 2]
            _deliver(world, task, part, customers, chat_id=recipient_id)
        return
    relation = world.people.relation(part.userid, recipient_id)
    friend = relation is not None and not relation.deleted_by_customer
    if world.mass.send(recipient_id, recipient, friend=friend):
        _deliver(world, task, part, [recipient_id])


def _deliver(
    world: World, task: MassTask, part: Part, customers: list[str], chat_id: str | None = None
) -> None:
    message = Received(
        world.clock(),
        task.chat_type,
        part.userid,
        task.content.text.content or None,
        task.content.attachments,
        chat_id=chat_id,
        msgid=task.msgid,
    )
    for external_userid in customers:
        world.inboxes.deliver(external_userid, message)
