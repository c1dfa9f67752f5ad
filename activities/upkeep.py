"""Finding what was left lying: undelivered facts, orphaned batches, parked lives due, old pictures."""

import hashlib
from datetime import timedelta

from temporalio import activity

from activities.courier import Courier, Parcel
from activities.failures import translated
from domain.events import Event, EventKind
from domain.messages import SweepReport, SweepStart
from domain.policy import Policy
from integrations import pos, wecom
from settings import Clock
from storage import inbound, lives, pictures, purchases, tasks
from storage.database import Database
from storage.tables import Customer, Group

GRACE = timedelta(seconds=10)  # younger leftovers are somebody's work in progress


class Upkeep:
    """Every piece is idempotent: two sweeps at once do no harm."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        till: pos.PosPort,
        policy: Policy,
        courier: Courier,
        clock: Clock,
    ) -> None:
        self._database, self._client, self._till = database, client, till
        self._policy, self._courier, self._clock = policy, courier, clock

    @activity.defn
    async def sweep(self, what: SweepStart) -> SweepReport:
        """Mend what is found, oldest first, a few hundred at a time."""
        with translated():
            return SweepReport(
                every=self._policy.sweep_every,
                delivered=await self._deliver(),
                orphans=await self._start_orphans(),
                woken=await self._wake(),
                media=await self._renew_pictures(),
            )

    async def _deliver(self) -> int:
        async with self._database.transaction() as session:
            subjects = await inbound.waiting_subjects(session, self._clock() - GRACE)
        delivered = 0
        for subject in subjects:
            activity.heartbeat()
            if subject.startswith("member/"):
                await self._match_member(subject)
            else:
                delivered += await self._courier.deliver(subject)
        return delivered

    async def _match_member(self, subject: str) -> None:
        """A push for a till member whom we could not place: ask the till who she is, once."""
        member_id = subject.removeprefix("member/")
        async with self._database.transaction() as session:
            external_userid = await purchases.customer_of_member(session, member_id)
        if external_userid is None:
            found = await self._till.find_members(pos.MemberKey(kind="member_id", value=member_id))
            external_userid = await self._customer_like(found[0]) if len(found) == 1 else None
        async with self._database.transaction() as session:
            await inbound.readdress(
                session, subject, f"customer/{external_userid}" if external_userid else None, self._clock()
            )
        if external_userid:
            await self._courier.deliver(f"customer/{external_userid}")

    async def _customer_like(self, member: pos.Member) -> str | None:
        async with self._database.transaction() as session:
            found = await purchases.link_member(
                session, member.member_id, member.external_userid, member.unionid
            )
        return found.external_userid if isinstance(found, Customer) else None

    async def _start_orphans(self) -> int:
        async with self._database.transaction() as session:
            batches = await tasks.orphans(session, self._clock(), GRACE)
        for batch in batches:
            await self._courier.start_staff_task(batch.id or 0, timedelta(0))
        return len(batches)

    async def _wake(self) -> int:
        now = self._clock()
        async with self._database.transaction() as session:
            due = await lives.due_to_wake(session, now)
        for snapshot in due:
            activity.heartbeat()
            event = Event(id=f"wake/{snapshot.external_userid}/{snapshot.seq}", kind=EventKind.WAKE, at=now)
            await self._courier.post("sweep", f"customer/{snapshot.external_userid}", Parcel(event=event))
        return len(due)

    async def _renew_pictures(self) -> int:
        async with self._database.transaction() as session:
            groups = await pictures.groups_to_renew(session, self._clock())
        for group in groups:
            activity.heartbeat()
            await self.upload_group_qr(group)
        return len(groups)

    async def upload_group_qr(self, group: Group) -> None:
        """Bring a group's QR picture to WeCom, ahead of any welcome that needs it."""
        way = await self._client.get_join_way(group.join_config_id or "")
        picture = await self._client.fetch_image(way.qr_code)
        uploaded = await self._client.upload_media("image", f"{group.chat_id}.png", picture)
        async with self._database.transaction() as session:
            await pictures.remember(
                session,
                group.chat_id,
                hashlib.sha256(picture).hexdigest(),
                uploaded.media_id,
                uploaded.created_at,
            )
