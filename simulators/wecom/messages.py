"""message/send: application messages to employees, text and textcard (contract §10.1)."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from simulators import ids
from simulators.errors import WeComFault
from simulators.state.content import Bytes2048
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

MOST_USERS = 1000
LONGEST_INTERVAL_SECONDS = 4 * 3600


class TextMessage(BaseModel):
    content: Annotated[Bytes2048, Field(min_length=1)]


class TextCard(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(min_length=1, max_length=512)]
    url: Annotated[Bytes2048, Field(min_length=1)]
    btntxt: Annotated[str, Field(max_length=4)] = ""


BODIES: dict[str, TypeAdapter[Any]] = {"text": TypeAdapter(TextMessage), "textcard": TypeAdapter(TextCard)}


class AppMessage(BaseModel):
    touser: str = ""
    toparty: str = ""
    totag: str = ""
    msgtype: str
    agentid: int
    text: dict[str, Any] | None = None
    textcard: dict[str, Any] | None = None
    enable_duplicate_check: int = 0
    duplicate_check_interval: int = Field(default=1800, le=LONGEST_INTERVAL_SECONDS)


@router.post("/message/send")
async def send(world: WorldDep, body: AppMessage) -> Answer:
    """Some unknown recipients are no error; more than the member's share is dropped without a word."""
    content = _check(world, body)
    valid, invalid = _recipients(world, body.touser)
    if not valid:
        raise WeComFault(81013)
    msgid = ids.msgid()
    duplicate = body.enable_duplicate_check and world.staff_messages.is_duplicate(
        body.model_dump(), body.duplicate_check_interval
    )
    if not duplicate:
        for userid in valid:
            world.staff_messages.deliver(msgid, userid, body.msgtype, content)
    return ok(
        invaliduser="|".join(userid.lower() for userid in invalid),  # WeCom answers in lower case
        invalidparty=body.toparty,  # [SIM] this corp has no departments and no member tags
        invalidtag=body.totag,
        unlicenseduser="",
        msgid=msgid,
    )


def _check(world: World, body: AppMessage) -> dict[str, Any]:
    if body.agentid != world.config.agent_id:
        raise WeComFault(301002)
    if not (body.touser or body.toparty or body.totag):
        raise WeComFault(82001)
    if body.msgtype not in BODIES:
        raise WeComFault(40008, "the simulator knows text and textcard")
    content = body.text if body.msgtype == "text" else body.textcard
    try:
        BODIES[body.msgtype].validate_python(content)
    except ValidationError as error:
        raise WeComFault(40058, str(error.errors()[0]["msg"])) from error
    return content or {}


def _recipients(world: World, touser: str) -> tuple[list[str], list[str]]:
    employees = world.people.employees
    if touser == "@all":
        return [employee.userid for employee in employees.values()], []
    wanted = [userid for userid in dict.fromkeys(touser.split("|")) if userid]
    if len(wanted) > MOST_USERS:
        raise WeComFault(40058, "touser")
    valid = [employees[userid.lower()].userid for userid in wanted if userid.lower() in employees]
    return valid, [userid for userid in wanted if userid.lower() not in employees]
