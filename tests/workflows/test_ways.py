"""Messages by other ways than 1:1, over the whole corp: who is reached how, and who is not and why."""

from datetime import timedelta

import pytest

from activities.courier import Parcel
from domain.events import Event, EventKind
from domain.playbook import Frequency
from domain.policy import GroupKind, Policy
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

POLICY = Policy(
    default_playbook="small",
    window=timedelta(minutes=10),
    frequency=Frequency(most=5, per=timedelta(hours=1)),
    groups={"store": GroupKind(frequency=Frequency(most=9, per=timedelta(hours=24)))},
)
NOT_A_DISCOUNT, A_DISCOUNT = "新品上架", "全场八折"


async def _friend(corp: Corp) -> str:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    return she


async def _enrolled_member(corp: Corp) -> str:
    """In the group of S002 and nobody's friend; an operator puts her into the playbook."""
    she = await corp.newcomer()
    await corp.join(she)
    enrolled = Event(id=f"enrol/{she}", kind=EventKind.ENROLLED, at=corp.clock(), playbook="small")
    await corp.courier.post("test", f"customer/{she}", Parcel(event=enrolled))
    return she


async def _tap(corp: Corp) -> None:
    """The window closes, everybody confirms and publishes, the results are read."""
    await corp.sleep(minutes=12)
    await corp.street.confirm_all_tasks()
    await corp.street.publish_all_moments()
    await corp.sleep(minutes=10)


async def _got(corp: Corp, she: str) -> list[tuple[str, str]]:
    return [(m["channel"], m["text"]) for m in await corp.received(she) if m["channel"] != "welcome"]


async def test_everybody_is_reached_by_the_first_way_that_exists_for_her(corp_with: CorpWith) -> None:
    steps = [
        {"wait": "1h"},
        {"send": {"text": NOT_A_DISCOUNT, "channel": ["group", "private"], "wait_for_delivery": True}},
        {"exit": "done"},
    ]
    book = playbook(link="friend_then_group", nurture=steps, join_reminder=None)
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        both, friend, member = await _friend(corp), await _friend(corp), await _enrolled_member(corp)
        await corp.join(both)
        await corp.sleep(hours=1, minutes=1)
        for she in (both, member):  # nobody hears of what becomes of a message to a whole group
            await corp.until_logged(she, "small ended")
        await _tap(corp)
        await corp.until_logged(friend, "small ended")
        assert await _got(corp, both) == [("group", NOT_A_DISCOUNT)]
        assert await _got(corp, member) == [("group", NOT_A_DISCOUNT)]
        assert await _got(corp, friend) == [("single", NOT_A_DISCOUNT)]
        kinds = sorted(task["chat_type"] for task in await corp.street.see("tasks"))
        assert kinds == ["group", "single"], "one task for the group, whoever asked for it"
        told = {she: [(line.what, line.reason) for line in await corp.story(she)] for she in (both, friend)}
        assert ("group 望京店群: planned", "to be confirmed by li") in told[both]
        reasons = [reason for what, reason in told[friend] if what.endswith("planned")]
        assert any("not group: she is in no group of the kind store" in reason for reason in reasons)


async def test_a_discount_to_a_plain_group_is_refused_and_explain_says_so(corp_with: CorpWith) -> None:
    """peer-failures §3, check 12."""
    steps = [{"send": {"text": A_DISCOUNT, "channel": ["group"], "content": "discount"}}]
    book = playbook(link="group_only", welcome=None, nurture=steps, join_reminder=None)
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        she = await _enrolled_member(corp)
        await corp.until_logged(she, "message of small refused")
        await _tap(corp)
        assert await _got(corp, she) == []
        assert await corp.street.see("tasks") == []
        reasons = [line.reason for line in await corp.story(she) if line.what == "group 望京店群: refused"]
        assert reasons == [
            "group_content: no discounts in groups of the kind store: its people are not price-sensitive "
            "(policy.yaml, groups)"
        ]


async def test_moments_reach_who_has_the_tag_and_a_step_may_wait_for_it(corp_with: CorpWith) -> None:
    steps = [
        {"tag": {"add": ["KOC"]}},
        {"send": {"text": NOT_A_DISCOUNT, "channel": ["moments"], "tag": "KOC", "wait_for_delivery": True}},
        {"exit": "done"},
    ]
    book = playbook(link="friend_only", nurture=steps, join_reminder=None)
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        friends = [await _friend(corp), await _friend(corp)]
        for she in friends:
            await corp.until_logged(she, "message of small planned")
        await corp.sleep(minutes=20)
        assert await corp.street.publish_all_moments() == 1
        await corp.sleep(minutes=10)
        for she in friends:
            await corp.until_logged(she, "small ended")
            assert await _got(corp, she) == [("moment", NOT_A_DISCOUNT)]
        assert [t.status for t in await corp.touches(friends[0], "moments")] == ["sent"]


async def test_an_unpublished_moment_expires_at_wecom_too(corp_with: CorpWith) -> None:
    steps = [
        {"tag": {"add": ["KOC"]}},
        {"send": {"text": NOT_A_DISCOUNT, "channel": ["moments"], "tag": "KOC"}},
    ]
    book = playbook(link="friend_only", nurture=steps, join_reminder=None)
    async with corp_with(playbooks=[book], policy=POLICY) as corp:
        she = await _friend(corp)
        await corp.until_logged(she, "message of small planned")
        await corp.sleep(hours=26)
        [moment] = await corp.street.see("moments")
        assert moment["cancelled"]

        async def status() -> list[str]:
            return [str(t.status) for t in await corp.touches(she, "moments")]

        await corp.until(status, ["expired"])
