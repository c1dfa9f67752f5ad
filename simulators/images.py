"""The images behind the addresses that the API returns; like WeCom's, they need no token."""

from io import BytesIO

import segno
from fastapi import APIRouter, HTTPException, Response

from simulators.world import WorldDep

router = APIRouter(tags=["images"])


@router.get("/qr/{config_id}.png", response_class=Response)
async def qr(world: WorldDep, config_id: str) -> Response:
    """The address inside has the shape of WeCom's own."""
    if config_id in world.ways.contact_ways:
        address = f"https://work.weixin.qq.com/u/{config_id}"
    elif config_id in world.ways.join_ways:
        address = f"https://work.weixin.qq.com/gm/{config_id}"
    elif config_id in world.hand_qrs.all:  # a picture does not vanish when its code expires
        address = f"https://work.weixin.qq.com/g/{config_id}"
    else:
        raise HTTPException(404, "deleted, or never made")
    png = BytesIO()
    segno.make_qr(address).save(png, kind="png", scale=6)
    return Response(png.getvalue(), media_type="image/png")


@router.get("/pic/{key}.png", response_class=Response)
async def picture(world: WorldDep, key: str) -> Response:
    if key not in world.media.images:
        raise HTTPException(404, "never uploaded")
    return Response(world.media.images[key], media_type="image/png")
