"""Coupons, each a code that we choose: one issued already is refused as known, then looked up. §5.6."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

from integrations.pos.access import Clock, StoreKey, parsed
from integrations.pos.errors import PosInvalidRequest, PosNotFound, PosOutcomeUnknown, PosUnavailable
from integrations.pos.pospal.choices import Door, Options
from integrations.pos.pospal.client import PospalHttp
from integrations.pos.pospal.records import CouponCode, Promotion, moment, number, text_of, written
from integrations.pos.pospal.walk import Walk
from integrations.pos.values import Coupon, CouponStatus, CouponTemplate, Page

STEP = timedelta(days=5)  # the longest span of queryUsedPromotionCode
ISSUE: dict[Door, str] = {
    "v2": "promotionOpenApi/promotion/addCouponcode",
    "v1": "promotionOpenApi/addCouponcode",
    "auth": "promotion/addCouponcode/",
}


def code_of(idempotency_key: str) -> str:
    """Letters and digits, well within the 50 that Pospal takes; always the same for a key."""
    return "J" + base64.b32encode(hashlib.sha256(idempotency_key.encode()).digest()).decode()[:15]


class Coupons:
    """`key` is the head office's; `store_of` names the store of an appId."""

    def __init__(
        self, http: PospalHttp, key: StoreKey, store_of: dict[str, str], options: Options, clock: Clock
    ) -> None:
        self._http, self._key, self._store_of = http, key, store_of
        self._options, self._clock = options, clock
        self._promotions: dict[str, str] = {}

    async def templates(self) -> list[CouponTemplate]:
        records = self._http.every(self._key, "promotionOpenApi/queryCouponPromotions")
        return [parsed(Promotion, record).to_port() async for record in records]

    async def issue(self, template_id: str, member_id: str, idempotency_key: str) -> Coupon:
        """Raises PosDuplicate if it is issued already: then `find` finds it."""
        door, code = self._options.coupon_path, code_of(idempotency_key)
        fields = {
            "promotionCouponUid": number(await self._promotion(template_id), "a coupon"),
            "code": code,
            "customerUid": number(member_id, "a member"),
        }
        data = await self._http.ask(self._key, ISSUE[door], fields, door=door, unclear=PosOutcomeUnknown)
        record = data if isinstance(data, dict) else {}
        until = moment(text_of(record, self._options.coupon_fields.valid_until), self._options.zone)
        return Coupon(
            coupon_id=code,
            code=code,
            template_id=template_id,
            member_id=member_id,
            status=CouponStatus.ISSUED,
            issued_at=self._clock(),
            valid_until=until,
        )

    async def find(self, code: str, member_id: str) -> Coupon | None:
        """Among all of hers, the newest first."""
        path = "promotionOpenApi/queryCustomerCouponCodePage"
        fields = {"customerUid": number(member_id, "a member")}
        async for record in self._http.every(self._key, path, fields):
            coupon = self._coupon(record)
            if coupon.coupon_id == code:
                return coupon.model_copy(update={"member_id": member_id})
        return None

    async def get(self, code: str, member_id: str | None) -> Coupon:
        """Pospal reads a coupon by its member only; without her, one that was used just now can be found."""
        if member_id is not None:
            found = await self.find(code, member_id)
        else:
            found = await self._used_lately(code)
        if found is None:
            raise PosNotFound("no such coupon")
        return found

    async def redemptions(self, since: datetime, until: datetime, cursor: str | None) -> Page[Coupon]:
        walk = Walk([""], since, until, STEP)
        position = walk.position(cursor)
        fields = {
            "startTime": written(position.start, self._options.zone),
            "excludeEndTime": written(walk.end(position), self._options.zone),
        }
        path = "promotionOpenApi/queryUsedPromotionCode"
        records, back = await self._http.page(self._key, path, fields, back=position.back)
        used = (self._coupon(record) for record in records)
        coupons = tuple(one.model_copy(update={"status": CouponStatus.REDEEMED}) for one in used)
        return Page[Coupon](items=coupons, next_cursor=walk.after(position, back))

    async def _used_lately(self, code: str) -> Coupon | None:
        until, cursor = self._clock() + timedelta(seconds=1), None
        while True:
            page = await self.redemptions(until - STEP, until, cursor)
            if found := next((one for one in page.items if one.coupon_id == code), None):
                return found
            if (cursor := page.next_cursor) is None:
                return None

    async def _promotion(self, template_id: str) -> str:
        """Playbooks may name a coupon by its uid or, as people do, by its name in the back office."""
        if template_id.isdigit():
            return template_id
        if template_id not in self._promotions:
            active = [one for one in await self.templates() if one.active]
            named = [one.template_id for one in active if one.name == template_id]
            if len(named) != 1:
                told = f"Pospal has {len(named)} active coupons named {template_id}"
                raise PosInvalidRequest(f"{told}: create one, or name it by its uid")
            self._promotions[template_id] = named[0]
        return self._promotions[template_id]

    def _coupon(self, record: object) -> Coupon:
        if not isinstance(record, dict):
            raise PosUnavailable("unexpected answer: a coupon is no record")
        told, names, zone = parsed(CouponCode, record), self._options.coupon_fields, self._options.zone
        used_at = moment(text_of(record, names.used_at), zone)
        valid_until = moment(text_of(record, names.valid_until), zone)
        store = self._store_of.get(text_of(record, names.used_app_id) or "")
        sn = text_of(record, names.used_sn)
        status = CouponStatus.ISSUED
        if used_at is not None:
            status = CouponStatus.REDEEMED
        elif valid_until is not None and valid_until <= self._clock():
            status = CouponStatus.EXPIRED
        return Coupon(
            coupon_id=told.code,
            code=told.code,
            template_id=told.promotionCouponUid,
            member_id=told.customerUid if told.customerUid != "0" else None,
            status=status,
            issued_at=moment(text_of(record, names.issued_at), zone),
            valid_until=valid_until,
            redeemed_at=used_at,
            redeemed_store_id=store,
            redeemed_order_id=f"{store}/{sn}" if store and sn else None,
        )
