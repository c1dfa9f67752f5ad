"""积压 (M51): asks the till what stores have, and writes the campaigns that rules want about it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.guarded import guarded
from activities.publishing import keep_pictures
from domain.campaign import Campaign
from domain.days import local_day
from domain.overstock import WEEK, Lot, Site, audience, campaign_of, is_due, piles, why_not
from domain.playbook import Condition
from integrations import pos
from playbooks.overstock_files import Rule
from settings import Clock
from storage import campaign_drafts, campaigns, stocks
from storage.database import Database
from storage.tables import Store

NEVER = datetime.min.replace(tzinfo=UTC)
STORES = 250  # of one rule in one sweep: others wait behind it


class Overstock:
    """A piece of the sweep. It writes campaigns down; the sweep's next piece starts their workflows."""

    def __init__(self, database: Database, till: pos.PosPort, rules: Sequence[Rule], clock: Clock) -> None:
        self._database, self._till, self._rules, self._clock = database, till, rules, clock

    async def look(self) -> int:
        """Read what it is time for; returns how many campaigns are new."""
        if not self._till.capabilities.stock:
            return 0  # `journeys doctor` says so, and `journeys overstock check` refuses the rules
        new = 0
        for rule in (one for one in self._rules if one.rule.active):
            with guarded(f"overstock {rule.rule.overstock}") as trouble:
                new += await self._look_for(rule)
            if _is_down(trouble):
                break  # it would be asked in vain for all the others
        # After the rules, whose turns are counted from the last reading.
        await self._watch()
        return new

    async def _watch(self) -> None:
        """Campaigns that stop at a target are told at every sweep how far they are from it."""
        async with self._database.transaction() as session:
            wanted = await stocks.targets(session)
            stores = {
                store.id: store for store in await stocks.stores(session, [one.store for one in wanted])
            }
        for target in wanted:
            with guarded(f"the stock of store {target.store}") as trouble:
                if store := stores.get(target.store):
                    await self._read(store, target.product)
            if _is_down(trouble):
                return

    async def _look_for(self, rule: Rule) -> int:
        now, wanted = self._clock(), rule.rule
        async with self._database.transaction() as session:
            stores = await stocks.stores(session, wanted.store)
            known = await stocks.read_at(session, wanted.product)
        due = [store for store in stores if is_due(wanted, store.id, known.get(store.id), now)]
        due.sort(key=lambda store: known.get(store.id, NEVER))
        new = 0
        for store in due[:STORES]:
            with guarded(f"overstock {wanted.overstock} at store {store.id}") as trouble:
                await self._read(store, wanted.product)
                async with self._database.transaction() as session:
                    new += await self._write(session, rule, store)
            if _is_down(trouble):
                raise trouble[0]
        return new

    async def _read(self, store: Store, product_ids: Sequence[str]) -> None:
        now = self._clock()
        found = lots_of(await self._till.list_stock(store.id, product_ids))
        async with self._database.transaction() as session:
            today = local_day(now, store.zone)
            await stocks.save(session, store.id, product_ids, found, today=today, now=now)

    async def _write(self, session: AsyncSession, rule: Rule, store: Store) -> int:
        """Write down the campaigns that are to begin now; returns how many."""
        now, wanted = self._clock(), rule.rule
        site = Site(store_id=store.id, name=store.name, zone=store.zone)
        await stocks.take_turns(session, store.id)
        this_week = await stocks.started_since(session, store.id, now - WEEK)
        lots = [stocks.lot(row) for row in await stocks.of_store(session, store.id, wanted.product)]
        new = 0
        for pile in piles(wanted, lots):
            campaign = campaign_of(wanted, site, pile.expires_on, rule.who)
            if await campaigns.find(session, campaign.campaign):
                continue  # one lot, one campaign, for ever
            if why_not(wanted, pile, site, now, this_week + new):
                continue
            await _approve(session, rule, campaign, audience(wanted, store.id, rule.who), now)
            await stocks.mark_started(session, store.id, wanted.product, pile.expires_on, campaign.campaign)
            new += 1
        return new


async def _approve(
    session: AsyncSession, rule: Rule, campaign: Campaign, who: Condition, now: datetime
) -> None:
    """The two who stand for the rule stand for each of its campaigns."""
    wanted = rule.rule
    await campaign_drafts.create(session, campaign, who, by=wanted.author, now=now)
    note = f"overstock rule {wanted.overstock}"
    await campaign_drafts.approve(session, campaign.campaign, by=wanted.approver, now=now, note=note)
    await keep_pictures(session, rule.pictures)


def lots_of(found: Iterable[pos.StockLot]) -> list[Lot]:
    """As we count them: whole units, lots of one product and day together."""
    sums: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    names: dict[str, str] = {}
    for lot in found:
        sums[lot.product_id, lot.expires_on or stocks.KEEPS] += lot.quantity
        names[lot.product_id] = lot.name
    return [Lot(product_id, names[product_id], day, int(sums[product_id, day])) for product_id, day in sums]


def _is_down(trouble: Sequence[Exception]) -> bool:
    return any(isinstance(error, pos.PosError) and error.retryable for error in trouble)
