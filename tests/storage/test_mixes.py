"""知识 : 优惠 (M59): what she had of a playbook, alone and in groups, decides on its next discount."""

from datetime import datetime, timedelta

import pytest

from domain.playbook import ContentClass, Frequency, Limits
from domain.policy import GroupKind
from domain.touches import Channel, Content, TouchStatus
from storage import group_windows
from storage.ledger import NewTouch
from storage.tables import Touch
from tests.storage.chain import HALF_AN_HOUR, NOON, Chain
from tests.storage.history import OFTEN, had, in_a_group, judged

pytestmark = pytest.mark.anyio

MIX = Limits(knowledge_per_discount=2)


async def test_a_discount_waits_for_knowledge_sent_since_the_last_one(chain: Chain) -> None:
    chain.policy = chain.policy.model_copy(update={"frequency": OFTEN})
    await chain.befriend("wm1", "chen")
    await had(chain, 1, days=9, kind=ContentClass.KNOWLEDGE)
    await had(chain, 2, days=8, kind=ContentClass.DISCOUNT)
    await had(chain, 3, days=7, kind=ContentClass.KNOWLEDGE)
    first = await judged(chain, kind="discount", limits=MIX)
    assert (first.status, first.rule) == (TouchStatus.REFUSED, "mix")
    assert first.reason == "1 knowledge messages since the last discount, 2 come before the next"
    await had(chain, 4, days=6, kind=ContentClass.KNOWLEDGE, status=TouchStatus.CLAIMED)
    assert (await judged(chain, kind="discount", limits=MIX)).status == TouchStatus.CLAIMED
    assert (await judged(chain, kind="discount", limits=MIX)).rule == "mix"


async def test_before_the_first_discount_all_knowledge_counts_that_may_have_reached_her(chain: Chain) -> None:
    chain.policy = chain.policy.model_copy(update={"frequency": OFTEN})
    await chain.befriend("wm1", "chen")
    await had(chain, 1, days=300, kind=ContentClass.KNOWLEDGE)
    for number, status in enumerate((TouchStatus.REFUSED, TouchStatus.EXPIRED, TouchStatus.CANCELLED), 2):
        await had(chain, number, days=2, kind=ContentClass.KNOWLEDGE, status=status)
    await had(chain, 5, days=2, kind=ContentClass.KNOWLEDGE, playbook="coffee")
    await had(chain, 6, days=2, kind=ContentClass.KNOWLEDGE, customer="wm2")
    await had(chain, 7, days=1, kind=ContentClass.DISCOUNT, status=TouchStatus.EXPIRED)
    assert (await judged(chain, kind="discount", limits=MIX)).rule == "mix"
    await had(chain, 8, days=100, kind=ContentClass.KNOWLEDGE)
    assert (await judged(chain, kind="discount", limits=MIX)).status == TouchStatus.CLAIMED


@pytest.mark.parametrize(("left", "rule"), [(False, None), (True, "mix")])
async def test_knowledge_that_she_heard_in_a_group_counts(chain: Chain, left: bool, rule: str | None) -> None:
    chain.policy = chain.policy.model_copy(update={"frequency": OFTEN})
    await chain.befriend("wm1", "chen")
    await in_a_group(chain, left=left)
    for number, days in enumerate((4, 3), 1):
        told = {"channel": Channel.GROUP, "customer": "", "chat_id": "g1"}
        await had(chain, number, days=days, kind=ContentClass.KNOWLEDGE, **told)  # type: ignore[arg-type]
    assert (await judged(chain, kind="discount", limits=MIX)).rule == rule


async def tell_group(chain: Chain, kind: str, limits: Limits, now: datetime = NOON) -> Touch:
    """One message to the whole group, planned and its window closed."""
    content = Content(text=f"{kind} at {now}", kind=ContentClass(kind))
    key = f"wm1/{kind}/{now}"
    new = NewTouch(key, "wm1", "chen", content, Channel.GROUP, "g1", playbook="tea", limits=limits)
    async with chain.database.transaction() as session:
        touch = await group_windows.plan(session, new, chain.policy, now)
    async with chain.database.transaction() as session:
        await group_windows.flush(session, touch.batch_id or 0, chain.policy, now + HALF_AN_HOUR)
    return await chain.touch(touch.key)


async def test_a_playbooks_limits_hold_in_groups_too(chain: Chain) -> None:
    kind = GroupKind(discount=True, frequency=OFTEN)
    chain.policy = chain.policy.model_copy(update={"groups": {"welfare": kind}})
    await in_a_group(chain)
    limits = MIX.model_copy(update={"frequency": Frequency(most=3, per=timedelta(days=7))})
    told = [
        await tell_group(chain, kind, limits, NOON + timedelta(hours=hours))
        for hours, kind in enumerate(["knowledge", "discount", "knowledge", "discount", "knowledge"])
    ]
    assert [(t.status, t.rule) for t in told] == [
        ("claimed", None),
        ("refused", "mix"),
        ("claimed", None),
        ("claimed", None),
        ("refused", "playbook_frequency"),
    ]
