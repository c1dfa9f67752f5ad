"""客户群: reads a group once per burst and says who came and who went."""

from datetime import timedelta

from temporalio import activity

from activities.courier import Courier, Parcel
from activities.failures import not_yet, translated
from activities.rooms import Rooms
from domain.events import Event, EventKind
from domain.messages import RefreshedGroup, RefreshGroup
from domain.rooms import JoinRules
from integrations import wecom
from settings import Clock
from storage import entries, groups
from storage.database import Database
from storage.entries import ByGroup
from storage.groups import Change, Roster, Seat

GONE = (49008, 90501)  # dismissed; not a customer group (contract §7.1)
BURST = timedelta(seconds=2)  # events so close together are read once; WeCom is about as late itself
VERSION_PATIENCE = 4  # attempts to see what an event announced


class Groups:
    """Members by member_version; arrival order of events is not truth."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        courier: Courier,
        clock: Clock,
        rules: JoinRules,
    ) -> None:
        self._database, self._client, self._courier, self._clock = database, client, courier, clock
        self._rooms = Rooms(database, client, clock, rules)

    @activity.defn
    async def refresh_group(self, what: RefreshGroup) -> RefreshedGroup:
        """Read the group, write its members, tell the customers whom it concerns.

        The first attempt only lets the burst collect: a retry costs no history, a timer would.
        """
        if activity.info().attempt == 1 and not (what.dismissed or what.daily):
            raise not_yet("the burst is still collecting", again_in=BURST)
        chat = None if what.dismissed else await self._read(what)
        async with self._database.transaction() as session:
            if chat is None:
                changes = await groups.dismiss(session, what.chat_id, what.at)
            else:
                changes = await groups.write_members(session, _roster(chat), self._clock())
        # In a transaction of its own, after the members are visible: someone who becomes a customer meanwhile
        # either sees her membership on arrival or is seen here.
        async with self._database.transaction() as session:
            entry = await entries.by_group(session, what.chat_id)
            untold = await groups.to_announce(session, what.chat_id, entry.since if entry else None)
        for change in untold:
            activity.heartbeat()
            await self._tell(what.chat_id, change, entry)
        if chat:
            await self._rooms.place_if_new(what.chat_id)
        joined = sum(1 for c in changes if c.joined)
        return RefreshedGroup(
            joined=joined,
            left=len(changes) - joined,
            members=len(chat.member_list) if chat else 0,
            member_version=chat.member_version if chat else None,
            dismissed=chat is None,
        )

    async def _read(self, what: RefreshGroup) -> wecom.GroupChat | None:
        with translated():
            try:
                chat = await self._client.get_group_chat(what.chat_id, need_name=False)
            except wecom.WeComError as error:
                if error.errcode in GONE:
                    return None
                raise
        if await self._is_old(chat, what) and activity.info().attempt < VERSION_PATIENCE:
            raise not_yet("WeCom has not updated the group yet", again_in=BURST)
        return chat

    async def _is_old(self, chat: wecom.GroupChat, what: RefreshGroup) -> bool:
        """Whether WeCom still shows what it showed before the change. A busy group may be further already."""
        if what.member_version in (None, chat.member_version):
            return False
        async with self._database.transaction() as session:
            known = await groups.version_of(session, what.chat_id)
        return known in (None, chat.member_version)

    async def _tell(self, chat_id: str, change: Change, entry: ByGroup | None) -> None:
        """Marked afterwards: a worker that dies in between tells it again, under the same id."""
        kind = EventKind.GROUP_JOINED if change.joined else EventKind.GROUP_LEFT
        event = Event(
            id=f"group/{chat_id}/{change.member_id}/{kind}/{change.at.isoformat()}",
            kind=kind,
            at=change.at,
            chat_id=chat_id,
            reason=change.reason or None,
            playbook=entry.playbook if entry and change.joined and change.at >= entry.since else None,
        )
        await self._courier.post("group", f"customer/{change.member_id}", Parcel(event=event))
        async with self._database.transaction() as session:
            await groups.announced(session, chat_id, change)


def _roster(chat: wecom.GroupChat) -> Roster:
    seats = tuple(
        Seat(member_id=m.userid, joined_at=m.join_time, unionid=m.unionid, state=m.state)
        for m in chat.member_list
        if m.type == wecom.MemberType.CUSTOMER
    )
    return Roster(
        chat_id=chat.chat_id,
        name=chat.name,
        owner=chat.owner,
        version=chat.member_version,
        people=len(chat.member_list),
        customers=seats,
    )
