"""企业标签: corp tags, and marking the pair (employee, customer) with them. Contract §5.1 and §5.2."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, chunks
from integrations.wecom.transport import Nothing
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call

MAX_NAME_CHARS = 30
# WeCom publishes no limit per call; a large vendor keeps to this one (contract §5.2).
MARK_BATCH = 50


class Tag(Shape):
    id: str
    name: str
    order: int = 0


class TagGroup(Shape):
    group_id: str
    group_name: str
    order: int = 0
    tag: tuple[Tag, ...] = ()


class _TagGroups(Shape):
    tag_group: tuple[TagGroup, ...] = ()


class _NewTags(Shape):
    tag_group: TagGroup


class Tags(Endpoints):
    async def get_corp_tags(self) -> list[TagGroup]:
        found = await self._transport.call(Call("externalcontact/get_corp_tag_list", body={}), _TagGroups)
        return list(found.tag_group)

    async def add_corp_tags(self, group_name: str, names: Sequence[str]) -> TagGroup:
        """Makes the group when there is none of that name. The answer holds only the new tags.

        Raises BusinessState 40071 when a name exists in the group: read get_corp_tags and use its id.
        """
        at_most_chars("group_name", group_name, MAX_NAME_CHARS)
        if not names:
            raise InvalidMessage("names", "a tag group cannot be empty: name at least one tag")
        for name in names:
            at_most_chars("names", name, MAX_NAME_CHARS)
        body = {"group_name": group_name, "tag": [{"name": name} for name in names]}
        return (
            await self._transport.call(Call("externalcontact/add_corp_tag", body=body), _NewTags)
        ).tag_group

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
