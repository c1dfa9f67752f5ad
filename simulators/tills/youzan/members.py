"""Users. Contract §6.3."""

from pydantic import BaseModel

from simulators.state.till import Member
from simulators.tills.youzan.route import Answer, Failure, served, youzan_router
from simulators.tills.youzan.wire import mobile
from simulators.world import WorldDep

router = youzan_router()


class WhichUser(BaseModel):
    yz_open_id: str | None = None
    mobile: str | None = None
    weixin_union_id: str | None = None
    result_type_list: list[int]

    def is_meant(self, one: Member) -> bool:
        return (
            (self.yz_open_id is not None and one.member_id == self.yz_open_id)
            or (self.mobile is not None and mobile(one.phone) == self.mobile)
            or (self.weixin_union_id is not None and one.unionid == self.weixin_union_id)
        )


class ByExternalUserid(BaseModel):
    external_userid: str


@router.post("/youzan.users.info.query/1.0.1")
async def users(world: WorldDep, body: WhichUser) -> Answer:
    """A row for each way in which somebody is known, so one may come twice."""
    if not (body.yz_open_id or body.mobile or body.weixin_union_id):
        raise Failure(141500101, "invalid params")
    rows = []
    for one in world.till.members.values():
        if body.is_meant(one):
            ways = 1 + bool(one.unionid and one.phone)
            rows += [_user(one)] * ways
    return served({"user_list": rows})


@router.post("/youzan.users.customer.get.externalUserId/1.0.0")
async def by_external_userid(world: WorldDep, body: ByExternalUserid) -> Answer:
    members = world.till.members.values()
    found = [one.member_id for one in members if one.external_userid == body.external_userid]
    return served({"yz_open_id": found[0]} if found else None)


def _user(one: Member) -> Answer:
    return {
        "primitive_info": {"yz_open_id": one.member_id},
        "wechat_info": {"union_id": one.unionid} if one.unionid else None,
        "mobile_info": {"mobile": mobile(one.phone), "country_code": "+86"} if one.phone else None,
        "platform_info": None,
    }
