"""agent/get: an app reads about itself (official page 90227)."""

from typing import Annotated

from fastapi import Query

from simulators.errors import WeComFault
from simulators.state.people import ROOT_DEPARTMENT
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()


@router.get("/agent/get")
async def get_agent(world: WorldDep, agentid: Annotated[str, Query()]) -> Answer:
    """Only the app of the token; without its pictures, which nothing here draws."""
    app = world.org.caller
    if not agentid.isascii() or not agentid.isdigit():
        raise WeComFault(40056, agentid)
    if agentid != str(app.agent_id):
        raise WeComFault(301002)
    seen = app.visible
    return ok(
        agentid=app.agent_id,
        name=f"app {app.agent_id}",
        description="",
        allow_userinfos={"user": [{"userid": userid} for userid in seen.users] if seen else []},
        allow_partys={"partyid": seen.departments if seen else [ROOT_DEPARTMENT]},
        allow_tags={"tagid": []},
        close=0,
    )
