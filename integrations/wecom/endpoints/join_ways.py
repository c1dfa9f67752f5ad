"""加入群聊: the QR codes through which a customer joins a group. Contract §7.2."""

from __future__ import annotations

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.errors import InvalidMessage
from integrations.wecom.limits import at_most_chars, at_most_items
from integrations.wecom.transport import Nothing
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call

MAX_GROUPS_PER_WAY = 5
MAX_STATE_CHARS = 30
MAX_REMARK_CHARS = 30
MAX_ROOM_NAME_CHARS = 40

SCENE_MINI_PROGRAM = 1
SCENE_QR = 2


class NewJoinWay(Shape):
    """With `auto_create_room` a full way goes on in new groups, named `room_base_name` + `room_base_id`,
    `room_base_name` + (`room_base_id` + 1), …; what `mark_source` means is not published."""

    chat_id_list: tuple[str, ...]
    state: str = ""
    remark: str = ""
    scene: int = SCENE_QR
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int | None = None
    mark_source: bool | None = None

    def check(self) -> None:
        if not self.chat_id_list:
            raise InvalidMessage("chat_id_list", "name 1 to 5 groups")
        if self.scene not in (SCENE_MINI_PROGRAM, SCENE_QR):
            raise InvalidMessage("scene", "1 is a mini-program, 2 a QR code")
        at_most_items("chat_id_list", self.chat_id_list, MAX_GROUPS_PER_WAY)
        at_most_chars("state", self.state, MAX_STATE_CHARS)
        at_most_chars("remark", self.remark, MAX_REMARK_CHARS)  # WeCom would cut it in silence
        at_most_chars("room_base_name", self.room_base_name, MAX_ROOM_NAME_CHARS)

    def wire(self) -> dict[str, object]:
        body: dict[str, object] = {
            "scene": self.scene,
            "chat_id_list": list(self.chat_id_list),
            "auto_create_room": int(self.auto_create_room),
            "state": self.state,
            "remark": self.remark,
            "room_base_name": self.room_base_name,
        }
        return body | self.model_dump(include={"room_base_id", "mark_source"}, exclude_none=True)


class JoinWay(Shape):
    """`qr_code` is the address of an image."""

    config_id: str
    scene: int
    qr_code: str = ""
    chat_id_list: tuple[str, ...] = ()
    state: str = ""
    remark: str = ""
    auto_create_room: bool = True
    room_base_name: str = ""
    room_base_id: int = 0
    mark_source: bool | None = None


class _Created(Shape):
    config_id: str


class _Way(Shape):
    join_way: JoinWay


class JoinWays(Endpoints):
    async def add_join_way(self, way: NewJoinWay) -> str:
        """Its config_id; the QR comes from get_join_way. Not idempotent, and no API lists what exists."""
        way.check()
        call = Call("externalcontact/groupchat/add_join_way", body=way.wire())
        return (await self._transport.call(call, _Created)).config_id

    async def get_join_way(self, config_id: str) -> JoinWay:
        call = Call("externalcontact/groupchat/get_join_way", body={"config_id": config_id})
        return (await self._transport.call(call, _Way)).join_way

    async def update_join_way(self, config_id: str, way: NewJoinWay) -> None:
        """Replaces everything, also the groups; the QR stays the same. Idempotent."""
        way.check()
        body = {"config_id": config_id, **way.wire()}
        await self._transport.call(Call("externalcontact/groupchat/update_join_way", body=body), Nothing)

    async def delete_join_way(self, config_id: str) -> None:
        """Its QR code is dead from then on."""
        call = Call("externalcontact/groupchat/del_join_way", body={"config_id": config_id})
        await self._transport.call(call, Nothing)
