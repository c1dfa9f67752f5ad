"""Coupons at Square are rewards of its loyalty programme: a template is one of the programme's reward tiers.

A reward costs points, which lie locked from its issue until it is redeemed or deleted. Square has no free
tier, so its points are granted to her first, under a key of their own: however often an issue is tried, the
points come once and the reward once. With the option grant_points off she pays with points of her own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from integrations.pos.errors import PosAmbiguous, PosInvalidRequest
from integrations.pos.square.client import Square, from_cursor
from integrations.pos.square.mapping import coupon
from integrations.pos.square.shapes import (
    Account,
    Accounts,
    Adjusted,
    LoyaltyEvents,
    OneAccount,
    OneProgram,
    OneReward,
    Program,
    Reward,
    Rewards,
)
from integrations.pos.values import Coupon, CouponStatus, CouponTemplate, Page

PAGE_SIZE = 30  # Square's own limit


class Loyalty:
    """`tiers`: reward tier id of a template that our side calls by another name."""

    def __init__(self, square: Square, tiers: Mapping[str, str], *, grant_points: bool) -> None:
        self._square, self._loyalty = square, square.api.loyalty
        self._tiers = tiers
        self._names = {tier_id: name for name, tier_id in tiers.items()}
        self._grant_points = grant_points

    async def templates(self) -> list[CouponTemplate]:
        """Raises PosNotFound where there is no loyalty programme."""
        program = await self._program()
        return [
            CouponTemplate(
                template_id=self._names.get(tier.id, tier.id),
                name=tier.name or tier.id,
                active=program.status == "ACTIVE",
            )
            for tier in program.reward_tiers
        ]

    async def issue(self, template_id: str, member_id: str, key: str) -> Coupon:
        account = await self._account(member_id)
        if account is None:
            raise PosInvalidRequest("the member has not joined the loyalty programme, so no reward is hers")
        tier_id = self._tiers.get(template_id, template_id)
        if self._grant_points:
            await self._grant(account, tier_id, key)
        told = await self._square.write(
            OneReward,
            self._loyalty.rewards.create,
            reward={"loyalty_account_id": account.id, "reward_tier_id": tier_id},
            idempotency_key=_own_key("reward", key),
        )
        return self._coupon(told.reward, member_id)

    async def find(
        self, template_id: str, member_id: str, since: datetime, known: frozenset[str]
    ) -> Coupon | None:
        """Square does not tell by key, so by her rewards of that tier since then."""
        account = await self._account(member_id)
        rewards = [] if account is None else await self._rewards(account)
        tier_id = self._tiers.get(template_id, template_id)
        fresh = [
            one
            for one in rewards
            if one.reward_tier_id == tier_id and one.created_at >= since and one.id not in known
        ]
        if len(fresh) > 1:
            raise PosAmbiguous(f"{len(fresh)} rewards of this tier since the coupon was tried")
        return self._coupon(fresh[0], member_id) if fresh else None

    async def get(self, coupon_id: str, member_id: str | None) -> Coupon:
        told = await self._square.read(OneReward, self._loyalty.rewards.get, reward_id=coupon_id)
        if member_id is None:
            account_id = told.reward.loyalty_account_id
            owner = await self._square.read(OneAccount, self._loyalty.accounts.get, account_id=account_id)
            member_id = owner.loyalty_account.customer_id
        return self._coupon(told.reward, member_id)

    async def redemptions(self, since: datetime, until: datetime, cursor: str | None) -> Page[Coupon]:
        """Whose they are, get_coupon tells."""
        span = {"start_at": since.astimezone(UTC).isoformat(), "end_at": until.astimezone(UTC).isoformat()}
        kinds = {"types": ["REDEEM_REWARD"]}
        told = await self._square.read(
            LoyaltyEvents,
            self._loyalty.search_events,
            query={"filter": {"type_filter": kinds, "date_time_filter": {"created_at": span}}},
            limit=PAGE_SIZE,
            **from_cursor(cursor),
        )
        found = tuple(
            Coupon(
                coupon_id=event.redeem_reward.reward_id,
                status=CouponStatus.REDEEMED,
                redeemed_at=event.created_at,
                redeemed_order_id=event.redeem_reward.order_id,
                redeemed_store_id=event.location_id,
            )
            for event in told.events
            if event.redeem_reward.reward_id  # a reward taken at once, without an issue, has no id
        )
        return Page[Coupon](items=found, next_cursor=told.cursor or None)

    def _coupon(self, reward: Reward, member_id: str | None) -> Coupon:
        tier_id = reward.reward_tier_id
        return coupon(reward, self._names.get(tier_id, tier_id), member_id)

    async def _program(self) -> Program:
        told = await self._square.read(OneProgram, self._loyalty.programs.get, program_id="main")
        return told.program

    async def _account(self, member_id: str) -> Account | None:
        told = await self._square.read(
            Accounts, self._loyalty.accounts.search, query={"customer_ids": [member_id]}
        )
        if len(told.loyalty_accounts) > 1:
            raise PosAmbiguous(f"{len(told.loyalty_accounts)} loyalty accounts of one member")
        return told.loyalty_accounts[0] if told.loyalty_accounts else None

    async def _grant(self, account: Account, tier_id: str, key: str) -> None:
        """Asking again is harmless, so this is a read: the same key grants once."""
        program = await self._program()
        points = next((tier.points for tier in program.reward_tiers if tier.id == tier_id), None)
        if points is None:
            raise PosInvalidRequest("no such reward tier in the loyalty programme", provider_code=tier_id)
        await self._square.read(
            Adjusted,
            self._loyalty.accounts.adjust,
            account_id=account.id,
            idempotency_key=_own_key("points", key),
            adjust_points={"points": points, "reason": "a coupon of a customer journey"},
        )

    async def _rewards(self, account: Account) -> list[Reward]:
        found: list[Reward] = []
        cursor: str | None = None
        while True:
            told = await self._square.read(
                Rewards,
                self._loyalty.rewards.search,
                query={"loyalty_account_id": account.id},
                limit=PAGE_SIZE,
                **from_cursor(cursor),
            )
            found += told.rewards
            cursor = told.cursor
            if not cursor:
                return found


def _own_key(purpose: str, key: str) -> str:
    """Square takes 128 characters; one key must not serve two kinds of call."""
    return hashlib.sha256(f"{purpose} {key}".encode()).hexdigest()
