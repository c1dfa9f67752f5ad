"""By which way a message can reach somebody now: the first of those that its author prefers."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.playbook import Way
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.step_messages import PlanTouch
from domain.touches import Channel, Content
from storage import group_windows, ledger, moment_touches, staff_touches
from storage.friends import friends_of
from storage.ledger import NOT_FRIEND, NewTouch, Refusal
from storage.rooms import joinable
from storage.tables import Customer, Employee, EntryCode, Group, GroupMember, GroupPlan, Touch

IN_GROUPS = "group"  # the placement of entry codes that are made to be shown in groups


@dataclass(frozen=True)
class Means:
    """Who sends it, to which group, and what of the content depends on the way."""

    userid: str
    chat_id: str | None = None
    invite_to: str | None = None
    invite_code: str | None = None
    tag: str | None = None


async def planned(session: AsyncSession, key: str) -> Touch | None:
    """What was planned under a step's key, by whichever way."""
    if plan := await session.get(GroupPlan, key):
        return await session.get_one(Touch, plan.touch_key)
    return await session.get(Touch, key)


async def plan(session: AsyncSession, new: NewTouch, policy: Policy, now: datetime) -> Touch:
    """Write a touch down by its way. Its key must be new."""
    if new.refused:
        return await ledger.plan_new(session, replace(new, chat_id=None), policy, now)
    match new.channel:
        case Channel.GROUP:
            return await group_windows.plan(session, new, policy, now)
        case Channel.STAFF:
            return await staff_touches.plan(session, new, policy, now)
        case _:
            return await ledger.plan_new(session, new, policy, now)


async def choose(session: AsyncSession, what: PlanTouch, rules: JoinRules, now: datetime) -> NewTouch:
    """What to plan: by the first way that reaches her, or refused with the reasons of all of them."""
    search, passed = _Search(session, what, rules, now), list[tuple[Way, Refusal]]()
    for way in what.ways:
        means = await search.by(way)
        if isinstance(means, Means):
            return _new(what, way, means, _words(passed))
        passed.append((way, means))
    reason = passed[0][1].reason if len(passed) == 1 else _words(passed)
    refused = Refusal(passed[0][1].rule, reason)
    return replace(_new(what, what.ways[0], Means(userid=what.userid or ""), ""), refused=refused)


def _new(what: PlanTouch, way: Way, means: Means, passed_over: str) -> NewTouch:
    content = Content(
        text=what.text,
        kind=what.kind,
        benefit=what.benefit,
        invite_to=means.invite_to,
        invite_code=means.invite_code,
        attachments=what.attachments,
        tag=means.tag,
        missed=what.missed if way is Way.PRIVATE else None,
        within=what.within,
    )
    return NewTouch(
        key=what.key,
        external_userid=what.external_userid,
        userid=means.userid or None,
        content=content,
        channel=Channel(way.value),
        chat_id=means.chat_id,
        passed_over=passed_over,
        playbook=what.playbook,
        enrolment=what.enrolment,
        step=what.step,
        limits=what.limits,
        priority=what.priority,
        notify=what.notify,
        send_by=what.send_by,
    )


def _words(passed: list[tuple[Way, Refusal]]) -> str:
    return "; ".join(f"not {way}: {refusal.reason}" for way, refusal in passed)


class _Search:
    """One message to one customer."""

    def __init__(self, session: AsyncSession, what: PlanTouch, rules: JoinRules, now: datetime) -> None:
        self.session, self.what = session, what
        self.rules, self.since = rules, rules.hand_qr_since(now)

    async def by(self, way: Way) -> Means | Refusal:
        match way:
            case Way.GROUP:
                return await self._group()
            case Way.MOMENTS:
                return await self._moments()
            case Way.PRIVATE | Way.STAFF:
                return await self._one_to_one(way)

    async def _one_to_one(self, way: Way) -> Means | Refusal:
        """By whoever chatted with her last: WeCom gives her message to that employee (contract §8.1)."""
        if self.what.userid is None:
            return NOT_FRIEND
        userid = await self._talks_to() or self.what.userid
        return await self._with_pictures(way, Means(userid=userid))

    async def _talks_to(self) -> str | None:
        customer = await self.session.get(Customer, self.what.external_userid)
        if customer is None or customer.talks_to is None:
            return None
        friends = await friends_of(self.session, [self.what.external_userid])
        return customer.talks_to if customer.talks_to in friends[self.what.external_userid] else None

    async def _group(self) -> Means | Refusal:
        """Of several groups the one that she joined last."""
        query = (
            select(Group)
            .join(GroupMember, col(GroupMember.chat_id) == col(Group.chat_id))
            .where(GroupMember.member_id == self.what.external_userid, col(GroupMember.left_at).is_(None))
            .where(Group.kind == self.what.group, col(Group.dismissed_at).is_(None))
            .order_by(col(GroupMember.joined_at).desc(), col(Group.chat_id))
        )
        group = (await self.session.exec(query)).first()
        if group is None:
            return Refusal("not_in_group", f"she is in no group of the kind {self.what.group}")
        owner = await self.session.get(Employee, group.owner) if group.owner else None
        if not group.owner or (owner and not owner.active):
            return Refusal("unreachable_group", f"no employee of ours owns the group {group.name} any more")
        means = Means(userid=group.owner, chat_id=group.chat_id)
        if self.what.invites == "group":  # so that members can pass on the group's own code
            return replace(means, invite_to=group.chat_id)
        return await self._with_code(Way.GROUP, means, group.store_id)

    async def _moments(self) -> Means | Refusal:
        tag = self.what.tag
        if self.what.userid is None:
            return NOT_FRIEND
        if tag is None:
            return Refusal("unreachable_moments", "no tag says who is to see it")
        userid = await moment_touches.employee_who_tagged(self.session, self.what.external_userid, tag)
        if userid is None:
            return Refusal("unreachable_moments", f"she does not have the tag {tag} at any friend of hers")
        return await self._with_pictures(Way.MOMENTS, Means(userid=userid, tag=tag))

    async def _with_pictures(self, way: Way, means: Means) -> Means | Refusal:
        """The picture of a group with room, or of an entry code, of her store."""
        if self.what.invite_to:
            return replace(means, invite_to=self.what.invite_to)
        if self.what.invites is None:
            return means
        customer = await self.session.get(Customer, self.what.external_userid)
        employee = await self.session.get(Employee, means.userid)
        store_id = (customer.store_id if customer else None) or (employee.store_id if employee else None)
        if self.what.invites == "friend":
            return await self._with_code(way, means, store_id)
        if chat_id := await self._open_group(store_id):
            return replace(means, invite_to=chat_id)
        return Refusal(
            f"unreachable_{way}", f"no group of the kind {self.what.group} has room to invite her to"
        )

    async def _open_group(self, store_id: str | None) -> str | None:
        """A group of the kind with room, the fullest: of her store, else of no store."""
        query = (
            select(Group.chat_id)
            .where(Group.kind == self.what.group, Group.members < self.rules.cap, joinable(self.since))
            .where(or_(Group.store_id == store_id, col(Group.store_id).is_(None)))
            .order_by(col(Group.store_id).is_(None), col(Group.members).desc(), col(Group.chat_id))
        )
        return (await self.session.exec(query)).first()

    async def _with_code(self, way: Way, means: Means, store_id: str | None) -> Means | Refusal:
        """The store's entry code: this employee's if she has one, made for groups if there is one."""
        if self.what.invites != "friend":
            return means
        query = select(EntryCode).where(
            EntryCode.store_id == store_id,
            col(EntryCode.closed_at).is_(None),
            col(EntryCode.qr_code).is_not(None),
        )
        codes = list((await self.session.exec(query)).all())
        codes.sort(key=lambda c: (means.userid not in c.userids, c.placement != IN_GROUPS, c.state))
        if not codes:
            return Refusal(f"unreachable_{way}", "her store has no entry code to become a friend by")
        return replace(means, invite_code=codes[0].state)
