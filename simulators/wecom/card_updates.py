"""message/update_template_card: what a card shows after a press, or from the app's own motion (§10.1)."""

from typing import Any

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.card_shapes import Card
from simulators.state.staff_messages import StaffMessage
from simulators.wecom.message_bodies import checked
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()


class ButtonChange(BaseModel):
    """The buttons become one that cannot be pressed."""

    replace_name: str = Field(min_length=1)


class CardUpdate(BaseModel):
    userids: list[str] = Field(default=[], max_length=1000)
    partyids: list[int] = Field(default=[], max_length=100)
    tagids: list[int] = Field(default=[], max_length=100)
    atall: int = Field(default=0, ge=0, le=1)
    agentid: int
    response_code: str
    button: ButtonChange | None = None
    template_card: dict[str, Any] | None = None
    enable_id_trans: int = Field(default=0, ge=0, le=1)


@router.post("/message/update_template_card")
async def update_template_card(world: WorldDep, body: CardUpdate) -> Answer:
    """The code counts once, and only when the update was made."""
    app = world.org.caller
    if body.agentid != app.agent_id:
        raise WeComFault(301002)
    if not (body.userids or body.partyids or body.tagids or body.atall):
        raise WeComFault(82101)
    if (body.button is None) == (body.template_card is None):
        raise WeComFault(40058, "either button or template_card")
    sent = world.staff_messages.known(body.response_code, app.agent_id)
    changes = _changes(world, body, sent.card)
    wanted = _userids(world, body)
    reached = [one for one in sent.messages if body.atall or one.userid.lower() in wanted]
    if not reached:
        raise WeComFault(82102)
    for message in reached:
        message.updated = changes
    world.staff_messages.use(body.response_code)
    return ok(invaliduser=_invalid(body, reached))


def _changes(world: World, body: CardUpdate, card: Card | None) -> dict[str, Any]:
    if body.button is not None:
        return {"button": body.button.model_dump()}
    new = {**(body.template_card or {})}
    if card is not None and card.task_id:
        new.setdefault("task_id", card.task_id)  # the updated card is the same task
    checked("template_card", new, world.media)
    return {"template_card": new}


def _userids(world: World, body: CardUpdate) -> set[str]:
    below = world.org.members_of(body.partyids)
    return {userid.lower() for userid in body.userids} | {one.userid.lower() for one in below}


def _invalid(body: CardUpdate, reached: list[StaffMessage]) -> list[str]:
    known = {message.userid.lower() for message in reached}
    return [userid.lower() for userid in body.userids if userid.lower() not in known]
