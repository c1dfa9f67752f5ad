"""POST /auth/token. A token says itself when it ends, so nothing has to be remembered. Contract §6.1."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from simulators.config import SimulatorConfig
from simulators.faults import through
from simulators.tills.youzan.wire import milliseconds
from simulators.world import WorldDep

API = "youzan/auth/token"
LIFE = timedelta(days=7)

router = APIRouter(prefix="/youzan", tags=["youzan"])


class Grant(BaseModel):
    model_config = ConfigDict(strict=True)

    client_id: str
    client_secret: str
    authorize_type: Literal["silent"]
    grant_id: str
    refresh: bool = False


@router.post("/auth/token")
async def grant(world: WorldDep, request: Request) -> Response:
    """JSON only: of a form they say what they say of a wrong secret."""
    world.traffic.counts[f"POST {API}"] += 1
    body = await request.body()

    async def act() -> Response:
        try:
            wanted = Grant.model_validate_json(body)
        except ValidationError:
            return failed(1000)
        ours = (world.config.pos_app_id, world.config.pos_api_key)
        if (wanted.client_id, wanted.client_secret) != ours:
            return failed(1000)
        if wanted.grant_id != world.config.pos_account:
            return failed(1004)
        return JSONResponse({"success": True, "code": 200, "message": None, "data": _issue(world)})

    return await through(world.faults.take("POST", API), act, failed)


def failed(code: int) -> Response:
    return JSONResponse({"success": False, "code": code, "data": None, "message": "授权失败"})


def ends(config: SimulatorConfig, token: str) -> datetime | None:
    """When a token of ours ends; None: it is no token of ours."""
    text, _, seal = token.partition(".")
    if not text.isdecimal() or not hmac.compare_digest(_seal(config, text), seal.encode()):
        return None
    return datetime.fromtimestamp(int(text) / 1000).astimezone()


def _issue(world: WorldDep) -> dict[str, Any]:
    expires = milliseconds(world.clock() + LIFE)
    token = f"{expires}.{_seal(world.config, str(expires)).decode()}"
    return {"access_token": token, "expires": expires, "scope": "", "authority_id": world.config.pos_account}


def _seal(config: SimulatorConfig, text: str) -> bytes:
    return hmac.new(config.pos_api_key.encode(), text.encode(), hashlib.sha256).hexdigest().encode()
