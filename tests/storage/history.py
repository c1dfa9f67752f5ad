"""What a customer has had before a test begins, and one more message to see what policy says of it."""

from datetime import timedelta
from typing import Any

from domain.playbook import ContentClass, Frequency
from domain.touches import Channel, Content, TouchStatus
from storage.tables import Group, GroupMember, Touch
from tests.storage.chain import NOON, Chain

OFTEN = Frequency(most=99, per=timedelta(minutes=1))


async def had(
    chain: Chain,
    number: int,
    *,
    days: float = 0,
    kind: ContentClass = ContentClass.GENERAL,
    status: TouchStatus = TouchStatus.SENT,
    playbook: str = "tea",
    customer: str = "wm1",
    channel: Channel = Channel.PRIVATE,
    chat_id: str | None = None,
) -> None:
    """A message that she has had so many days ago, or may still get."""
    at = NOON - timedelta(days=days)
    settled = None if status is TouchStatus.CLAIMED else at
    async with chain.database.transaction() as session:
        session.add(
            Touch(
                key=f"had/{customer}/{number}",
                external_userid=customer,
                channel=channel,
                chat_id=chat_id,
                kind=kind,
                status=status,
                playbook=playbook,
                planned_at=at,
                claimed_at=at,
                settled_at=settled,
            )
        )


async def judged(chain: Chain, kind: str = "general", **fields: Any) -> Touch:
    """One message of the playbook, planned now and its window closed."""
    content = Content(text="tea", kind=ContentClass(kind))
    touch = await chain.plan("wm1", content=content, playbook="tea", **fields)
    await chain.flush(touch.batch_id)
    return await chain.touch(touch.key)


async def in_a_group(chain: Chain, *, left: bool = False) -> None:
    """wm1 has been in a group, from 9 days ago until now or 5 days ago."""
    since, until = NOON - timedelta(days=9), NOON - timedelta(days=5) if left else None
    group = Group(chat_id="g1", store_id="S1", kind="welfare", owner="chen", created_at=since)
    async with chain.database.transaction() as session:
        session.add(group)
    async with chain.database.transaction() as session:
        session.add(GroupMember(chat_id="g1", member_id="wm1", joined_at=since, left_at=until))
