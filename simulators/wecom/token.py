"""gettoken (contract §1.1)."""

from fastapi import Request

from simulators.wecom.route import Answer, client_ip, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()


@router.get("/gettoken")
async def gettoken(world: WorldDep, request: Request, corpid: str = "", corpsecret: str = "") -> Answer:
    access_token, expires_in = world.tokens.issue(corpid, corpsecret, client_ip(request))
    return ok(access_token=access_token, expires_in=expires_in)
