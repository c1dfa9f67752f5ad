"""Acquisition links (获客链接), contract §2.3."""

from datetime import timedelta
from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.links import Link, LinkRange, expiry_day, on_days
from simulators.wecom.cursor import wecom_page
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.wecom.spans import checked_span
from simulators.world import World, WorldDep

router = wecom_router()

PATH = "/externalcontact/customer_acquisition"
LIST_MAX, CUSTOMERS_MAX = 100, 1000
NO_PRIORITY, AMONG = 0, 2


class RangeBody(BaseModel):
    user_list: list[str] = []
    department_list: list[int] = []


class Priority(BaseModel):
    priority_type: int = Field(ge=NO_PRIORITY, le=AMONG)
    priority_userid_list: list[str] = []


class NewLink(BaseModel):
    link_name: str = Field(min_length=1)
    range: RangeBody
    skip_verify: bool = True
    priority_option: Priority | None = None


class ChangedLink(BaseModel):
    """What is left out stays; range and priority are overwritten as a whole."""

    link_id: str
    link_name: Annotated[str, Field(min_length=1)] | None = None
    range: RangeBody | None = None
    skip_verify: bool | None = None
    priority_option: Priority | None = None


class Page(BaseModel):
    limit: int = LIST_MAX
    cursor: str = ""


class CustomerPage(BaseModel):
    link_id: str
    limit: int = CUSTOMERS_MAX
    cursor: str = ""


class Statistic(BaseModel):
    link_id: str
    start_time: int
    end_time: int


LinkId = Annotated[str, Body(embed=True)]


@router.post(f"{PATH}/create_link")
async def create_link(world: WorldDep, body: NewLink) -> Answer:
    range_ = _range(world, body.range)
    _check_priority(world, body.priority_option)
    link = world.links.add(body.link_name, world.org.caller.agent_id, range_)
    link.skip_verify = body.skip_verify
    _set_priority(link, body.priority_option)
    return ok(link=_link_json(link))


@router.post(f"{PATH}/update_link")
async def update_link(world: WorldDep, body: ChangedLink) -> Answer:
    link = _own(world, body.link_id)
    range_ = link.range if body.range is None else _range(world, body.range)
    _check_priority(world, body.priority_option)
    link.range = range_
    link.name = body.link_name or link.name
    link.skip_verify = link.skip_verify if body.skip_verify is None else body.skip_verify
    if body.priority_option is not None:
        _set_priority(link, body.priority_option)
    return ok()


@router.post(f"{PATH}/get")
async def get_link(world: WorldDep, link_id: LinkId) -> Answer:
    link = _own(world, link_id)
    answer = ok(
        link={**_link_json(link), "skip_verify": link.skip_verify},
        range={"user_list": link.range.user_list, "department_list": link.range.department_list},
    )
    if link.priority_type is not None:
        answer["priority_option"] = {
            "priority_type": link.priority_type,
            "priority_userid_list": link.priority_userids,
        }
    return answer


@router.post(f"{PATH}/list_link")
async def list_links(world: WorldDep, body: Page) -> Answer:
    app = world.org.caller.agent_id
    own = [link.link_id for link in world.links.all.values() if link.app == app]
    limit = min(body.limit, LIST_MAX)
    link_ids, next_cursor = wecom_page(own, query=f"links {app}", cursor=body.cursor, limit=limit)
    return ok(link_id_list=link_ids, next_cursor=next_cursor)


@router.post(f"{PATH}/delete_link")
async def delete_link(world: WorldDep, link_id: LinkId) -> Answer:
    """By the API without an event."""
    _own(world, link_id)
    del world.links.all[link_id]
    return ok()


@router.post(f"{PATH}/customer")
async def link_customers(world: WorldDep, body: CustomerPage) -> Answer:
    link = _own(world, body.link_id)
    customers = [
        {
            "external_userid": one.external_userid,
            "userid": one.userid,
            "chat_status": int(one.messages_received > 0),
            "state": one.state or "",
        }
        for one in world.people.relations()
        if one.link_id == link.link_id and not one.half and world.org.serves(one.userid)
    ]
    limit = min(body.limit, CUSTOMERS_MAX)
    customer_list, next_cursor = wecom_page(
        customers, query=f"link {link.link_id}", cursor=body.cursor, limit=limit
    )
    return ok(customer_list=customer_list, next_cursor=next_cursor)


@router.post(f"{PATH}/statistic")
async def link_statistic(world: WorldDep, body: Statistic) -> Answer:
    link = _own(world, body.link_id)
    days = checked_span(world, body.start_time, body.end_time)
    start, end = days[0], days[-1] + timedelta(days=1)
    return ok(
        click_link_customer_cnt=len(on_days(link.clicks, start, end)),
        new_customer_cnt=len(on_days(link.adds, start, end)),
    )


@router.get("/externalcontact/customer_acquisition_quota")
async def quota(world: WorldDep) -> Answer:
    """[SIM] `total` is what was bought and has not expired."""
    lots = sorted(world.links.lots, key=lambda lot: lot.expires_at)
    return ok(
        total=world.links.total,
        balance=world.links.balance,
        quota_list=[{"expire_date": expiry_day(lot.expires_at), "balance": lot.balance} for lot in lots],
    )


@router.post(f"{PATH}/get_chat_info")
async def get_chat_info(world: WorldDep, chat_key: Annotated[str, Body(embed=True)]) -> Answer:
    relation = world.links.open_chat(chat_key, world.org.caller.agent_id)
    return ok(
        userid=relation.userid,
        external_userid=relation.external_userid,
        chat_info={
            "recv_msg_cnt": relation.messages_received,
            "link_id": relation.link_id,
            "state": relation.state or "",
        },
    )


def _own(world: World, link_id: str) -> Link:
    return world.links.require(link_id, world.org.caller.agent_id)


def _range(world: World, body: RangeBody) -> LinkRange:
    if not (body.user_list or body.department_list):
        raise WeComFault(40063, "range")
    for department_id in body.department_list:
        if department_id not in world.org.departments:
            raise WeComFault(40066)
    named = {world.org.require_serving(userid, 40003).userid for userid in body.user_list}
    people = named | {one.userid for one in world.org.members_of(body.department_list)}
    if len(people) > world.config.acquisition_range:
        raise WeComFault(41041)
    return LinkRange(list(dict.fromkeys(body.user_list)), list(dict.fromkeys(body.department_list)))


def _check_priority(world: World, option: Priority | None) -> None:
    if option is not None and option.priority_type == AMONG and not option.priority_userid_list:
        raise WeComFault(40058, "priority_userid_list")
    for userid in option.priority_userid_list if option else []:
        world.org.require_serving(userid, 40003)


def _set_priority(link: Link, option: Priority | None) -> None:
    link.priority_type = option.priority_type if option else None
    link.priority_userids = option.priority_userid_list if option else []


def _link_json(link: Link) -> Answer:
    return {
        "link_id": link.link_id,
        "link_name": link.name,
        "url": link.url,
        "create_time": int(link.created_at.timestamp()),
    }
