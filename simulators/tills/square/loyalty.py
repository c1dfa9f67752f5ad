"""The loyalty programme: every member is in it, every coupon template is a tier, and rewards cost points."""

from typing import Literal

from pydantic import BaseModel, Field

from simulators.state.refused import Refused
from simulators.state.till import Coupon, Member, Till
from simulators.tills.square import books
from simulators.tills.square.books import Json
from simulators.tills.square.pages import paged
from simulators.tills.square.route import PREFIX, Search, Span, SquareError, square_router
from simulators.tills.square.sales import within
from simulators.world import WorldDep

router = square_router()
TIER_POINTS = 10  # [SIM] what every reward costs
PAGE = 30


class Mapping(BaseModel):
    phone_number: str


class AccountQuery(BaseModel):
    mappings: list[Mapping] = Field(default=[], max_length=30)
    customer_ids: list[str] = Field(default=[], max_length=30)


class SearchAccounts(Search):
    query: AccountQuery = AccountQuery()
    limit: int = Field(default=PAGE, ge=1, le=200)


class Points(BaseModel):
    points: int
    reason: str = ""


class AdjustPoints(BaseModel):
    idempotency_key: str = Field(min_length=1, max_length=128)
    adjust_points: Points


class NewReward(BaseModel):
    loyalty_account_id: str
    reward_tier_id: str


class CreateReward(BaseModel):
    idempotency_key: str = Field(min_length=1, max_length=128)
    reward: NewReward


class RewardQuery(BaseModel):
    loyalty_account_id: str
    status: Literal["ISSUED", "REDEEMED", "DELETED"] | None = None


class SearchRewards(Search):
    query: RewardQuery
    limit: int = Field(default=PAGE, ge=1, le=PAGE)


class TypeFilter(BaseModel):
    types: list[str]


class EventTimes(BaseModel):
    created_at: Span


class EventFilter(BaseModel):
    type_filter: TypeFilter | None = None
    date_time_filter: EventTimes | None = None


class EventQuery(BaseModel):
    filter: EventFilter = EventFilter()


class SearchEvents(Search):
    query: EventQuery = EventQuery()
    limit: int = Field(default=PAGE, ge=1, le=PAGE)


@router.get(f"{PREFIX}/loyalty/programs/{{program_id}}")
async def program(world: WorldDep, program_id: str) -> Json:
    tiers = [
        {"id": one.template_id, "name": one.name, "points": TIER_POINTS}
        for one in world.till.templates.values()
    ]
    return {"program": {"id": "program_1", "status": "ACTIVE", "reward_tiers": tiers}}


@router.post(f"{PREFIX}/loyalty/accounts/search")
async def accounts(world: WorldDep, body: SearchAccounts) -> Json:
    phones = {one.phone_number for one in body.query.mappings}
    found = [
        _account(world.till, one)
        for one in world.till.members.values()
        if one.member_id in body.query.customer_ids or (one.phone and books.e164(one.phone) in phones)
    ]
    return paged("loyalty_accounts", found, body, body.limit)


@router.get(f"{PREFIX}/loyalty/accounts/{{account_id}}")
async def account(world: WorldDep, account_id: str) -> Json:
    return {"loyalty_account": _account(world.till, _owner(world.till, account_id))}


@router.post(f"{PREFIX}/loyalty/accounts/{{account_id}}/adjust")
async def adjust(world: WorldDep, account_id: str, body: AdjustPoints) -> Json:
    """One key adjusts once."""
    adjusted = (_owner(world.till, account_id).member_id, body.adjust_points.points)
    if world.till.points.setdefault(body.idempotency_key, adjusted) != adjusted:
        raise SquareError("IDEMPOTENCY_KEY_REUSED", "the key was used for another adjustment")
    return {"event": {"type": "ADJUST_POINTS", "loyalty_account_id": account_id}}


@router.post(f"{PREFIX}/loyalty/rewards")
async def create(world: WorldDep, body: CreateReward) -> Json:
    """Locks the points of the tier. The same key gives the same reward."""
    till, wanted = world.till, body.reward
    member = _owner(till, wanted.loyalty_account_id)
    if wanted.reward_tier_id not in till.templates:
        raise SquareError("NOT_FOUND", "no such reward tier", status=404)
    if body.idempotency_key not in till.coupon_by_key and _balance(till, member) < TIER_POINTS:
        raise SquareError("BAD_REQUEST", f"the reward costs {TIER_POINTS} points")
    try:
        coupon, _ = till.issue(wanted.reward_tier_id, member.member_id, body.idempotency_key)
    except Refused as error:
        raise SquareError("IDEMPOTENCY_KEY_REUSED", error.reason) from error
    return {"reward": books.reward(coupon, TIER_POINTS)}


@router.post(f"{PREFIX}/loyalty/rewards/search")
async def rewards(world: WorldDep, body: SearchRewards) -> Json:
    """The latest first."""
    owner = _owner(world.till, body.query.loyalty_account_id)
    told = [books.reward(one, TIER_POINTS) for one in reversed(_coupons(world.till, owner))]
    found = [one for one in told if body.query.status in (None, one["status"])]
    return paged("rewards", found, body, body.limit)


@router.get(f"{PREFIX}/loyalty/rewards/{{reward_id}}")
async def reward(world: WorldDep, reward_id: str) -> Json:
    return {"reward": books.reward(world.till.coupon(reward_id), TIER_POINTS)}


@router.post(f"{PREFIX}/loyalty/events/search")
async def events(world: WorldDep, body: SearchEvents) -> Json:
    """Of all kinds of events only redemptions are kept here."""
    wanted = body.query.filter
    told = []
    if wanted.type_filter is None or "REDEEM_REWARD" in wanted.type_filter.types:
        span = wanted.date_time_filter.created_at if wanted.date_time_filter else Span()
        told = [
            books.redemption(one, one.redeemed_at)
            for one in world.till.coupons.values()
            if one.redeemed_at and within(one.redeemed_at, span)
        ]
    return paged("events", sorted(told, key=lambda one: str(one["created_at"])), body, body.limit)


def _account(till: Till, member: Member) -> Json:
    return {
        "id": books.account_id(member.member_id),
        "program_id": "program_1",
        "customer_id": member.member_id,
        "balance": _balance(till, member),
        "created_at": books.rfc3339(member.created_at),
    }


def _owner(till: Till, account_id: str) -> Member:
    return till.member(books.account_owner(account_id))


def _coupons(till: Till, member: Member) -> list[Coupon]:
    return [one for one in till.coupons.values() if one.member_id == member.member_id]


def _balance(till: Till, member: Member) -> int:
    """What was granted, less what rewards have locked or used up; a deleted reward gives its points back."""
    granted = sum(points for member_id, points in till.points.values() if member_id == member.member_id)
    return granted - TIER_POINTS * sum(one.status in ("issued", "redeemed") for one in _coupons(till, member))
