"""Tills of the other kinds than the simulated one: what each does with an issue that is sent twice."""

import itertools
from datetime import datetime

from integrations import pos
from integrations.pos.values import Idempotency
from tests.activities.shop import SIMULATORS, Shop

_numbers = itertools.count()


class _Till(pos.GenericPos):
    mode: Idempotency = "key"

    def __init__(self, shop: Shop) -> None:
        super().__init__(
            http=shop.http,
            base_url=f"{SIMULATORS}/pos",
            api_key=shop.settings.pos_api_key.get_secret_value(),
            webhook_secret="",
        )
        self.world = shop.world
        self.capabilities = self.capabilities.model_copy(update={"issue_idempotent": self.mode})


class ByKey(_Till):
    """The same key gives the same coupon (Keruyun, Square)."""


class ByCode(_Till):
    """The code is ours, and can be used once (Pospal)."""

    mode = "caller_code"

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> pos.Coupon:
        if idempotency_key in self.world.till.coupon_by_key:
            raise pos.PosDuplicate("this code is used")
        return await super().issue_coupon(
            template_id=template_id, member_id=member_id, idempotency_key=idempotency_key
        )


class Keyless(_Till):
    """Asked twice it gives two; what it gave is among the member's (Youzan)."""

    mode = "none"

    async def issue_coupon(self, *, template_id: str, member_id: str, idempotency_key: str) -> pos.Coupon:
        return await super().issue_coupon(
            template_id=template_id, member_id=member_id, idempotency_key=f"call-{next(_numbers)}"
        )

    async def find_coupon(
        self,
        *,
        template_id: str,
        member_id: str,
        idempotency_key: str,
        since: datetime,
        known: frozenset[str] = frozenset(),
    ) -> pos.Coupon | None:
        hers = [one for one in self.world.till.coupons.values() if one.member_id == member_id]
        found = [
            one
            for one in hers
            if one.template_id == template_id and one.issued_at >= since and one.coupon_id not in known
        ]
        if len(found) > 1:
            raise pos.PosAmbiguous(f"{len(found)} coupons of this template since then")
        return await self.get_coupon(found[0].coupon_id) if found else None


MODES = (ByKey, ByCode, Keyless)
