"""How people come in: by a code, by joining a group, and what a greeting promises on the way."""

import pytest
from sqlmodel import select

from storage.tables import Coupon
from tests.corp import Corp
from tests.workflows.conftest import CorpWith, playbook

pytestmark = pytest.mark.anyio

T5 = {"template": "T5", "name": "五元券"}
WELCOME = {"text": "您好，{{ benefit }}", "benefit": "立减 5 元", "coupon": T5}
IN_GROUP = playbook(
    playbook="in-group",
    link="group_only",
    welcome=None,
    join_reminder=None,
    enter={"group_join": ["store"]},
    nurture=[{"send": {"text": "只给好友"}}, {"wait": "30d"}],
)


async def reasons(corp: Corp, customer: str, what: str) -> list[str]:
    return [line.reason for line in await corp.story(customer) if line.what == what]


async def coupons(corp: Corp, customer: str) -> list[str]:
    async with corp.database.transaction() as session:
        rows = (await session.exec(select(Coupon).where(Coupon.external_userid == customer))).all()
    return sorted(row.status for row in rows)


async def until_told(corp: Corp, customer: str, what: str, times: int) -> None:
    async def look() -> int:
        return len(await reasons(corp, customer, what))

    await corp.until(look, times)


async def test_the_coupon_of_a_greeting_is_credited_once_per_member_for_ever(corp_with: CorpWith) -> None:
    """M28. Deleted and added again, and added by another employee: nothing more is minted."""
    async with corp_with(playbooks=[playbook(welcome=WELCOME)]) as corp:
        she = await corp.newcomer()
        await corp.member(she)
        await corp.scan(she)
        await until_told(corp, she, "coupon 五元券 credited", 1)
        await corp.do("delete", external_userid=she, userid="li", by="customer")
        await corp.sleep(seconds=5)
        await corp.scan(she)
        await until_told(corp, she, "coupon 五元券 credited", 2)
        await corp.scan(she, "S001-cashier")
        await until_told(corp, she, "coupon 五元券 credited", 3)
        first, *others = await reasons(corp, she, "coupon 五元券 credited")
        assert first == ""
        assert all(reason.startswith("once per member: on 2") for reason in others)
        assert await coupons(corp, she) == ["issued"]


async def test_who_is_no_member_gets_no_coupon_and_that_is_on_record(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(welcome=WELCOME)]) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "coupon 五元券 refused")
        assert await reasons(corp, she, "coupon 五元券 refused") == ["not_member: the till does not know her"]
        await corp.until_logged(she, "tagged")


async def test_whoever_joins_a_group_enters_and_no_friend_is_needed(corp_with: CorpWith) -> None:
    """M3, M8: 1:1 steps are refused; as a friend later she is greeted, and enters nothing twice."""
    friends = playbook(nurture=[{"wait": "30d"}])
    async with corp_with(playbooks=[friends, IN_GROUP]) as corp:
        she = await corp.newcomer()
        await corp.join(she)
        await corp.sleep(seconds=5)  # the burst may have begun while time was skipped: then it ends here
        await corp.until_logged(she, "message of in-group refused")
        assert await reasons(corp, she, "message of in-group refused") == ["not_friend"]
        assert (await corp.customer(she)).playbooks == ["in-group"]
        assert await corp.stage_of(she) == "joined"
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        assert len([m for m in await corp.received(she) if m["channel"] == "welcome"]) == 1
        assert sorted((await corp.customer(she)).playbooks) == ["in-group", "small"]


async def test_a_friend_who_joins_enters_too_and_the_re_entry_rule_decides(corp_with: CorpWith) -> None:
    async with corp_with(playbooks=[playbook(), IN_GROUP]) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        await corp.join(she)
        await corp.sleep(seconds=5)  # the burst may have begun while time was skipped: then it ends here
        await corp.until_logged(she, "message of in-group planned")
        await corp.do("leave", external_userid=she, chat_id=corp.groups["S002"])
        await corp.sleep(seconds=5)
        await corp.join(she)
        await corp.until_logged(she, "not enrolled in in-group")
        assert await reasons(corp, she, "not enrolled in in-group") == ["she is in it already"]


async def test_a_playbook_that_greets_nobody_goes_on_all_the_same(corp_with: CorpWith) -> None:
    silent = IN_GROUP.model_copy(update={"playbook": "small"})
    async with corp_with(playbooks=[silent]) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "welcome refused")
        await corp.until_logged(she, "message of small planned")
        assert [m for m in await corp.received(she) if m["channel"] == "welcome"] == []
        assert await reasons(corp, she, "welcome refused") == ["the playbook of her entry code greets nobody"]


async def test_who_must_never_be_invited_is_not_reminded_of_a_group(corp_with: CorpWith) -> None:
    alone = playbook(link="friend_only", nurture=[{"wait": "5d"}, {"send": {"text": "谢谢光临"}}])
    async with corp_with(playbooks=[alone]) as corp:
        she = await corp.newcomer()
        await corp.scan(she)
        await corp.until_logged(she, "tagged")
        await corp.sleep(days=6)
        await corp.until_logged(she, "message of small planned")
        [greeting] = await corp.touches(she, "welcome")
        assert greeting.chat_id is None
        assert not [t for t in await corp.touches(she) if "/reminder/" in t.key]
