"""What a greeting says: who she is, which store is hers, and the group it invites to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.exceptions import ApplicationError

from activities.identify import Identifier, Identity
from domain.links import FormLinks
from domain.messages import WelcomeStart
from domain.playbook import WelcomeMessage
from domain.policy import Policy
from domain.rooms import JoinRules
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import directory, pictures, rooms
from storage.database import Database
from storage.tables import Employee, Group, Store


@dataclass(frozen=True)
class Greeting:
    """With a group's picture it invites; `plain` is what to say if the picture cannot be sent."""

    text: str
    plain: str
    chat_id: str | None = None
    picture: str | None = None

    @property
    def message(self) -> wecom.Message:
        pictures = (wecom.Image(media_id=self.picture),) if self.picture else ()
        return wecom.Message(text=self.text, attachments=pictures)

    def without_picture(self) -> "Greeting":
        return Greeting(self.plain, self.plain)


class GreetingWriter:
    """Whatever is not known in time is left out; the greeting is not."""

    def __init__(
        self,
        database: Database,
        identifier: Identifier,
        policy: Policy,
        clock: Clock,
        rules: JoinRules,
        links: FormLinks,
    ) -> None:
        self._database, self._identifier, self._links = database, identifier, links
        self._policy, self._clock, self._rules = policy, clock, rules

    async def write(self, what: WelcomeStart) -> Greeting:
        """Within the lookup budget."""
        event = what.event
        identity = await self._identifier.identify(what.external_userid)
        async with self._database.transaction() as session:
            entry, name = await directory.entry_of(session, event.state, event.userid or "")
            welcome = await self._welcome(session, name)
            employee = await directory.ensure_employee(session, event.userid or "")
            group, picture = None, None
            if welcome.invite_to_group:
                group, picture = await self._invitation(session, identity.favourite_store, entry.store_id)
            hers = await self._store(session, group.store_id) if group else None
            scanned = await self._store(session, entry.store_id)
        now = self._clock()
        forms = self._links.all_for(what.external_userid, now)

        def said(store: Store | None, group: Group | None) -> str:
            values = _values(identity, employee, store, welcome.benefit, group, now, forms)
            return templates.render(welcome.text, values)

        plain = said(scanned, None)
        if group is None:
            return Greeting(plain, plain)
        return Greeting(said(hers or scanned, group), plain, group.chat_id, picture)

    async def _welcome(self, session: AsyncSession, playbook: str | None) -> WelcomeMessage:
        found = await directory.current_playbook(session, playbook or self._policy.default_playbook)
        if found is None:
            raise ApplicationError(
                "no playbook is published: run `journeys up` or the worker once", type="NoPlaybook"
            )
        return found[0].welcome

    async def _store(self, session: AsyncSession, store_id: str | None) -> Store | None:
        return await session.get(Store, store_id) if store_id else None  # her employee may be new to us

    async def _invitation(
        self, session: AsyncSession, *store_ids: str | None
    ) -> tuple[Group, str] | tuple[None, None]:
        """The first of the stores with a group that can be joined and whose QR picture WeCom holds."""
        now = self._clock()
        since = self._rules.hand_qr_since(now)
        for store_id in store_ids:
            for group in await rooms.open_groups(session, store_id, self._rules.cap, since):
                if picture := await pictures.group_qr(session, group.chat_id, now, since):
                    return group, picture
        return None, None


def _values(
    identity: Identity,
    employee: Employee,
    store: Store | None,
    benefit: str | None,
    group: Group | None,
    now: datetime,
    forms: dict[str, str],
) -> dict[str, Any]:
    zone = ZoneInfo(store.zone if store else "Asia/Shanghai")
    return {
        "customer": {"nickname": identity.nickname or "您"},
        "employee": {"name": employee.name},
        "store": {"name": store.name if store else "本店"},
        "group": {"name": group.name if group else ""},
        "benefit": benefit or "",
        "date": templates.local_date(now.astimezone(zone).date()),
        "forms": forms,
    }
