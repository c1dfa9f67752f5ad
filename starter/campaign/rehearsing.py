"""Going through everybody whom a campaign means, as its waves will, and counting. Nothing is written."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from math import ceil

from domain.backfilling import tag_calls
from domain.campaign import Campaign
from domain.playbook import Condition
from domain.policy import Policy
from domain.touches import Channel, Content, TouchStatus, Verdict
from starter.campaign.references import Planned
from storage import campaign_outlook, campaign_planning, rehearsals
from storage.campaign_filling import Intent, Planning
from storage.database import Database
from storage.ledger import RECIPIENTS_PER_TASK

SAMPLE = 5  # customers of one way
Task = tuple[int, str, str, str]  # wave, employee, channel, content: what becomes one task, or more


@dataclass
class Wave:
    """People. Who could be told and is not is held out, or her region leaves it out."""

    targeted: int = 0
    reachable: int = 0
    told: int = 0


@dataclass
class Tally:
    """All that is counted; memory grows with employees and groups, and not with customers."""

    waves: dict[str, Wave] = field(default_factory=dict)
    ways: Counter[str] = field(default_factory=Counter)
    why_not: Counter[tuple[str, str]] = field(default_factory=Counter)  # rule and reason
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)  # refused or waits, and the rule
    regions: Counter[str] = field(default_factory=Counter)
    employees: Counter[str] = field(default_factory=Counter)
    tasks: Counter[Task] = field(default_factory=Counter)  # customers or groups of each
    groups: dict[str, Intent] = field(default_factory=dict)  # by chat_id
    samples: dict[str, list[str]] = field(default_factory=dict)
    said: dict[tuple[str, str], tuple[str, Content]] = field(default_factory=dict)  # by region and way

    @property
    def all(self) -> Wave:
        """The waves together."""
        waves = self.waves.values()
        return Wave(*(sum(getattr(wave, f.name) for wave in waves) for f in fields(Wave)))

    @property
    def calls(self) -> Counter[str]:
        """WeCom's create calls by employee: each takes at most 10,000 recipients."""
        found: Counter[str] = Counter()
        for (_, userid, _, _), number in self.tasks.items():
            found[userid] += ceil(number / RECIPIENTS_PER_TASK)
        return found

    def tags(self, campaign: Campaign) -> int:
        """Calls of mark_tag that the backfill costs if nobody confirms anything."""
        alone = [number for (_, _, way, _), number in self.tasks.items() if way == Channel.PRIVATE]
        return tag_calls(alone, campaign.backfill.most) if campaign.backfill else 0

    def add(self, wave: str, number: int, intents: list[Intent]) -> None:
        counted = self.waves.setdefault(wave, Wave())
        counted.targeted += len(intents)
        for intent in intents:
            counted.reachable += intent.sender is not None
            if intent.refused:
                self.why_not[intent.refused.rule, intent.refused.reason] += 1
            else:
                counted.told += 1
                self._told(number, intent)

    def _told(self, number: int, intent: Intent) -> None:
        assert intent.sender
        assert intent.said
        way, region = intent.way.value, intent.sender.region_id or ""
        self.ways[way] += 1
        self.regions[region] += 1
        self.employees[intent.sender.userid] += 1
        some = self.samples.setdefault(way, [])
        if len(some) < SAMPLE:
            some.append(intent.external_userid)
        if (region, way) not in self.said:
            self.said[region, way] = intent.sender.userid, Content.model_validate(intent.said.body)
        if intent.chat_id is None or intent.chat_id not in self.groups:  # a group is told once
            self.tasks[number, intent.sender.userid, way, intent.said.key] += 1
        if intent.chat_id:
            self.groups.setdefault(intent.chat_id, intent)

    def judged(self, verdicts: list[Verdict]) -> None:
        for verdict in verdicts:
            if verdict.status is not TouchStatus.CLAIMED:
                word = "waits" if verdict.status is TouchStatus.PLANNED else "refused"
                self.verdicts[word, verdict.rule or ""] += 1


async def rehearse(database: Database, planned: Planned, policy: Policy, now: datetime) -> Tally:
    """Wave by wave, in pages; policy's verdicts are those of `now`."""
    tally, last = Tally(), Planning(planned.campaign, 0, now, planned.regions, now)
    for number, wave in enumerate(planned.campaign.rollout):
        what = Planning(planned.campaign, number, now, planned.regions, now)
        tally.waves[wave.name] = Wave()
        async for page in _pages(database, what, planned.who, policy):
            async with rehearsals.reading(database) as session:
                new = await campaign_outlook.left_for(session, what, planned.who, policy.tiers, page)
                intents = await campaign_planning.intended(session, what, new)
                alone = [i for i in intents if not i.refused and not i.chat_id]
                verdicts = await campaign_outlook.verdicts_now(session, what, alone, policy)
            tally.add(wave.name, number, intents)
            tally.judged(verdicts)
    async with rehearsals.reading(database) as session:
        tally.judged(await campaign_outlook.group_verdicts_now(session, last, tally.groups, policy))
    return tally


async def _pages(
    database: Database, what: Planning, who: Condition, policy: Policy
) -> AsyncIterator[list[str]]:
    after, size = "", campaign_planning.PAGE
    while True:
        async with rehearsals.reading(database) as session:
            page = await campaign_planning.meant(session, what, who, policy.tiers, after, size)
        if page:
            yield page
        if len(page) < size:
            return
        after = page[-1]
