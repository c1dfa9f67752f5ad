"""Who is she at the till? Local index first, then WeCom and the till, all within a few seconds."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from activities.orders import apply_order
from domain.buying import habits
from domain.visits import RECENT
from integrations import pos, wecom
from integrations.pos.phones import e164
from settings import Clock
from storage import lives, member_links, members
from storage.buying import buying_of
from storage.database import Database
from storage.member_keys import Kind, MemberKeyError, MemberKeys
from storage.tables import Customer

LOOKUP_SECONDS = 4.0  # of the 20 that WeCom allows (design §2)

log = logging.getLogger(__name__)


@dataclass
class Identity:
    """What was found out in time. The nickname is personal: it goes into the greeting and nowhere else."""

    nickname: str | None = None
    unionid: str | None = None
    member_id: str | None = None
    favourite_store: str | None = None


class Identifier:
    """external_userid → unionid, phones → member → orders → the store she visits most (M11)."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        till: pos.PosPort,
        keys: MemberKeys,
        clock: Clock,
        *,
        seconds: float = LOOKUP_SECONDS,
    ) -> None:
        """`seconds`: how long a whole look-up may take. A preview on a busy machine has more patience."""
        self._database, self._client, self._till, self._clock = database, client, till, clock
        self._keys, self._seconds = keys, seconds

    async def identify(self, external_userid: str) -> Identity:
        """Never raises for a slow or failing system: what is missing stays None."""
        identity = Identity()
        try:
            async with asyncio.timeout(self._seconds):
                await self._look_up(external_userid, identity)
        except (TimeoutError, pos.PosError) as error:
            # A slow till must not cost the greeting.
            log.info("lookup of %s ended early: %s", external_userid, type(error).__name__)
        except MemberKeyError as error:  # neither must a missing key
            log.error("lookup of %s ended early: %s", external_userid, error)
        return identity

    async def member(self, external_userid: str) -> str | None:
        """Her member id, asked for again if it is not known. Raises PosError when the till is away."""
        customer = await self._customer(external_userid)
        if customer.member_id:
            return customer.member_id
        identity = Identity(unionid=customer.unionid)
        phones = await self._ask_wecom(external_userid, identity)  # noted since, perhaps
        return await self._recognise(external_userid, identity.unionid, phones)

    async def _look_up(self, external_userid: str, identity: Identity) -> None:
        customer = await self._customer(external_userid)
        identity.unionid, identity.member_id = customer.unionid, customer.member_id
        phones = await self._ask_wecom(external_userid, identity)
        if identity.unionid != customer.unionid:
            await self._remember(external_userid, identity.unionid)
        if identity.member_id is None:
            identity.member_id = await self._recognise(external_userid, identity.unionid, phones)
        if identity.member_id:
            identity.favourite_store = await self._favourite_store(identity.member_id)

    async def _ask_wecom(self, external_userid: str, identity: Identity) -> Sequence[str]:
        """Her name and unionid, and the phones that employees noted of her.

        A half-added friend has no detail yet (84061), but may be known here.
        """
        try:
            detail = await self._client.get_external_contact(
                external_userid, timeout_seconds=self._seconds / 2
            )
        except wecom.WeComError as error:
            log.info("WeCom says nothing of %s: %s", external_userid, type(error).__name__)
            return ()
        identity.nickname = detail.external_contact.name or None
        identity.unionid = detail.external_contact.unionid or identity.unionid
        noted = {e164(phone) for follow in detail.follow_user for phone in follow.remark_mobiles}
        return sorted(phone for phone in noted if phone)

    async def _customer(self, external_userid: str) -> Customer:
        async with self._database.transaction() as session:
            return await lives.ensure_customer(session, external_userid, self._clock())

    async def _remember(self, external_userid: str, unionid: str | None) -> None:
        async with self._database.transaction() as session:
            customer = await lives.ensure_customer(session, external_userid, self._clock())
            customer.unionid = unionid
            session.add(customer)

    async def _recognise(
        self, external_userid: str, unionid: str | None, phones: Sequence[str]
    ) -> str | None:
        """The one member who has a key of hers, the surest kind of key first. Several are a conflict."""
        hers: dict[Kind, Sequence[str]] = {
            "unionid": [unionid] if unionid else [],
            "external_userid": [external_userid],
            "phone": phones,
        }
        for kind, values in hers.items():
            found = {member_id for value in values for member_id in await self._members_with(kind, value)}
            if found:
                async with self._database.transaction() as session:
                    return await member_links.place(
                        session, external_userid, self._till.provider, kind, sorted(found), self._clock()
                    )
        return None

    async def _members_with(self, kind: Kind, value: str) -> list[str]:
        """From the index; else from the till, if it can be asked for this, and then the index knows them."""
        provider = self._till.provider
        async with self._database.transaction() as session:
            found = await members.find(session, provider, kind, value, self._keys)
        if found or kind not in self._till.capabilities.lookup:
            return found
        told = await self._till.find_members(
            pos.MemberKey(kind=kind, value=value), timeout_seconds=self._seconds
        )
        async with self._database.transaction() as session:
            for member in told:
                await members.keep(session, provider, member, self._keys, self._clock())
            return [await members.account_of(session, provider, one.member_id) for one in told if one.active]

    async def _favourite_store(self, member_id: str) -> str | None:
        """By what we know of her orders; the till is asked when that is nothing."""
        known = await self._most_visited(member_id)
        if known is None and self._till.capabilities.orders_by_member:
            await self._read_orders(member_id)
            known = await self._most_visited(member_id)
        return known

    async def _most_visited(self, member_id: str) -> str | None:
        async with self._database.transaction() as session:
            buying = await buying_of(session, self._till.provider, member_id)
        hers = habits(buying, self._clock())
        return hers.favourite_store if hers else None

    async def _read_orders(self, member_id: str) -> None:
        """One page is enough to see where she goes; the nightly synchronisation brings the rest."""
        now = self._clock()
        page = await self._till.list_orders(
            member_id=member_id, since=now - RECENT, until=now, timeout_seconds=self._seconds
        )
        async with self._database.transaction() as session:
            for order in sorted(page.items, key=lambda order: order.order_id):
                await apply_order(session, self._till.provider, order, now, tell=False)
