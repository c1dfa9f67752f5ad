"""Members, read with the head office's keys. Contract §5.3."""

from __future__ import annotations

import json

from integrations.pos.access import StoreKey, parsed
from integrations.pos.errors import PosInvalidRequest, PosNotFound
from integrations.pos.pospal.choices import Options
from integrations.pos.pospal.client import PospalHttp
from integrations.pos.pospal.records import Customer, number
from integrations.pos.values import Member, MemberKey, Page


class Members:
    def __init__(self, http: PospalHttp, key: StoreKey, options: Options) -> None:
        self._http, self._key, self._options = http, key, options

    async def find(self, key: MemberKey, timeout_seconds: float | None) -> list[Member]:
        """One phone may be several members'; closed accounts are found by their id alone."""
        path, fields = _look_up(key)
        try:
            data = await self._http.ask(self._key, path, fields, timeout_seconds=timeout_seconds)
        except PosNotFound:
            return []
        records = data if isinstance(data, list) else [data] if data else []
        members = [self._member(record) for record in records]
        return [one for one in members if one.active or key.kind == "member_id"]

    async def page(self, cursor: str | None) -> Page[Member]:
        back = json.loads(cursor) if cursor else None
        path = "customerOpenApi/queryCustomerPages"
        records, back = await self._http.page(self._key, path, back=back)
        following = None if back is None else json.dumps(back)
        return Page[Member](items=tuple(map(self._member, records)), next_cursor=following)

    def _member(self, record: object) -> Member:
        return parsed(Customer, record).to_port(self._options.zone)


def _look_up(key: MemberKey) -> tuple[str, dict[str, object]]:
    match key.kind:
        case "member_id":
            return "customerOpenApi/queryByUid", {"customerUid": number(key.value, "a member")}
        case "card_no":
            return "customerOpenApi/queryByNumber", {"customerNum": key.value}
        case "phone":  # this casing alone is answered; a phone of China is written without +86
            return "customerOpenapi/queryBytel", {"customerTel": key.value.removeprefix("+86")}
        case _:
            raise PosInvalidRequest(f"Pospal cannot look up a {key.kind}")
