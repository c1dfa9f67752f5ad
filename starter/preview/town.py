"""The chain around a persona, built as an operator would: directory, groups with their QR pictures, codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from activities.publishing import publish
from domain.messages import SweepStart
from domain.places import coupons_of
from domain.playbook import LinkKind, Playbook
from domain.steps import lists_of, walk
from integrations import wecom
from playbooks.loader import Written
from simulators.state.groups import STAFF, GroupMember
from simulators.state.till import Template
from starter.preview.corp import Corp
from starter.preview.persona import Comes, Town, TownGroup, TownStore
from starter.simulated_tills import template_id
from storage import directory
from storage.tables import Employee, EntryCode, Group, Region, Store

PLACEMENT = "cashier"
STORE_WIDE = "store"
NEVER = timedelta(days=36_500)  # calendars of groups are not previewed: a look a day at each takes minutes
STATE_CHARS = 30  # contract §2.1


@dataclass
class Built:
    """What people need to find their way."""

    town: Town
    book: Playbook
    groups: dict[str, Group] = field(default_factory=dict)  # by chat_id
    names: dict[str, str] = field(default_factory=dict)  # of employees by userid, of stores by id
    codes: set[str] = field(default_factory=set)  # by state

    def state(self, comes: Comes) -> str:
        """What the code says that she scans."""
        store, placement, campaign = self.code(comes)
        return "-".join(part for part in (store, placement, campaign) if part)[:STATE_CHARS]

    def door(self, comes: Comes) -> str | None:
        """The kind of the group by which she comes; None: by a code."""
        first = next(iter(self.book.enter.group_join), None)
        by_group = self.book.link in (LinkKind.GROUP_ONLY, LinkKind.GROUP_THEN_FRIEND)
        if comes.group or comes.placement or comes.campaign or not by_group:
            return comes.group
        return first or STORE_WIDE

    def code(self, comes: Comes) -> tuple[str, str, str | None]:
        """Store, placement and campaign; what she does not say is taken from the playbook."""
        rule = next(iter(self.book.enter.codes), None)
        store = comes.store or first_of(rule.stores if rule else None, self.town)
        placements = (rule.placements if rule else None) or [PLACEMENT]
        campaign = next(iter((rule.campaigns if rule else None) or []), None)
        return store, comes.placement or placements[0], comes.campaign or campaign

    def store(self, store_id: str) -> TownStore:
        return next(one for one in self.town.stores if one.store == store_id)


def first_of(stores: Sequence[str] | None, town: Town) -> str:
    """The first of these that is in the town; its first of all when they do not matter."""
    there = [one.store for one in town.stores]
    return next((one for one in stores or [] if one in there), there[0])


async def build(corp: Corp, town: Town, written: Written[Playbook], comes: Sequence[Comes]) -> Built:
    """Publish the playbook and set the chain up; `comes` are all the ways by which somebody will come."""
    book = written.model
    built = Built(town, book)
    async with corp.database.transaction() as session:
        await publish(session, written, by="preview", note="", now=corp.clock())
        for name in sorted({one.region for one in town.stores if one.region}):
            await directory.upsert(session, Region(id=name, name=name))
        for row in _directory(town):
            await directory.upsert(session, row)
            built.names[row.id if isinstance(row, Store) else row.userid] = row.name
    for row in _directory(town):
        if isinstance(row, Employee):
            await corp.street.do("employees", userid=row.userid, name=row.name)
        else:
            await corp.street.do("till/stores", store_id=row.id, name=row.name)
    _offer_coupons(corp, book)
    for number, group in enumerate(_groups(town, book, comes)):
        await _open_group(corp, built, group, number)
    everywhere = [one.model_copy(update={"store": s.store}) for one in comes for s in town.stores]
    for state, code in {built.state(one): built.code(one) for one in (*everywhere, *comes)}.items():
        await _print_code(corp, built, state, code)
    await corp.activities.upkeep.sweep(SweepStart())  # brings the pictures of groups and playbook to WeCom
    return built


def _offer_coupons(corp: Corp, book: Playbook) -> None:
    """The till has what the playbook names; some call it otherwise (POS_OPTIONS)."""
    for _, coupon in coupons_of(book):
        theirs = template_id(coupon.template, corp.settings.pos_options)
        corp.world.till.templates[theirs] = Template(template_id=theirs, name=coupon.template)


def staff_of(store: TownStore) -> list[str]:
    """userids."""
    return [f"{store.store.lower()}-{number + 1}" for number in range(len(store.employees))]


def _directory(town: Town) -> Iterator[Store | Employee]:
    for one in town.stores:
        yield Store(
            id=one.store,
            name=one.name,
            region_id=one.region,
            city=one.city,
            latitude=one.latitude,
            longitude=one.longitude,
            wifi=one.wifi,
            manager=staff_of(one)[0],
        )
    for one in town.stores:
        for userid, name in zip(staff_of(one), one.employees, strict=True):
            yield Employee(userid=userid, name=name, store_id=one.store)


def _groups(town: Town, book: Playbook, comes: Sequence[Comes]) -> list[TownGroup]:
    """As the town says; else one of each kind that is spoken of, and one of each store."""
    if town.groups is not None:
        return town.groups
    chosen = [c.store or first_of(None, town) for c in comes]
    kinds = dict.fromkeys([*kinds_of(book), *(c.group for c in comes if c.group)])
    wide = {route.kind for route in book.groups if route.of in ("city", "chain")}
    found = [TownGroup(store=one.store) for one in town.stores]
    for kind in kinds:
        if kind == STORE_WIDE:
            continue
        stores = chosen[:1] if kind in wide else [one.store for one in town.stores]
        found += [TownGroup(kind=kind, store=store) for store in stores]
    return found


def kinds_of(book: Playbook) -> Iterator[str]:
    """Every kind of group that a playbook speaks of."""
    yield from (route.kind for route in book.groups)
    yield from book.enter.group_join
    for _, steps in lists_of(book.journey):
        for _, step in walk(steps):
            if step.send and "group" in step.send.channel:
                yield step.send.group


async def _open_group(corp: Corp, built: Built, wanted: TownGroup, number: int) -> None:
    store = built.store(wanted.store or first_of(None, built.town))
    owner = staff_of(store)[0]
    kind = "" if wanted.kind == STORE_WIDE else f"-{wanted.kind}"
    name = wanted.name or f"{store.name}群{kind}"
    chat_id = f"wr-{number}-{store.store}{kind}"
    await corp.street.do("groups", name=name, owner=owner, chat_id=chat_id)
    if wanted.full:
        _fill(corp, chat_id)
    way = wecom.NewJoinWay(chat_id_list=(chat_id,), state=f"{store.store}-group"[:STATE_CHARS])
    members = len(corp.world.groups.known(chat_id).members)
    row = Group(
        chat_id=chat_id,
        store_id=wanted.store or store.store,
        kind=wanted.kind,
        name=name,
        owner=owner,
        customers=0,
        members=members,
        join_config_id=await corp.client.add_join_way(way),
        created_at=corp.clock(),
        next_at=corp.clock() + NEVER,
    )
    async with corp.database.transaction() as session:
        await directory.upsert(session, row)
    built.groups[chat_id] = row


def _fill(corp: Corp, chat_id: str) -> None:
    """With colleagues, whose lives nobody follows, up to where its QR code stops working."""
    there = range(corp.settings.wecom_qr_join_cap - 1)
    crowd = [GroupMember(f"colleague-{n}", STAFF, corp.clock(), join_scene=1) for n in there]
    corp.world.groups.admit(corp.world.groups.known(chat_id), *crowd)


async def _print_code(corp: Corp, built: Built, state: str, code: tuple[str, str, str | None]) -> None:
    """It names the playbook, so that whoever scans it enters: who else could is for `check` to say."""
    store, placement, campaign = code
    built.codes.add(state)
    userids = staff_of(built.store(store))
    way = wecom.NewContactWay(
        type=wecom.ContactWayType.MULTIPLE, user=tuple(userids), state=state, remark=state
    )
    made = await corp.client.add_contact_way(way)
    row = EntryCode(
        state=state,
        store_id=store,
        placement=placement,
        campaign=campaign,
        playbook=built.book.playbook,
        userids=userids,
        config_id=made.config_id,
        qr_code=made.qr_code,
        created_at=corp.clock(),
    )
    async with corp.database.transaction() as session:
        await directory.upsert(session, row)
