"""客户ID转换: between WeCom's, a mini-program's and WeChat Pay's ids of one person. Contract §6.3.

Where a customer is already a contact, her `unionid` in get_external_contact is the safer way.
"""

from __future__ import annotations

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.limits import not_all_empty
from integrations.wecom.types import Shape
from integrations.wecom.wire import Call


class _OpenId(Shape):
    openid: str


class _ExternalUserId(Shape):
    external_userid: str | None = None


class Converted(Shape):
    """`pending_id` waits for a person who is no customer yet: keep it, and ask again when she is."""

    external_userid: str | None = None
    pending_id: str | None = None


class CustomerIds(Endpoints):
    async def convert_to_openid(self, external_userid: str) -> str:
        """For WeChat Pay, which the corp must have bound. Raises Refused 41056 for a `wo…` id."""
        call = Call("externalcontact/convert_to_openid", body={"external_userid": external_userid})
        return (await self._transport.call(call, _OpenId)).openid

    async def unionid_to_external_userid(self, unionid: str, openid: str) -> str | None:
        """None when the person is nobody's contact. The openid is the mini-program's.

        Raises Misconfigured 41057 (no bound developer account) or 610017 (another entity's mini-program),
        Refused 610004 (not a customer) or 610014 (invalid unionid).
        """
        not_all_empty("unionid", unionid)
        body = {"unionid": unionid, "openid": openid}
        call = Call("externalcontact/unionid_to_external_userid", body=body)
        return (await self._transport.call(call, _ExternalUserId)).external_userid or None

    async def idconvert_unionid(self, unionid: str, openid: str) -> Converted:
        """The newer form of the above, with the same refusals but for people who are no customers."""
        not_all_empty("unionid", unionid)
        body = {"unionid": unionid, "openid": openid}
        return await self._transport.call(Call("idconvert/unionid_to_external_userid", body=body), Converted)
