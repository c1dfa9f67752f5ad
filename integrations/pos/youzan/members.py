"""Users of Youzan as members of the port. A phone may be ciphertext "$…$1$": that is none.

Customers can be listed (scrm.customer.list), but without unionids: a walk through them would teach our index
to forget these. Who she is, Youzan says by unionid and phone when she comes, and pushes tell what changes.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from integrations.pos.access import parsed
from integrations.pos.errors import PosNotFound
from integrations.pos.phones import e164
from integrations.pos.values import KeyKind, Member, MemberKey
from integrations.pos.youzan.gateway import Gateway

EVERYTHING = [0, 1, 2, 9]  # result_type_list: all that the query can add to a user
CHINA_CODE = "+86"
_FIELDS: dict[KeyKind, str] = {"member_id": "yz_open_id", "unionid": "weixin_union_id", "phone": "mobile"}


class _Primitive(BaseModel):
    yz_open_id: str = Field(min_length=1)


class _WeChat(BaseModel):
    union_id: str | None = None


class _Mobile(BaseModel):
    mobile: str | None = None


class _User(BaseModel):
    primitive_info: _Primitive
    wechat_info: _WeChat | None = None
    mobile_info: _Mobile | None = None


class _Users(BaseModel):
    user_list: list[_User] | None = None


class _FoundUsers(BaseModel):
    """youzan.users.info.query/1.0.1"""

    data: _Users | None = None

    def to_port(self) -> list[Member]:
        """The list may name one user twice."""
        users = (self.data.user_list if self.data else None) or []
        return list({user.primitive_info.yz_open_id: _member(user) for user in users}.values())


class _Known(BaseModel):
    yz_open_id: str | None = None


class _KnownBy(BaseModel):
    """youzan.users.customer.get.externalUserId/1.0.0 [?]"""

    data: _Known | None = None


def _member(user: _User) -> Member:
    return Member(
        member_id=user.primitive_info.yz_open_id,
        unionid=(user.wechat_info.union_id if user.wechat_info else None) or None,
        phone=e164(user.mobile_info.mobile) if user.mobile_info else None,
    )


class Members:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def find(self, key: MemberKey, timeout_seconds: float | None) -> list[Member]:
        try:
            if key.kind == "external_userid":
                known = await self._yz_open_id(key.value, timeout_seconds)
                if not known:
                    return []
                key = MemberKey(kind="member_id", value=known)
            fields = await self._gateway.read(
                "youzan.users.info.query/1.0.1", _query(key), timeout_seconds=timeout_seconds
            )
        except PosNotFound:
            return []
        return parsed(_FoundUsers, fields).to_port()

    async def _yz_open_id(self, external_userid: str, timeout_seconds: float | None) -> str | None:
        fields = await self._gateway.read(
            "youzan.users.customer.get.externalUserId/1.0.0",
            {"external_userid": external_userid},
            timeout_seconds=timeout_seconds,
        )
        told = parsed(_KnownBy, fields).data
        return told.yz_open_id if told else None


def _query(key: MemberKey) -> dict[str, object]:
    """A phone of another country is asked for as it is: no form of it is published."""
    value = key.value.removeprefix(CHINA_CODE) if key.kind == "phone" else key.value
    return {_FIELDS[key.kind]: value, "result_type_list": EVERYTHING}
