"""企业标签: from names to ids. Missing tags are made; of a name there is one tag in its group."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from activities.failures import not_yet
from domain.tagging import Key
from integrations import wecom
from storage import tags
from storage.database import Database

EXISTS = 40071


class TagIds:
    """Tags are known by the names of their group and themselves."""

    def __init__(self, database: Database, client: wecom.WeComClient) -> None:
        self._database, self._client = database, client

    async def known(self, keys: Iterable[Key]) -> dict[Key, str]:
        """The ids of those that we made or found before."""
        found: dict[Key, str] = {}
        async with self._database.transaction() as session:
            for group, names in _by_group(keys).items():
                ids = await tags.known(session, group, names)
                found |= {(group, name): tag_id for name, tag_id in ids.items()}
        return found

    async def of(self, keys: Sequence[Key]) -> dict[Key, str]:
        """The ids of all of them. Raises NotYet while WeCom does not list a tag that it has."""
        found = await self.known(keys)
        for group, names in _by_group(k for k in keys if k not in found).items():
            made = await self._made(group, names)
            async with self._database.transaction() as session:
                await tags.remember(session, group, made)
            found |= {(group, name): tag_id for name, tag_id in made.items()}
        return found

    async def deleted(self, tag_ids: Sequence[str]) -> set[str]:
        """Which of these tags the corp has no more."""
        if not tag_ids:
            return set()
        groups = await self._client.get_corp_tags(tag_ids=tag_ids)
        alive = {tag.id for group in groups if not group.deleted for tag in group.tag if not tag.deleted}
        return set(tag_ids) - alive

    async def forget(self, keys: Iterable[Key]) -> None:
        async with self._database.transaction() as session:
            for group, names in _by_group(keys).items():
                await tags.forget(session, group, names)

    async def _made(self, group: str, names: list[str]) -> dict[str, str]:
        """The ids of new tags; of existing ones if somebody made them before us."""
        try:
            made = await self._client.add_corp_tags(group, names)
            return {tag.name: tag.id for tag in made.tag}
        except wecom.BusinessState as error:
            if error.errcode != EXISTS:  # one of the names exists, and then none is made
                raise
        groups = [g for g in await self._client.get_corp_tags() if g.group_name == group]
        found = {tag.name: tag.id for one in groups for tag in one.tag if tag.name in names}
        if not found:
            raise not_yet("WeCom says that a tag exists, and does not list it yet")
        absent = [name for name in names if name not in found]
        return found | (await self._made(group, absent) if absent else {})


def _by_group(keys: Iterable[Key]) -> dict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for group, name in dict.fromkeys(keys):
        groups[group].append(name)
    return groups
