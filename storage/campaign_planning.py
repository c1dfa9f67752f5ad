"""Planning a campaign: whom a page of its wave means, by which way, in whose words, or why not.

As many statements a page, however many customers it has.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning, experiments
from domain.campaign import Campaign, CampaignStatus, RegionWords
from domain.playbook import Condition, Holdout, Way
from domain.touches import Content
from storage import audience, campaign_filling, campaign_ways, campaigns
from storage.audience import WhyNot
from storage.campaign_filling import Intent, Planning, Said
from storage.campaign_ways import Sender
from storage.exposures import HELD_OUT, TREATED
from storage.ledger import Refusal
from storage.tables import CampaignWave, Exposure, GroupPlan, Touch

PAGE = 1_000  # customers of one transaction
HOLDOUT = "holdout"  # the rule that keeps the control group out


async def plan_page(
    session: AsyncSession,
    campaign_id: str,
    number: int,
    tiers: Mapping[str, Condition],
    now: datetime,
    *,
    size: int = PAGE,
) -> CampaignWave | None:
    """Write the next page of a wave down, and how far it has come; None when the campaign does not run.

    `planned_at` of the wave is set with its last page.
    """
    row = await campaigns.find(session, campaign_id, lock=True)
    if row is None or row.status != CampaignStatus.RUNNING:
        return None
    what = Planning(
        campaigns.body_of(row),
        number,
        row.began_at or now,
        await campaigns.regions(session, campaign_id),
        now,
    )
    wave = await _wave(session, what)
    if wave.planned_at is None:
        who = Condition.model_validate(row.who)
        page = await meant(session, what, who, tiers, wave.cursor, size)
        new = await _new_ones(session, what, page)
        intents = await intended(session, what, new)
        await _put_arms_on_record(session, what, intents)
        await campaign_filling.write(session, what, intents)
        wave.cursor = page[-1] if page else wave.cursor
        wave.targeted += len(new)
        wave.planned += len([i for i in intents if not i.refused])
        wave.planned_at = now if len(page) < size else None
        session.add(wave)
        await session.flush()
    return wave


async def _wave(session: AsyncSession, what: Planning) -> CampaignWave:
    wave = await session.get(CampaignWave, (what.campaign.campaign, what.wave))
    return wave or CampaignWave(
        campaign_id=what.campaign.campaign,
        number=what.wave,
        name=what.campaign.rollout[what.wave].name,
        began_at=what.now,
    )


async def meant(
    session: AsyncSession,
    what: Planning,
    who: Condition,
    tiers: Mapping[str, Condition],
    after: str,
    size: int,
) -> list[str]:
    """The next customers after the cursor: test contacts as they are named, else whom the segment means."""
    wave = what.campaign.rollout[what.wave]
    if wave.customers is not None:
        return [one for one in sorted(set(wave.customers)) if one > after][:size]
    return await audience.page(session, who, tiers, what.now, after=after, size=size, store_ids=wave.stores)


async def _new_ones(session: AsyncSession, what: Planning, page: Sequence[str]) -> list[str]:
    """Who of a page is in the wave, and was in none before."""
    name = what.campaign.campaign
    keys = {
        campaigning.key(name, who): who for who in page if campaigning.in_wave(what.campaign, what.wave, who)
    }
    had = {
        *(await session.exec(select(Touch.key).where(col(Touch.key).in_(keys)))).all(),
        *(await session.exec(select(GroupPlan.key).where(col(GroupPlan.key).in_(keys)))).all(),
    }
    return [who for key, who in keys.items() if key not in had]


async def intended(session: AsyncSession, what: Planning, ids: Sequence[str]) -> list[Intent]:
    """Each customer's way, employee and words; or why there is none. Writes nothing."""
    ways = what.campaign.channel
    reached = {way: await campaign_ways.senders(session, what.campaign, way, ids) for way in ways}
    why_not = await audience.why_not(session, ids)
    intents = [_intent(what, who, reached, why_not.get(who, WhyNot.STRANGER)) for who in ids]
    return _without_control_group(what, intents)


def _intent(what: Planning, who: str, reached: Mapping[Way, Mapping[str, Sender]], why: WhyNot) -> Intent:
    """By the first way that reaches her."""
    passed: list[tuple[Way, Refusal]] = []
    for way in what.campaign.channel:
        if sender := reached[way].get(who):
            return _by(what, who, way, sender, _words(passed))
        passed.append((way, campaign_ways.unreached(what.campaign, way, why)))
    reason = passed[0][1].reason if len(passed) == 1 else _words(passed)
    return Intent(who, what.campaign.channel[0], refused=Refusal(passed[0][1].rule, reason))


def _by(what: Planning, who: str, way: Way, sender: Sender, passed_over: str) -> Intent:
    """In the words of the employee's region, and at its time (M53)."""
    region = what.regions.get(sender.region_id or "")
    refused = (
        Refusal("skipped", f"the region {sender.region_id} leaves it out") if region and region.skip else None
    )
    return Intent(
        who,
        way,
        sender,
        _said(what, way, sender.region_id or ""),
        campaigning.sends_at(what.campaign, region, what.began_at),
        passed_over,
        refused,
    )


def _words(passed: Sequence[tuple[Way, Refusal]]) -> str:
    return "; ".join(f"not {way}: {refusal.reason}" for way, refusal in passed)


def _said(what: Planning, way: Way, region_id: str) -> Said:
    """The same for all of a way and a region, so it is put together once."""
    if (way, region_id) not in what.said:
        content = _content(what.campaign, way, what.regions.get(region_id))
        what.said[way, region_id] = Said.of(content)
    return what.said[way, region_id]


def _content(campaign: Campaign, way: Way, region: RegionWords | None) -> Content:
    words = (region.words.get(way) if region else None) or campaign.words[way]
    return Content(
        text=words.text,
        kind=campaign.content,
        benefit=campaign.benefit,
        attachments=words.attachments,
        tag=campaign.tag if way is Way.MOMENTS else None,
        missed=campaign.backfill if way is Way.PRIVATE else None,
        campaign=campaign.campaign,
    )


def _without_control_group(what: Planning, intents: Sequence[Intent]) -> list[Intent]:
    """Draws who is held out of those who would get it."""
    share, wave = what.campaign.holdout, what.campaign.rollout[what.wave]
    if share is None or wave.customers is not None:  # our own people are no sample
        return list(intents)
    experiment = campaigning.experiment(what.campaign.campaign)
    drawn = Holdout(experiment=experiment, share=share)
    held_out = Refusal(HOLDOUT, f"she is in the control group of {experiment}")
    return [
        dataclasses.replace(i, refused=held_out)
        if not i.refused and experiments.held_out(i.external_userid, drawn)
        else i
        for i in intents
    ]


async def _put_arms_on_record(session: AsyncSession, what: Planning, intents: Sequence[Intent]) -> None:
    """Who of those who would get it came into which arm."""
    if what.campaign.holdout is None or what.campaign.rollout[what.wave].customers is not None:
        return
    arms = [
        {
            "external_userid": i.external_userid,
            "experiment": campaigning.experiment(what.campaign.campaign),
            "arm": HELD_OUT if i.refused else TREATED,
            "playbook": "",
            "at": what.now,
        }
        for i in intents
        if i.refused is None or i.refused.rule == HOLDOUT
    ]
    await campaign_filling.add(session, Exposure, arms)
