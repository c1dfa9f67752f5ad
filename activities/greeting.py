"""What a greeting says: who she is, which store is hers, what it attaches, and the group it invites to."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.exceptions import ApplicationError

from activities import attachments, routing
from activities.identify import Identifier, Identity
from activities.routing import Routed, Traveller
from domain import welcoming
from domain.customer import Entry
from domain.facts import Facts
from domain.links import FormLinks
from domain.messages import WelcomeStart
from domain.playbook import CouponStep, Playbook
from domain.policy import Policy
from domain.rooms import JoinRules
from domain.welcoming import Chosen
from integrations import wecom
from playbooks import templates
from settings import Clock
from storage import directory, playbook_pictures
from storage.database import Database
from storage.facts import facts_of
from storage.tables import Employee, EntryCode, Store

MOST_ATTACHMENTS = 9  # contract §4.1
NO_WIFI = "请问店员"  # for `{{ store.wifi }}` of a store whose Wi-Fi nobody told us: no gap, and no lie
KEPT_PLAYBOOKS = 100


@dataclass(frozen=True)
class Greeting:
    """With a group's picture it invites; `plain` is what to say if the picture cannot be sent.

    A playbook may greet nobody: then there is no text at all.
    """

    text: str
    plain: str
    chat_id: str | None = None
    picture: str | None = None
    attachments: tuple[wecom.Attachment, ...] = ()
    coupon: CouponStep | None = None
    why: str = ""

    @property
    def message(self) -> wecom.Message:
        pictures = (wecom.Image(media_id=self.picture),) if self.picture else ()
        return wecom.Message(text=self.text, attachments=(*pictures, *self.attachments)[:MOST_ATTACHMENTS])

    @property
    def has_pictures(self) -> bool:
        return self.picture is not None or any(attachments.media_id_of(a) for a in self.attachments)

    def lacks(self, other: "Greeting") -> bool:
        """Whether it goes without pictures of the playbook that the other one has."""
        return len(self.attachments) < len(other.attachments)

    def without_picture(self) -> "Greeting":
        """Without the group's, and without the playbook's own."""
        bare = self.without_own_pictures()
        return replace(bare, text=self.plain, chat_id=None, picture=None)

    def without_own_pictures(self) -> "Greeting":
        left = tuple(a for a in self.attachments if not attachments.media_id_of(a))
        return replace(self, attachments=left)


@dataclass(frozen=True)
class _Known:
    """What is known when the text is written. `hers`: the store of the group, else that of the code."""

    identity: Identity
    employee: Employee
    scanned: Store | None
    hers: Store | None


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
        self._playbooks: dict[str, Playbook] = {}

    async def write(self, what: WelcomeStart) -> Greeting | None:
        """Within the lookup budget. None when the playbook of her code greets nobody."""
        event, now = what.event, self._clock()
        identity = await self._identifier.identify(what.external_userid)
        async with self._database.transaction() as session:
            entry, name = await directory.entry_of(session, event.state, event.userid or "")
            playbook = await self._playbook(session, name or self._policy.default_playbook)
            if playbook.welcome is None:
                return None
            employee = await session.get_one(Employee, event.userid or "")
            scanned = await self._store(session, entry.store_id)
            facts = Facts(what.external_userid)
            if welcoming.asks_about_her(playbook):
                facts = await self._facts(session, what.external_userid, entry, identity)
            chosen = welcoming.chosen(playbook.welcome, facts, self._policy.tiers, now)
            she = Traveller(facts, identity.favourite_store, scanned)
            routes = welcoming.routes_of(playbook)
            routed = await routing.choose(session, routes, she, self._policy.tiers, self._rules, now)
            hers = await self._store(session, routed.her_store) or scanned
            held = await playbook_pictures.held(session, attachments.digests(chosen.attachments), now)
        attached = attachments.as_wecom(chosen.attachments, held)
        return self._greeting(what, chosen, routed, _Known(identity, employee, scanned, hers), attached)

    def _greeting(
        self,
        what: WelcomeStart,
        chosen: Chosen,
        routed: Routed,
        known: _Known,
        attached: tuple[wecom.Attachment, ...],
    ) -> Greeting:
        now = self._clock()
        forms = self._links.all_for(what.external_userid, now)
        here = templates.uses(chosen.text, "store", "wifi")  # she asks for the Wi-Fi of where she is

        def said(store: Store | None, group: str) -> str:
            store = known.scanned if here else store
            return templates.render(chosen.text, _values(known, store, chosen.benefit, group, now, forms))

        plain = said(known.scanned, "")
        why = "; ".join(part for part in (chosen.why, routed.why) if part)
        greeting = Greeting(plain, plain, attachments=attached, coupon=chosen.coupon, why=why)
        if routed.group is None:
            return greeting
        text = said(known.hers, routed.group.name)
        return replace(greeting, text=text, chat_id=routed.group.chat_id, picture=routed.group.picture)

    async def _playbook(self, session: AsyncSession, name: str) -> Playbook:
        row = await directory.newest_version(session, name)
        if row is None:
            raise ApplicationError(
                "no playbook is published: run `journeys up` or the worker once", type="NoPlaybook"
            )
        if row.version not in self._playbooks:  # a version never changes, and reading one takes a while
            if len(self._playbooks) >= KEPT_PLAYBOOKS:
                self._playbooks.clear()
            self._playbooks[row.version] = Playbook.model_validate(row.body)
        return self._playbooks[row.version]

    async def _facts(
        self, session: AsyncSession, external_userid: str, entry: Entry, identity: Identity
    ) -> Facts:
        """Of this add: another employee's code may have brought her before."""
        known = await facts_of(session, [external_userid], self._clock())
        facts = known.get(external_userid) or Facts(external_userid)
        code = await session.get(EntryCode, entry.code) if entry.code else None
        store = await self._store(session, identity.favourite_store or entry.store_id)
        if store:
            facts = replace(
                facts, store_id=store.id, region_id=store.region_id, city=store.city, zone=store.zone
            )
        return replace(
            facts,
            placement=entry.placement,
            campaign=code.campaign if code else None,
            member=facts.member or identity.member_id is not None,
        )

    async def _store(self, session: AsyncSession, store_id: str | None) -> Store | None:
        return await session.get(Store, store_id) if store_id else None  # her employee may be new to us


def _values(
    known: _Known, store: Store | None, benefit: str | None, group: str, now: datetime, forms: dict[str, str]
) -> dict[str, Any]:
    zone = ZoneInfo(store.zone if store else "Asia/Shanghai")
    wifi = store.wifi if store else None
    return {
        "customer": {"nickname": known.identity.nickname or "您"},
        "employee": {"name": known.employee.name},
        "store": {"name": store.name if store else "本店", "wifi": wifi or NO_WIFI},
        "group": {"name": group},
        "benefit": benefit or "",
        "date": templates.local_date(now.astimezone(zone).date()),
        "forms": forms,
    }
