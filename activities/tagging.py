"""企业标签: names to ids, and the marks on a pair of employee and customer."""

from temporalio import activity

from activities.failures import not_yet, translated
from domain.messages import Tagged, TagPair
from integrations import wecom
from storage import tags
from storage.database import Database

TAG_GROUP = "来源门店"  # every tag that an entry code gives is in this group of the corp
_NO_RELATION = {84061, 40096, 60111}


class Tagging:
    """Writes tags; never removes what an employee marked by hand (M24)."""

    def __init__(self, database: Database, client: wecom.WeComClient) -> None:
        self._database, self._client = database, client

    @activity.defn
    async def mark_tags(self, what: TagPair) -> Tagged:
        """Mark the pair. Marking again is harmless (contract §5.2), so this may be retried freely."""
        if not what.tags:
            return Tagged(tagged=True, reason="nothing to tag")
        with translated():
            ids = await self._ids(what.tags)
            try:
                await self._client.mark_tag(what.userid, what.external_userid, add=ids)
            except wecom.WeComError as error:
                if error.errcode in _NO_RELATION:
                    return Tagged(tagged=False, reason="not a friend, or not confirmed yet")
                if error.errcode == 40068:  # somebody deleted the tag in the console: make it again
                    await self._forget(what.tags)
                    raise not_yet("a tag is gone and will be made again") from None
                raise
        return Tagged(tagged=True)

    async def _ids(self, names: list[str]) -> list[str]:
        async with self._database.transaction() as session:
            known = await tags.known(session, TAG_GROUP, names)
        if missing := [n for n in names if n not in known]:
            known |= await self._made(missing)
            async with self._database.transaction() as session:
                await tags.remember(session, TAG_GROUP, known)
        return [known[n] for n in names]

    async def _made(self, names: list[str]) -> dict[str, str]:
        """The ids of new tags; of existing ones if somebody made them before us."""
        try:
            made = await self._client.add_corp_tags(TAG_GROUP, names)
            return {tag.name: tag.id for tag in made.tag}
        except wecom.BusinessState as error:
            if error.errcode != 40071:  # one of the names exists, and then none is made
                raise
        groups = [g for g in await self._client.get_corp_tags() if g.group_name == TAG_GROUP]
        found = {tag.name: tag.id for group in groups for tag in group.tag if tag.name in names}
        if not found:
            raise not_yet("WeCom says that a tag exists, and does not list it yet")
        absent = [name for name in names if name not in found]
        return found | (await self._made(absent) if absent else {})

    async def _forget(self, names: list[str]) -> None:
        async with self._database.transaction() as session:
            await tags.forget(session, TAG_GROUP, names)
