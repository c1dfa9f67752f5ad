"""Members of the till of whom it told something before we knew whose account that is."""

from datetime import timedelta

from activities.courier import Courier
from activities.guarded import guarded
from activities.till_down import TillDown
from domain.addresses import customer_id
from integrations import pos
from settings import Clock
from storage import inbound, member_conflicts, member_links, members
from storage.database import Database
from storage.member_keys import MemberKeys


class Strangers:
    """The till is asked who each is, once. In a conflict her facts wait until an operator has decided."""

    def __init__(
        self, database: Database, till: pos.PosPort, keys: MemberKeys, courier: Courier, clock: Clock
    ) -> None:
        self._database, self._till, self._keys = database, till, keys
        self._courier, self._clock = courier, clock

    async def look(self, grace: timedelta) -> None:
        """At those who wait for longer than `grace`."""
        async with self._database.transaction() as session:
            subjects = await inbound.waiting_members(session, self._clock() - grace)
        down = TillDown()
        for subject in subjects:
            with guarded(subject) as trouble:
                await self._place(subject)
            if down.after(trouble):
                return

    async def _place(self, subject: str) -> None:
        member_id = subject.removeprefix(inbound.MEMBER)
        async with self._database.transaction() as session:
            she = await member_links.customer_of(session, member_id)
        if she is None:
            found = await self._till.find_members(pos.MemberKey(kind="member_id", value=member_id))
            she = await self._recognise(found[0]) if len(found) == 1 else None
        async with self._database.transaction() as session:
            if she or not await member_conflicts.disputed(session, self._till.provider, member_id):
                await inbound.readdress(session, subject, she and customer_id(she), self._clock())
        if she:
            await self._courier.deliver(customer_id(she))

    async def _recognise(self, member: pos.Member) -> str | None:
        """The one customer whom WeCom calls as the till does. None: nobody, or an operator has to say."""
        provider, now = self._till.provider, self._clock()
        async with self._database.transaction() as session:
            await members.keep(session, provider, member, self._keys, now)
            called = await member_links.customers_called(session, member.external_userid, member.unionid)
            if len(called) != 1:
                return None
            [she] = called
            kind = "external_userid" if she == member.external_userid else "unionid"
            account = await members.account_of(session, provider, member.member_id)
            return await member_links.place(session, she, provider, kind, [account], now) and she
