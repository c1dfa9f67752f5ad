"""规则组标签: tags of a rule group (strategy); only of groups that this app made. Contract §5.3."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.endpoints.tags import NewTags, TagGroup, TagGroups, edit_body, ids_body, new_tags_body
from integrations.wecom.limits import not_all_empty
from integrations.wecom.transport import Nothing
from integrations.wecom.wire import Call


class StrategyTags(Endpoints):
    async def get_strategy_tags(
        self,
        strategy_id: int | None = None,
        *,
        tag_ids: Sequence[str] = (),
        group_ids: Sequence[str] = (),
    ) -> list[TagGroup]:
        """All, or those of one rule group, or those with these ids."""
        body = ids_body(tag_ids, group_ids) | (
            {"strategy_id": strategy_id} if strategy_id is not None else {}
        )
        call = Call("externalcontact/get_strategy_tag_list", body=body)
        return list((await self._transport.call(call, TagGroups)).tag_group)

    async def add_strategy_tags(
        self,
        strategy_id: int,
        group_name: str,
        names: Sequence[str],
        *,
        group_id: str = "",
        order: int | None = None,
    ) -> TagGroup:
        """Like add_corp_tags, whose quota it shares."""
        body = {"strategy_id": strategy_id} | new_tags_body(group_name, names, group_id, order)
        call = Call("externalcontact/add_strategy_tag", body=body)
        return (await self._transport.call(call, NewTags)).tag_group

    async def edit_strategy_tag(self, id: str, *, name: str | None = None, order: int | None = None) -> None:
        body = edit_body(id, name, order)
        await self._transport.call(Call("externalcontact/edit_strategy_tag", body=body), Nothing)

    async def delete_strategy_tags(self, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> None:
        not_all_empty("tag_ids", tag_ids, group_ids)
        body = ids_body(tag_ids, group_ids)
        await self._transport.call(Call("externalcontact/del_strategy_tag", body=body), Nothing)
