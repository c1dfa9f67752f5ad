"""Mass messages leave an employee's client: the corp's by a tap, the employee's own at once (§13.10)."""

from collections.abc import Iterable

from simulators.state.groups import GroupMessage
from simulators.state.mass import TASK_SENT, MassTask, Part
from simulators.state.received import Received
from simulators.world import World


def send(world: World, task: MassTask, part: Part, recipient_ids: Iterable[str]) -> None:
    """To these recipients of the part; the others stay unsent for good."""
    for recipient_id in recipient_ids:
        if task.chat_type == "group":
            _send_to_group(world, task, part, recipient_id)
        else:
            _send_to_customer(world, task, part, recipient_id)
    part.status, part.sent_at = TASK_SENT, world.clock()


def _send_to_group(world: World, task: MassTask, part: Part, chat_id: str) -> None:
    """An employee who owns the group no more has nothing to send there."""
    group = world.groups.known(chat_id)
    reachable = not group.dismissed and group.owner.lower() == part.userid.lower()
    if world.mass.send(task, part.userid, chat_id, friend=reachable):
        text, attachments = task.content.text.content, task.content.attachments
        group.messages.append(GroupMessage(world.clock(), part.userid, text, attachments, "mass"))
        _deliver(world, task, part, group.customers(), chat_id=chat_id)


def _send_to_customer(world: World, task: MassTask, part: Part, external_userid: str) -> None:
    relation = world.people.relation(part.userid, external_userid)
    friend = relation is not None and not relation.deleted_by_customer and not relation.half
    if world.mass.send(task, part.userid, external_userid, friend=friend):
        _deliver(world, task, part, [external_userid])


def _deliver(
    world: World, task: MassTask, part: Part, customers: list[str], chat_id: str | None = None
) -> None:
    message = Received(
        world.clock(),
        "personal" if task.personal else task.chat_type,
        part.userid,
        task.content.text.content or None,
        task.content.attachments,
        chat_id=chat_id,
        msgid=task.msgid,
    )
    for external_userid in customers:
        world.inboxes.deliver(external_userid, message)
