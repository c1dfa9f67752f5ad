"""Writing a campaign's messages into the ledger, in batches with the status `filling`.

No window closes those, and no rival sees what is in them, before their release.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain import campaigning
from domain.campaign import Campaign, RegionWords
from domain.playbook import Way
from domain.touches import Channel, Content, TouchStatus
from storage.campaign_ways import Sender
from storage.ledger import Refusal
from storage.tables import Batch, GroupPlan, Touch

BatchKey = tuple[str, str, str]  # userid, channel, content
Row = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What many are told, written out once for all of them."""

    key: str
    body: Row

    @classmethod
    def of(cls, content: Content) -> "Said":
        return cls(content.key, content.model_dump(mode="json"))


@dataclass(frozen=True)
class Planning:
    """A campaign, one wave of it, and what the regions made of it."""

    campaign: Campaign
    wave: int
    began_at: datetime
    regions: Mapping[str, RegionWords]
    now: datetime
    said: dict[tuple[Way, str], Said] = field(default_factory=dict)  # by way and region


@dataclass(frozen=True)
class Intent:
    """What one customer is to get, and by whom; or why not."""

    external_userid: str
    way: Way
    sender: Sender | None = None
    said: Said | None = None
    sends_at: datetime | None = None
    passed_over: str = ""
    refused: Refusal | None = None

    @property
    def chat_id(self) -> str | None:
        return self.sender.chat_id if self.sender and not self.refused else None


async def write(session: AsyncSession, what: Planning, intents: Sequence[Intent]) -> None:
    """Customers' messages, and one for each group that has none of this campaign yet."""
    alone = [i for i in intents if not i.chat_id]
    in_groups = [i for i in intents if i.chat_id]
    groups = await _new_groups(session, what, in_groups)
    batches = await _batches(session, what, [*(i for i in alone if not i.refused), *groups.values()])
    rows = [
        _touch(what, i, campaigning.key(what.campaign.campaign, i.external_userid), batches) for i in alone
    ]
    rows += [_touch(what, i, key, batches) | {"external_userid": ""} for key, i in groups.items()]
    await add(session, Touch, rows)
    await add(session, GroupPlan, [_group_plan(what, intent) for intent in in_groups])


async def add(session: AsyncSession, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """One statement for all rows; those that are there stay as they are."""
    if rows:
        # Past the ORM, which would make a statement of each run of rows that have the same nulls.
        statement = insert(table.__table__).on_conflict_do_nothing()  # type: ignore[attr-defined]
        await session.exec(statement, params=rows)


async def _new_groups(session: AsyncSession, what: Planning, intents: Sequence[Intent]) -> dict[str, Intent]:
    """By the key of a group's message, the first of its members; without those that an earlier page has."""
    name = what.campaign.campaign
    wanted: dict[str, Intent] = {}
    for intent in intents:
        wanted.setdefault(campaigning.group_key(name, intent.chat_id or ""), intent)
    had = set((await session.exec(select(Touch.key).where(col(Touch.key).in_(wanted)))).all())
    return {key: intent for key, intent in wanted.items() if key not in had}


async def _batches(session: AsyncSession, what: Planning, intents: Iterable[Intent]) -> dict[BatchKey, int]:
    """The filling batches of these messages: one for each employee, channel and content."""
    fresh: dict[BatchKey, Row] = {}
    for intent in intents:
        assert intent.said is not None
        fresh.setdefault(
            _batch_key(intent),
            {
                "userid": intent.sender.userid if intent.sender else "",
                "channel": Channel(intent.way.value),
                "content_key": intent.said.key,
                "content": intent.said.body,
                "window_ends_at": intent.sends_at,
                "status": "filling",
                "campaign_id": what.campaign.campaign,
                "wave": what.wave,
                "attempt": 0,
            },
        )
    await add(session, Batch, list(fresh.values()))
    query = select(Batch.userid, Batch.channel, Batch.content_key, Batch.id).where(
        Batch.campaign_id == what.campaign.campaign, Batch.wave == what.wave, Batch.status == "filling"
    )
    found = (await session.exec(query.where(col(Batch.userid).in_({key[0] for key in fresh})))).all()
    return {(userid, str(channel), content): batch or 0 for userid, channel, content, batch in found}


def _batch_key(intent: Intent) -> BatchKey:
    assert intent.sender is not None
    assert intent.said is not None
    return intent.sender.userid, intent.way.value, intent.said.key


def _touch(what: Planning, intent: Intent, key: str, batches: Mapping[BatchKey, int]) -> Row:
    refused = intent.refused
    return {
        "key": key,
        "external_userid": intent.external_userid,
        "userid": intent.sender.userid if intent.sender else None,
        "channel": Channel(intent.way.value),
        "kind": what.campaign.content.value,
        "priority": what.campaign.priority,
        "batch_id": None if refused else batches[_batch_key(intent)],
        "status": TouchStatus.REFUSED if refused else TouchStatus.PLANNED,
        "rule": refused.rule if refused else None,
        "reason": refused.reason if refused else "",
        "passed_over": "" if intent.chat_id else intent.passed_over,
        "notify": False,
        "chat_id": intent.chat_id,
        "campaign_id": what.campaign.campaign,
        "wave": what.wave,
        "send_by": what.campaign.until,
        "planned_at": what.now,
        "settled_at": what.now if refused else None,
    }


def _group_plan(what: Planning, intent: Intent) -> Row:
    name = what.campaign.campaign
    return {
        "key": campaigning.key(name, intent.external_userid),
        "touch_key": campaigning.group_key(name, intent.chat_id or ""),
        "external_userid": intent.external_userid,
        "campaign_id": name,
        "wave": what.wave,
        "passed_over": intent.passed_over,
        "planned_at": what.now,
    }
