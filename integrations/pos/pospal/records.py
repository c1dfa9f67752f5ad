"""Pospal's records, and what they are in the words of the port. Contract §5.3 to §5.6.

Amounts are yuan with decimals, exact (no float ever); times have no zone; ids are numbers beyond 2^53, kept
as text and sent back as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from integrations.pos.errors import PosInvalidRequest
from integrations.pos.phones import e164
from integrations.pos.values import CouponTemplate, Member, Money, Shape

TIME = "%Y-%m-%d %H:%M:%S"
UNIONID = 1000  # openIdType; 0 is an official account, 1 a mini program
DELETED_OR_OFF = (-1, 0)
# Of the currencies whose smallest unit is not a hundredth (ISO 4217).
DECIMALS = dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF"), 0)
DECIMALS |= dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def _as_text(value: object) -> object:
    """A whole number, or its digits. Anything else, a rounded float above all, is not an id."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


Uid = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^-?[0-9]+$")]
Yuan = Annotated[Decimal, Field(gt=-(10**12), lt=10**12)]  # beyond, fen would no longer be exact


def number(uid: str, what: str) -> int:
    """As Pospal wants its ids back: quoted, they are "not found"."""
    if not (uid.isascii() and uid.isdigit()):
        raise PosInvalidRequest(f"{what} of Pospal is a number")
    return int(uid)


def money(yuan: Decimal, currency: str) -> Money:
    """To the nearest coin: lines are shared out in more decimals than there are."""
    minor = yuan.scaleb(DECIMALS.get(currency, 2)).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(amount_minor=int(minor), currency=currency)


def moment(text: str | None, zone: tzinfo) -> datetime | None:
    """None for what is not set."""
    if not text or text.startswith(("0000-", "1970-01-01")):
        return None
    try:
        return datetime.strptime(text[:19], TIME).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(at: datetime, zone: tzinfo) -> str:
    """The first whole second from then on: Pospal knows no parts of one."""
    whole = at.replace(microsecond=0) + timedelta(seconds=1 if at.microsecond else 0)
    return whole.astimezone(zone).strftime(TIME)


class OpenId(Shape):
    openId: str
    openIdType: int


class Customer(Shape):
    customerUid: Uid
    categoryName: str | None = None
    number: str | None = Field(None, repr=False)
    name: str | None = Field(None, repr=False)
    phone: str | None = Field(None, repr=False)
    createdDate: str | None = None
    enable: int = 1
    weixinOpenIds: tuple[OpenId, ...] | None = Field(None, repr=False)

    def to_port(self, zone: tzinfo) -> Member:
        unionids = (one.openId for one in self.weixinOpenIds or () if one.openIdType == UNIONID)
        return Member(
            member_id=self.customerUid,
            unionid=next(unionids, None),
            phone=e164(self.phone),
            card_no=self.number,
            name=self.name,
            level=self.categoryName,
            active=self.enable not in DELETED_OR_OFF,
            created_at=moment(self.createdDate, zone),
        )


class Item(Shape):
    """`productBarcode` is common to the chain; a product's uid is a store's own."""

    name: str
    productUid: Uid | None = None
    productBarcode: str | None = None
    quantity: Decimal
    totalAmount: Yuan


class Ticket(Shape):
    """`customerUid` 0 is nobody; `invalid` 1 is 反结账: taken back as if it had never been."""

    sn: Annotated[str, BeforeValidator(_as_text)]
    customerUid: Uid | None = None
    datetime: str
    totalAmount: Yuan
    ticketType: Literal["SELL", "SELL_RETURN"]
    invalid: int | None = 0
    items: tuple[Item, ...] | None = ()

    @property
    def member_id(self) -> str | None:
        return self.customerUid if self.customerUid not in (None, "0") else None


class Category(Shape):
    uid: Uid
    name: str


class Product(Shape):
    uid: Uid
    name: str
    barcode: str | None = None
    categoryUid: Uid | None = None
    stock: Decimal | None = None


class Promotion(Shape):
    """A rule that coupons are issued from."""

    promotionCouponUid: Uid
    name: str
    enable: int = 1
    avaliableQuantity: int | None = None  # sic

    def to_port(self) -> CouponTemplate:
        return CouponTemplate(
            template_id=self.promotionCouponUid,
            name=self.name,
            left=self.avaliableQuantity,
            active=self.enable == 1,
        )


class User(Shape):
    """A store, which is an account."""

    appId: str
    company: str
    address: str | None = None


class CouponCode(Shape):
    """What is common to all records of a coupon; Options.coupon_fields names the rest."""

    code: Annotated[str, BeforeValidator(_as_text)]
    promotionCouponUid: Uid | None = None
    customerUid: Uid | None = None


def text_of(record: Mapping[str, object], name: str) -> str | None:
    """Text, or a whole number as text; None for what is missing or empty."""
    value = record.get(name)
    return str(value) if isinstance(value, str | int) and value != "" else None
