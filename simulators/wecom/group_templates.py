"""Group welcome templates (contract §4.2)."""

from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.content import Image, Text, check_object
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()

# Besides the text only the first of these counts (§4.2).
PRIORITY = ("image", "link", "miniprogram", "file", "video")


class Template(BaseModel):
    text: Text = Text()
    image: dict[str, Any] | None = None
    link: dict[str, Any] | None = None
    miniprogram: dict[str, Any] | None = None
    file: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    agentid: int | None = None


class NewTemplate(Template):
    notify: int = Field(default=1, ge=0, le=1)


class EditTemplate(Template):
    template_id: str


class DeleteTemplate(BaseModel):
    template_id: str
    agentid: int | None = None


TemplateId = Annotated[str, Body(embed=True)]


@router.post("/externalcontact/group_welcome_template/add")
async def add(world: WorldDep, request: Request, body: NewTemplate) -> Answer:
    """With notify, the members read that there is one to put into effect."""
    attachment = _check(world, request, body, world.config.group_welcome_add_bytes)
    template = world.templates.add(body.text.content, attachment, world.org.caller.agent_id)
    if body.notify:
        for employee in world.org.serving():
            world.notices.show(employee.userid, "group_welcome_template", template.template_id)
    return ok(template_id=template.template_id)


@router.post("/externalcontact/group_welcome_template/edit")
async def edit(world: WorldDep, request: Request, body: EditTemplate) -> Answer:
    """[SIM] The whole content is replaced."""
    template = world.templates.require_own(body.template_id, world.org.caller.agent_id)
    attachment = _check(world, request, body, world.config.group_welcome_edit_bytes)
    template.text, template.attachment = body.text.content, attachment
    return ok()


@router.post("/externalcontact/group_welcome_template/get")
async def get(world: WorldDep, template_id: TemplateId) -> Answer:
    """An image comes back as pic_url, however it was given."""
    template = world.templates.require(template_id)
    fields: dict[str, Any] = {"text": {"content": template.text}} if template.text else {}
    if template.attachment is not None:
        kind = template.attachment["msgtype"]
        fields[kind] = template.attachment[kind]
    return ok(**fields)


@router.post("/externalcontact/group_welcome_template/del")
async def delete(world: WorldDep, body: DeleteTemplate) -> Answer:
    template = world.templates.require_own(body.template_id, world.org.caller.agent_id)
    _check_agent(world, body.agentid)
    del world.templates.all[template.template_id]
    return ok()


def _check(world: World, request: Request, body: Template, most_bytes: int) -> dict[str, Any] | None:
    """Returns the one object that counts, with an image as an address."""
    _check_agent(world, body.agentid)
    if len(body.text.content.encode()) > most_bytes:
        raise WeComFault(45002)
    kind = next((name for name in PRIORITY if getattr(body, name) is not None), None)
    if kind is None:
        if not body.text.content:
            raise WeComFault(40063, "text and attachments")
        return None
    given = getattr(body, kind)
    checked = check_object(kind, given, world.media, "message", "group_welcome")
    if isinstance(checked, Image) and checked.media_id:
        key = world.media.publish(world.media.get(checked.media_id).content)
        given = {"pic_url": f"{request.base_url}pic/{key}.png"}
    return {"msgtype": kind, kind: given}


def _check_agent(world: World, agentid: int | None) -> None:
    if agentid is not None and agentid != world.org.caller.agent_id:
        raise WeComFault(301002)
