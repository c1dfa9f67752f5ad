"""Vouchers 优惠凭证 of Youzan as coupons of the port."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from integrations.pos.access import Clock, parsed
from integrations.pos.errors import (
    PosAmbiguous,
    PosInvalidRequest,
    PosNotFound,
    PosOutcomeUnknown,
    PosUnavailable,
)
from integrations.pos.values import Coupon, CouponStatus
from integrations.pos.youzan.choices import Options
from integrations.pos.youzan.gateway import Gateway
from integrations.pos.youzan.wire import EpochTime, Id, id_text, one_of

COUPON = 0  # coupon_type; 1 is a code (优惠码)
COUPONS = 1  # activity_type_group
ALL = 0  # of a query by status
PAGE_SIZE = 200
_STATUS = {"1": CouponStatus.ISSUED, "2": CouponStatus.REDEEMED, "3": CouponStatus.EXPIRED}
_Status = Annotated[CouponStatus, BeforeValidator(lambda told: one_of(_STATUS, id_text(told)))]


class _Identity(BaseModel):
    coupon_id: Id = Field(pattern=r"^[1-9]\d*$")


class _Owner(BaseModel):
    yz_open_id: str | None = None


class _Voucher(BaseModel):
    """A row of voucher.query/3.0.0, or the `data` of voucher.query.detail/1.0.1; that alone has a status."""

    voucher_identity: _Identity
    user_identity: _Owner | None = None
    activity_id: Id | None = None
    status: _Status | None = None
    verify_code: str | None = None
    send_at: EpochTime = None
    valid_end_time: EpochTime = None
    verified_at: EpochTime = None
    verified_in_order_nos: list[str] | None = None

    def to_port(self, templates: _Templates, now: datetime) -> Coupon:
        return Coupon(
            coupon_id=self.voucher_identity.coupon_id,
            code=self.verify_code or None,
            template_id=templates.named(self.activity_id) if self.activity_id else None,
            member_id=(self.user_identity.yz_open_id if self.user_identity else None) or None,
            status=self._status(now),
            issued_at=self.send_at,
            valid_until=self.valid_end_time,
            redeemed_at=self.verified_at,
            redeemed_order_id=next(iter(self.verified_in_order_nos or ()), None),
        )

    def _status(self, now: datetime) -> CouponStatus:
        if self.status is not None:
            return self.status
        if self.verified_at is not None:
            return CouponStatus.REDEEMED
        ended = self.valid_end_time is not None and self.valid_end_time <= now
        return CouponStatus.EXPIRED if ended else CouponStatus.ISSUED


class _VoucherDetail(BaseModel):
    data: _Voucher


class _VoucherPage(BaseModel):
    data: list[_Voucher] | None = None


class _SentCoupon(BaseModel):
    """Some answers carry the id in `voucher_identity`; no code stands in for it."""

    coupon_id: Id | None = None
    voucher_identity: _Identity | None = None
    code_value: str | None = None


class _Sent(BaseModel):
    """youzan.ump.voucheractivity.send/3.0.1 [I2]"""

    data: _SentCoupon | None = None

    def coupon_id(self) -> str | None:
        if self.data is None:
            return None
        if self.data.voucher_identity is not None:
            return self.data.voucher_identity.coupon_id
        told = self.data.coupon_id or ""
        return told if told.isdecimal() and int(told) else None


class _Templates:
    """Activities 优惠券活动 have numbers; playbooks may call them otherwise (POS_OPTIONS activities)."""

    def __init__(self, options: Options) -> None:
        self._numbers = options.activities
        self._names = {str(number): name for name, number in options.activities.items()}

    def number(self, template_id: str) -> int:
        """Raises PosInvalidRequest."""
        if template_id in self._numbers:
            return self._numbers[template_id]
        if not template_id.isdecimal():
            raise PosInvalidRequest(
                f"template {template_id!r} is no activity_id: add it to `activities` in POS_OPTIONS"
            )
        return int(template_id)

    def named(self, activity_id: str) -> str:
        return self._names.get(activity_id, activity_id)


class Vouchers:
    def __init__(self, gateway: Gateway, options: Options, clock: Clock) -> None:
        self._gateway, self._clock = gateway, clock
        self._templates = _Templates(options)

    async def issue(self, template_id: str, member_id: str) -> Coupon:
        """Youzan knows no idempotency here: the same call again issues another coupon."""
        body = {"activity_id": self._templates.number(template_id), "yz_open_id": member_id}
        fields = await self._gateway.write("youzan.ump.voucheractivity.send/3.0.1", body)
        sent = parsed(_Sent, fields, PosOutcomeUnknown)
        coupon_id = sent.coupon_id()
        if coupon_id is None:
            raise PosOutcomeUnknown("a coupon was issued, but the answer does not say which")
        return Coupon(
            coupon_id=coupon_id, template_id=template_id, member_id=member_id, status=CouponStatus.ISSUED
        )

    async def find(
        self, template_id: str, member_id: str, since: datetime, known: frozenset[str]
    ) -> Coupon | None:
        """One that was sent a moment ago may not be listed yet."""
        activity = str(self._templates.number(template_id))
        found = [
            voucher
            for voucher in await self._all_of(member_id)
            if voucher.activity_id == activity
            and voucher.voucher_identity.coupon_id not in known
            and (voucher.send_at is None or voucher.send_at >= since)
        ]
        if len(found) > 1:
            raise PosAmbiguous(f"{len(found)} coupons of {template_id} were issued since: any may be it")
        return found[0].to_port(self._templates, self._clock()) if found else None

    async def one(self, coupon_id: str) -> Coupon:
        if not coupon_id.isdecimal():
            raise PosNotFound(f"coupon {coupon_id!r} is none of Youzan's")
        body = {"coupon_id": int(coupon_id), "coupon_type": COUPON}
        fields = await self._gateway.read("youzan.ump.voucher.query.detail/1.0.1", body)
        coupon = parsed(_VoucherDetail, fields).data.to_port(self._templates, self._clock())
        if coupon.coupon_id != coupon_id:
            raise PosUnavailable("the answer is about another coupon")
        return coupon

    async def _all_of(self, member_id: str) -> list[_Voucher]:
        found: list[_Voucher] = []
        for page in count(1):
            body = {
                "yz_open_id": member_id,
                "activity_type_group": COUPONS,
                "status": ALL,
                "page_num": page,
                "page_size": PAGE_SIZE,
            }
            fields = await self._gateway.read("youzan.ump.voucher.query/3.0.0", body)
            rows = parsed(_VoucherPage, fields).data or []
            found += rows
            if len(rows) < PAGE_SIZE:
                break
        return found
