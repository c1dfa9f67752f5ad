"""Customer lists and detail (contract §6.1, §6.2)."""

from typing import Annotated, Any

from fastapi import Query

from simulators.errors import WeComFault
from simulators.state.people import Customer, Relation
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import World, WorldDep

router = wecom_router()


@router.get("/externalcontact/get_follow_user_list")
async def get_follow_user_list(world: WorldDep) -> Answer:
    return ok(follow_user=[employee.userid for employee in world.people.employees.values()])


@router.get("/externalcontact/list")
async def list_customers(world: WorldDep, userid: Annotated[str, Query()]) -> Answer:
    """Not paged. A member without any customer is an error, not an empty list."""
    world.people.require_employee(userid, 60111)
    relations = world.people.customers_of(userid)
    if not relations:
        raise WeComFault(84061)
    return ok(external_userid=[relation.external_userid for relation in relations])


@router.get("/externalcontact/get")
async def get_customer(world: WorldDep, external_userid: Annotated[str, Query()]) -> Answer:
    customer = world.people.customers.get(external_userid)
    if customer is None:
        raise WeComFault(40096)
    followers = world.people.followers(external_userid)
    if not followers:
        raise WeComFault(84061)
    return ok(
        external_contact=_customer_json(customer),
        follow_user=[_follower_json(world, relation) for relation in followers],
        next_cursor="",
    )


def _customer_json(customer: Customer) -> dict[str, Any]:
    """type 1: a WeChat user, named by nickname; unionid only if the corp has bound an account."""
    fields = {
        "external_userid": customer.external_userid,
        "name": customer.nickname,
        "avatar": "",
        "type": 1,
        "gender": 0,
    }
    return {**fields, "unionid": customer.unionid} if customer.unionid else fields


def _follower_json(world: World, relation: Relation) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "userid": relation.userid,
        "remark": world.people.customers[relation.external_userid].nickname,
        "description": "",
        "createtime": int(relation.created_at.timestamp()),
        "tags": [_tag_json(world, tag_id) for tag_id in relation.tag_ids],
        "remark_mobiles": [],
        "oper_userid": relation.external_userid,  # who initiated: here always the customer
        "add_way": relation.add_way,
    }
    return {**fields, "state": relation.state} if relation.state else fields


def _tag_json(world: World, tag_id: str) -> dict[str, Any]:
    tag = world.tags.get(tag_id)
    group = world.tags.group_of(tag)
    return {"group_name": group.name, "tag_name": tag.name, "tag_id": tag_id, "type": 1}
