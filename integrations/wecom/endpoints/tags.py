"""企业标签: corp tags, and marking the pair (employee, customer) with them. Contract §5.1 and §5.2."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, chunks, not_all_empty, order_in_range
from integrations.wecom.transport import Nothing
from integrations.wecom.types import OptionalMoment, Shape
from integrations.wecom.wire import Call

MAX_NAME_CHARS = 30
# WeCom publishes no limit per call; a large vendor keeps to this one (contract §5.2).
MARK_BATCH = 50


class Tag(Shape):
    """A larger `order` comes first. `deleted` is only ever set when the tag was asked for by its id."""

    id: str
    name: str
    order: int = 0
    create_time: OptionalMoment = None
    deleted: bool = False


class TagGroup(Shape):
    """`strategy_id` is set for the groups of strategy tags only."""

    group_id: str
    group_name: str
    order: int = 0
    create_time: OptionalMoment = None
    deleted: bool = False
    strategy_id: int | None = None
    tag: tuple[Tag, ...] = ()


class TagGroups(Shape):
    tag_group: tuple[TagGroup, ...] = ()


class NewTags(Shape):
    tag_group: TagGroup


def ids_body(tag_ids: Sequence[str], group_ids: Sequence[str]) -> dict[str, object]:
    body: dict[str, object] = {"tag_id": list(tag_ids)} if tag_ids else {}
    return body | ({"group_id": list(group_ids)} if group_ids else {})


def new_tags_body(
    group_name: str, names: Sequence[str], group_id: str, order: int | None
) -> dict[str, object]:
    if not names:
        raise InvalidMessage("names", "a tag group cannot be empty: name at least one tag")
    for name in names:
        _check_name("names", name)
    order_in_range("order", order)
    tags = {"tag": [{"name": name} for name in names]}
    if group_id:
        return {"group_id": group_id, **tags}
    _check_name("group_name", group_name)
    return {"group_name": group_name, **tags} | ({"order": order} if order is not None else {})


def edit_body(id: str, name: str | None, order: int | None) -> dict[str, object]:
    if name is None and order is None:
        raise InvalidMessage("name", "give a name or an order to change")
    if name is not None:
        _check_name("name", name)
    order_in_range("order", order)
    body: dict[str, object] = {"id": id}
    body |= {"name": name} if name is not None else {}
    return body | ({"order": order} if order is not None else {})


def _check_name(field: str, name: str) -> None:
    not_all_empty(field, name)
    at_most_chars(field, name, MAX_NAME_CHARS)


class Tags(Endpoints):
    async def get_corp_tags(
        self, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()
    ) -> list[TagGroup]:
        """All groups with their tags, or those with these ids; of the two WeCom looks at group_ids alone."""
        body = ids_body(tag_ids, group_ids)
        found = await self._transport.call(Call("externalcontact/get_corp_tag_list", body=body), TagGroups)
        return list(found.tag_group)

    async def add_corp_tags(
        self, group_name: str, names: Sequence[str], *, group_id: str = "", order: int | None = None
    ) -> TagGroup:
        """Makes the group when there is none of that name; with a `group_id` name and order do not count.

        The answer holds only the new tags. Raises BusinessState 40071 when a name exists in the group: read
        get_corp_tags and use its id. QuotaExceeded 40126 at the corp's limit.
        """
        body = new_tags_body(group_name, names, group_id, order)
        return (
            await self._transport.call(Call("externalcontact/add_corp_tag", body=body), NewTags)
        ).tag_group

    async def edit_corp_tag(self, id: str, *, name: str | None = None, order: int | None = None) -> None:
        """`id` is a tag's or a group's; None leaves a field. BusinessState 40071 when the name is taken."""
        body = edit_body(id, name, order)
        await self._transport.call(Call("externalcontact/edit_corp_tag", body=body), Nothing)

    async def delete_corp_tags(self, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> None:
        """Also takes them off all customers. A group goes with its last tag, and its tags with the group."""
        not_all_empty("tag_ids", tag_ids, group_ids)
        body = ids_body(tag_ids, group_ids)
        await self._transport.call(Call("externalcontact/del_corp_tag", body=body), Nothing)

    async def mark_tag(
        self, userid: str, external_userid: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Tag ids, in calls of at most 50. Idempotent: after a failure half-way the whole may be repeated.

        Nothing to add or remove makes no call. Raises BusinessState 84061, Refused 40068 (unknown tag).
        """
        changes = [("add_tag", tag) for tag in add] + [("remove_tag", tag) for tag in remove]
        for batch in chunks(changes, MARK_BATCH):
            body: dict[str, object] = {"userid": userid, "external_userid": external_userid}
            for field in ("add_tag", "remove_tag"):
                tags = [tag for change, tag in batch if change == field]
                body |= {field: tags} if tags else {}
            await self._transport.call(Call("externalcontact/mark_tag", body=body), Nothing)
