"""How a customer and a follower look in answers (contract §6.1)."""

from typing import Any

from simulators.state.people import WECHAT, WECOM, Customer, Relation
from simulators.world import World

CORP_TAG, PERSONAL_TAG, STRATEGY_TAG = 1, 2, 3


def customer_json(world: World, customer: Customer) -> dict[str, Any]:
    """A WeChat user has a unionid if the corp has bound an account; a WeCom user has a corp."""
    fields: dict[str, Any] = {
        "external_userid": customer.external_userid,
        "name": customer.nickname,
        "avatar": customer.avatar,
        "type": customer.type,
        "gender": customer.gender,
    }
    if customer.type == WECHAT and customer.unionid and world.config.developer_bound:
        fields["unionid"] = customer.unionid
    if customer.type == WECOM:
        fields["position"] = customer.position
        fields["corp_name"] = customer.corp_name
        fields["corp_full_name"] = customer.corp_full_name
        fields["external_profile"] = customer.external_profile or {"external_attr": []}
    return fields


def follower_json(world: World, relation: Relation) -> dict[str, Any]:
    """Of externalcontact/get."""
    return {**_common(world, relation), "tags": _tags(world, relation)}


def follow_info_json(world: World, relation: Relation) -> dict[str, Any]:
    """Of batch/get_by_user, which knows corp tags alone, by id."""
    tag_ids = [tag["tag_id"] for tag in _tags(world, relation) if tag["type"] == CORP_TAG]
    return {**_common(world, relation), "tag_id": tag_ids}


def _common(world: World, relation: Relation) -> dict[str, Any]:
    customer = world.people.customers[relation.external_userid]
    fields: dict[str, Any] = {
        "userid": relation.userid,
        "remark": customer.nickname if relation.remark is None else relation.remark,
        "description": relation.description,
        "createtime": int(relation.created_at.timestamp()),
        "remark_mobiles": relation.remark_mobiles,
        "oper_userid": relation.oper_userid or relation.external_userid,
        "add_way": relation.add_way,
    }
    if relation.remark_company and customer.type == WECHAT:
        fields["remark_corp_name"] = relation.remark_company
    if relation.state:
        fields["state"] = relation.state
    if relation.wechat_channels:
        fields["wechat_channels"] = relation.wechat_channels
    return fields


def _tags(world: World, relation: Relation) -> list[dict[str, Any]]:
    """A member's own tags have no id."""
    own = [
        {"group_name": tag.group_name, "tag_name": tag.name, "type": PERSONAL_TAG}
        for tag in relation.personal_tags
    ]
    return [*(_tag_json(world, tag_id) for tag_id in relation.tag_ids), *own]


def _tag_json(world: World, tag_id: str) -> dict[str, Any]:
    tag = world.tags.get(tag_id)
    group = world.tags.group_of(tag)
    kind = CORP_TAG if group.strategy_id is None else STRATEGY_TAG
    return {"group_name": group.name, "tag_name": tag.name, "tag_id": tag_id, "type": kind}
