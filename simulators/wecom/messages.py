"""message/send and message/recall: application messages to employees (contract §10.1)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from simulators import ids
from simulators.errors import WeComFault
from simulators.state.card_shapes import Card
from simulators.wecom.message_bodies import MSGTYPES, checked
from simulators.wecom.recipients import Recipients, find
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

LONGEST_INTERVAL_SECONDS = 4 * 3600


class AppMessage(BaseModel):
    """The content stands under the name of its msgtype."""

    model_config = ConfigDict(extra="allow")

    touser: str = ""
    toparty: str = ""
    totag: str = ""
    msgtype: str
    agentid: int
    safe: int = Field(default=0, ge=0, le=2)  # 2 of mpnews only
    enable_id_trans: int = Field(default=0, ge=0, le=1)
    enable_duplicate_check: int = Field(default=0, ge=0, le=1)
    duplicate_check_interval: int = Field(default=1800, ge=0, le=LONGEST_INTERVAL_SECONDS)


class Recall(BaseModel):
    msgid: str


@router.post("/message/send")
async def send(world: WorldDep, body: AppMessage) -> Answer:
    """Some unknown recipients are no error; more than the member's share is dropped without a word."""
    app = world.org.caller
    if body.agentid != app.agent_id:
        raise WeComFault(301002)
    if not (body.touser or body.toparty or body.totag):
        raise WeComFault(82001)
    if body.msgtype not in MSGTYPES:
        raise WeComFault(40008)
    given = (body.model_extra or {}).get(body.msgtype)
    content: dict[str, Any] = given if isinstance(given, dict) else {}
    card = checked(body.msgtype, content, world.media)
    _check_presses_are_heard(world, card)
    found = find(world, body.touser, body.toparty, body.totag)
    if not found.valid:
        raise WeComFault(81013)
    duplicate = body.enable_duplicate_check and world.staff_messages.is_duplicate(
        {**body.model_dump(), "app": app.agent_id}, body.duplicate_check_interval
    )
    if duplicate:
        return ok(**_not_reached(found), msgid=ids.msgid())
    sent = world.staff_messages.begin(app.agent_id, card)
    quota = daily_quota(world)
    for userid in found.valid:
        world.staff_messages.deliver(sent, userid, body.msgtype, content, quota=quota)
    answer = ok(**_not_reached(found), msgid=sent.msgid)
    if card is not None and card.is_interactive():
        hours = world.config.response_code_hours
        answer["response_code"] = world.staff_messages.response_code(sent, hours)
    return answer


@router.post("/message/recall")
async def recall(world: WorldDep, body: Recall) -> Answer:
    sent = world.staff_messages.require(body.msgid, world.org.caller.agent_id)
    for message in sent.messages:
        message.recalled = True
    return ok()


def daily_quota(world: World) -> int:
    """Person-times of one app in a day: so many for each account that the corp may have (§10.1)."""
    return world.config.staff_messages_per_account * world.config.accounts


def _check_presses_are_heard(world: World, card: Card | None) -> None:
    if card is None or not (card.is_interactive() and world.config.cards_need_callback):
        return
    if not world.callbacks.door.has_url(world.org.caller):
        raise WeComFault(43012)


def _not_reached(found: Recipients) -> Answer:
    return {
        "invaliduser": "|".join(userid.lower() for userid in found.invalid),  # WeCom answers in lower case
        "invalidparty": "|".join(found.invalid_parties),
        "invalidtag": "|".join(found.invalid_tags),
        "unlicenseduser": "|".join(userid.lower() for userid in found.unlicensed),
    }
