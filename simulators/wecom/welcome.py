"""send_welcome_msg (contract §4.1)."""

import asyncio
from typing import Any

from pydantic import BaseModel

from simulators.errors import WeComFault
from simulators.state.content import check_content
from simulators.state.received import Received
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()


class WelcomeMessage(BaseModel):
    """Content stays raw here: it is judged after the code (§4.1 [SIM])."""

    welcome_code: str = ""
    text: Any = None
    attachments: Any = None


@router.post("/externalcontact/send_welcome_msg")
async def send_welcome_msg(world: WorldDep, body: WelcomeMessage) -> Answer:
    if not body.welcome_code:
        raise WeComFault(41049)
    late = world.config.welcome_clock == "delivery"
    begins = world.callbacks.first_told(body.welcome_code) if late else None
    relation = world.welcomes.open(body.welcome_code, begins).relation
    if not world.org.require_visible(relation.userid).logged_in_lately:
        raise WeComFault(40205)
    content = check_content(body.text, body.attachments, world.media)
    with world.welcomes.sending(relation):
        await asyncio.sleep(world.config.send_welcome_seconds)
        relation.greeting.used = True  # only now: a refused content does not consume the code
    message = Received(
        world.clock(), "welcome", relation.userid, content.text.content or None, content.attachments
    )
    world.inboxes.deliver(relation.external_userid, message)
    return ok()
