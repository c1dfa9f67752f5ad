"""externalcontact/remark (contract §6.1)."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.people import Relation
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()

Short = Annotated[str, Field(max_length=20)]


class Remark(BaseModel):
    """What is left out stays. Mobiles are cleared by [""] or by "": the page can be read either way [U]."""

    userid: str
    external_userid: str
    remark: Short | None = None
    description: Annotated[str, Field(max_length=150)] | None = None
    remark_company: Short | None = None
    remark_mobiles: list[str] | str | None = None
    remark_pic_mediaid: str | None = None

    def is_empty(self) -> bool:
        texts = (self.remark, self.description, self.remark_company, self.remark_pic_mediaid)
        return not any(texts) and self.remark_mobiles in (None, [])


@router.post("/externalcontact/remark")
async def remark(world: WorldDep, body: Remark) -> Answer:
    if body.is_empty():
        raise WeComFault(40063, "remark, description, remark_company, remark_mobiles, remark_pic_mediaid")
    if isinstance(body.remark_mobiles, str) and body.remark_mobiles:
        raise WeComFault(40058, "remark_mobiles is a list")
    with world.traffic.alone(body.userid, body.external_userid):
        await asyncio.sleep(world.config.mark_tag_seconds)
        relation = world.org.require_follower(body.userid, body.external_userid)
        if body.remark_pic_mediaid:
            world.media.require(body.remark_pic_mediaid, "image")
        _write(relation, body)
    return ok()


def _write(relation: Relation, body: Remark) -> None:
    """The company counts for WeChat users only; for others it is kept unseen."""
    if body.remark is not None:
        relation.remark = body.remark
    if body.description is not None:
        relation.description = body.description
    if body.remark_company is not None:
        relation.remark_company = body.remark_company
    if body.remark_mobiles is not None:
        relation.remark_mobiles = [mobile for mobile in body.remark_mobiles if mobile]
