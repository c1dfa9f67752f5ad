"""Customer lists and detail (contract §6.1, §6.2)."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from simulators.errors import WeComFault
from simulators.wecom.cursor import wecom_page
from simulators.wecom.customer_json import customer_json, follow_info_json, follower_json
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.world import WorldDep

router = wecom_router()

BATCH_USERS = 100
BATCH_DEFAULT, BATCH_MAX = 50, 100


class Batch(BaseModel):
    userid_list: list[str]
    cursor: str = ""
    limit: int = BATCH_DEFAULT


@router.get("/externalcontact/get_follow_user_list")
async def get_follow_user_list(world: WorldDep) -> Answer:
    """Members with the customer-contact function, in the visible range."""
    return ok(follow_user=[employee.userid for employee in world.org.serving()])


@router.get("/externalcontact/list")
async def list_customers(world: WorldDep, userid: Annotated[str, Query()]) -> Answer:
    """Not paged. A member without any customer is an error, not an empty list."""
    world.org.require_serving(userid)
    relations = world.people.customers_of(userid)
    if not relations:
        raise WeComFault(84061)
    return ok(external_userid=[relation.external_userid for relation in relations])


@router.get("/externalcontact/get")
async def get_customer(
    world: WorldDep, external_userid: Annotated[str, Query()], cursor: Annotated[str, Query()] = ""
) -> Answer:
    followers = world.org.require_customer(external_userid)
    query = f"followers {external_userid}"
    shown, next_cursor = wecom_page(
        followers, query=query, cursor=cursor, limit=world.config.followers_per_page
    )
    return ok(
        external_contact=customer_json(world, world.people.customers[external_userid]),
        follow_user=[follower_json(world, relation) for relation in shown],
        next_cursor=next_cursor,
    )


@router.post("/externalcontact/batch/get_by_user")
async def get_by_user(world: WorldDep, body: Batch) -> Answer:
    """One entry per pair; members without customers are passed over, unless all are such."""
    if not body.userid_list:
        raise WeComFault(40063, "userid_list")
    if len(body.userid_list) > BATCH_USERS:
        raise WeComFault(40058, "userid_list")
    userids = dict.fromkeys(world.org.require_serving(userid).userid for userid in body.userid_list)
    relations = [one for userid in userids for one in world.people.customers_of(userid)]
    if not relations and world.config.batch_of_none_fails:
        raise WeComFault(84061)
    limit = min(body.limit, BATCH_MAX)
    shown, next_cursor = wecom_page(
        relations, query=f"batch {sorted(userids)}", cursor=body.cursor, limit=limit
    )
    contacts = [
        {
            "external_contact": customer_json(world, world.people.customers[one.external_userid]),
            "follow_info": follow_info_json(world, one),
        }
        for one in shown
    ]
    return ok(
        external_contact_list=contacts,
        next_cursor=next_cursor,
        fail_info={"unlicensed_userid_list": []},  # of third-party apps only
    )
