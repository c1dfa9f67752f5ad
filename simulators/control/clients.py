"""An employee's own WeCom client: remark, tags and description of a customer (contract §3.4)."""

from fastapi import APIRouter

from simulators.control.base import ControlModel, Done
from simulators.state.people import PersonalTag
from simulators.world import WorldDep

router = APIRouter()

# A change of these alone fires no event.
SILENT = {"remark_mobiles", "userid", "external_userid"}


class OwnTag(ControlModel):
    group_name: str = ""
    name: str


class Edit(ControlModel):
    """A field that is left out stays as it is; lists replace, but corp tags are added and removed."""

    userid: str
    external_userid: str
    remark: str | None = None
    description: str | None = None
    remark_company: str | None = None
    remark_mobiles: list[str] | None = None
    add_tag: list[str] | None = None
    remove_tag: list[str] | None = None
    personal_tags: list[OwnTag] | None = None


@router.post("/edit_customer")
async def edit_customer(world: WorldDep, body: Edit) -> Done:
    relation = world.people.friends(body.userid, body.external_userid)
    add, remove = body.add_tag or [], body.remove_tag or []
    for tag_id in (*add, *remove):
        world.tags.get(tag_id)
    for name in ("remark", "description", "remark_company", "remark_mobiles"):
        value = getattr(body, name)
        if value is not None:
            setattr(relation, name, value)
    kept = dict.fromkeys([*relation.tag_ids, *add])
    relation.tag_ids = [tag_id for tag_id in kept if tag_id not in remove]
    if body.personal_tags is not None:
        relation.personal_tags = [PersonalTag(tag.group_name, tag.name) for tag in body.personal_tags]
    if set(body.model_dump(exclude_none=True)) - SILENT:
        world.callbacks.customer(
            "edit_external_contact", relation.userid, relation.external_userid, state=relation.state
        )
    return Done()
