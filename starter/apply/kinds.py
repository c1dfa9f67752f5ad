"""The kinds of objects that `apply` keeps: how each is read, made and changed in WeCom."""

from collections.abc import Mapping
from typing import Protocol

from activities.tagging import TAG_GROUP
from integrations import wecom
from starter.apply.plan import Body

GONE = {41044, 40068, 41060, 60136}  # no such way, tag or template any more


class Kind(Protocol):
    """One kind of object. Bodies are plain JSON, as they are compared and stored."""

    name: str

    async def find(self, key: str, desired: Body) -> str | None:
        """The id of one that is there already without our knowing, where WeCom can tell."""

    async def read(self, wecom_id: str, desired: Body) -> Body | None:
        """What WeCom holds of what is desired; None when it is gone."""

    async def create(self, desired: Body) -> str: ...

    async def update(self, wecom_id: str, desired: Body) -> None: ...


class Tags:
    """企业标签 of the group that entry codes tag with. Read with one call for all."""

    name = "tag"

    def __init__(self, client: wecom.WeComClient) -> None:
        self._client = client
        self._all: dict[str, str] | None = None

    async def find(self, key: str, desired: Body) -> str | None:
        names = {name: tag_id for tag_id, name in (await self._listed()).items()}
        return names.get(str(desired["name"]))

    async def read(self, wecom_id: str, desired: Body) -> Body | None:
        name = (await self._listed()).get(wecom_id)
        return None if name is None else {"name": name}

    async def create(self, desired: Body) -> str:
        made = await self._client.add_corp_tags(TAG_GROUP, [str(desired["name"])])
        return made.tag[0].id

    async def update(self, wecom_id: str, desired: Body) -> None:
        await self._client.edit_corp_tag(wecom_id, name=str(desired["name"]))

    async def _listed(self) -> dict[str, str]:
        if self._all is None:
            groups = await self._client.get_corp_tags()
            self._all = {tag.id: tag.name for g in groups if g.group_name == TAG_GROUP for tag in g.tag}
        return self._all


class GroupWelcomes:
    """入群欢迎语素材: one per playbook, at most 100 in a corp (contract §4.2). WeCom has no list of them."""

    name = "group_welcome"

    def __init__(self, client: wecom.WeComClient) -> None:
        self._client = client

    async def find(self, key: str, desired: Body) -> str | None:
        return None

    async def read(self, wecom_id: str, desired: Body) -> Body | None:
        try:
            found = await self._client.get_group_welcome(wecom_id)
        except wecom.WeComError as error:
            if error.errcode in GONE:
                return None
            raise
        return {"text": found.text}

    async def create(self, desired: Body) -> str:
        return await self._client.add_group_welcome(_template(desired))

    async def update(self, wecom_id: str, desired: Body) -> None:
        await self._client.edit_group_welcome(wecom_id, _template(desired))


class JoinWays:
    """加入群聊: one per store; its QR leads to the open groups, and makes a new one when all are full.

    Which groups an existing way leads to is the caretaker's business: it changes as they fill.
    """

    name = "join_way"

    def __init__(self, client: wecom.WeComClient, in_use: Mapping[str, str]) -> None:
        """`in_use`: the ways that our groups have already, by our key."""
        self._client, self._in_use = client, in_use

    async def find(self, key: str, desired: Body) -> str | None:
        return self._in_use.get(key)

    async def read(self, wecom_id: str, desired: Body) -> Body | None:
        found = await self._found(wecom_id)
        if found is None:
            return None
        return found.model_dump(mode="json") | {"chat_id_list": desired["chat_id_list"]}

    async def create(self, desired: Body) -> str:
        return await self._client.add_join_way(wecom.NewJoinWay.model_validate(dict(desired)))

    async def update(self, wecom_id: str, desired: Body) -> None:
        found = await self._client.get_join_way(wecom_id)
        fields = {**found.model_dump(), **desired, "chat_id_list": found.chat_id_list}
        fields["room_base_id"] = found.room_base_id or None
        await self._client.update_join_way(wecom_id, wecom.NewJoinWay.model_validate(fields))

    async def _found(self, wecom_id: str) -> wecom.JoinWay | None:
        try:
            return await self._client.get_join_way(wecom_id)
        except wecom.WeComError as error:
            if error.errcode in GONE:
                return None
            raise


def _template(desired: Body) -> wecom.GroupWelcome:
    return wecom.GroupWelcome(text=str(desired["text"]))


def of(client: wecom.WeComClient, ways_in_use: Mapping[str, str]) -> list[Kind]:
    """All kinds, in the order in which they are applied."""
    return [Tags(client), JoinWays(client, ways_in_use), GroupWelcomes(client)]
