"""From one id of a person to another (contract §6.3)."""

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.ids import pending_id
from simulators.state.people import WECHAT, Customer
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()


class ToOpenid(BaseModel):
    external_userid: str


class ByUnionid(BaseModel):
    unionid: str = Field(min_length=1)
    openid: str = Field(min_length=1)


@router.post("/externalcontact/convert_to_openid")
async def convert_to_openid(world: WorldDep, body: ToOpenid) -> Answer:
    world.org.require_customer(body.external_userid)
    customer = world.people.customers[body.external_userid]
    if customer.type != WECHAT:
        raise WeComFault(41056)
    return ok(openid=customer.openid)


@router.post("/externalcontact/unionid_to_external_userid")
async def unionid_to_external_userid(world: WorldDep, body: ByUnionid) -> Answer:
    customer = _person(world, body)
    if not world.org.followers_in_range(customer.external_userid):
        raise WeComFault(610004)
    return ok(external_userid=customer.external_userid)


@router.post("/idconvert/unionid_to_external_userid")
async def idconvert_unionid(world: WorldDep, body: ByUnionid) -> Answer:
    """The newer one has an answer for people who are no customers yet: an id that waits for them."""
    customer = _person(world, body)
    if world.org.followers_in_range(customer.external_userid):
        return ok(external_userid=customer.external_userid)
    if not world.config.conversion_pending_id:
        raise WeComFault(610004)
    customer.pending_id = customer.pending_id or pending_id()
    return ok(pending_id=customer.pending_id)


def _person(world: World, body: ByUnionid) -> Customer:
    if not world.config.unionid_conversion:
        raise WeComFault(48002)
    if not world.config.developer_bound:
        raise WeComFault(41057)
    people = (one for one in world.people.customers.values() if one.unionid == body.unionid)
    customer = next(people, None)
    if customer is None or customer.openid != body.openid:
        raise WeComFault(610014)
    return customer
