"""The first days of a friendship, under time skipping."""

import pytest

from domain.customer import CommandKind
from tests.corp import Corp

pytestmark = pytest.mark.anyio


async def test_a_friend_is_greeted_tagged_and_joins(corp: Corp) -> None:
    she = await corp.newcomer("小满")
    await corp.scan(she, "S002-cashier")
    await corp.until_logged(she, "tagged")
    assert await corp.stage(she) == "welcomed"
    [greeting] = [m for m in await corp.received(she) if m["channel"] == "welcome"]
    assert "小满，您好" in greeting["text"]
    assert len(greeting["attachments"]) == 1, "the group's QR picture"
    assert (await corp.street.see(f"tags/{she}")) == {"li": ["望京店", "cashier"]}
    await corp.join(she)
    await corp.until_stage(she, "joined")


async def test_she_is_invited_to_the_store_she_visits_most(corp: Corp) -> None:
    she = await corp.newcomer()
    member = await corp.member(she)
    await corp.clock.look()
    for _ in range(2):
        await corp.street.do("till/orders", member_id=member, store_id="S001", amount_minor=100, push=False)
    await corp.scan(she, "S002-cashier")
    await corp.until_stage(she, "welcomed")
    [welcome] = await corp.touches(she, "welcome")
    assert welcome.chat_id == corp.groups["S001"]


async def test_who_does_not_join_is_reminded_once(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.sleep(days=2, hours=1)
    await corp.until_logged(she, "reminder planned")
    await corp.sleep(hours=1)
    await corp.street.confirm_all_tasks()
    await corp.sleep(hours=1)
    reminders = [t for t in await corp.touches(she) if "/reminder/" in t.key]
    assert [t.status for t in reminders] == ["sent"]
    await corp.sleep(days=10)
    assert len([t for t in await corp.touches(she) if "/reminder/" in t.key]) == 1


async def test_who_joins_in_time_is_not_reminded(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    await corp.sleep(days=5)
    assert not [t for t in await corp.touches(she) if "/reminder/" in t.key]


async def test_a_greeting_that_another_app_took_is_beaten_and_falls_back(corp: Corp) -> None:
    """peer-failures §3, check 4: the outcome is "other app first", and the tags are applied all the same."""
    she = await corp.newcomer()
    await corp.scan(she, other_app_first=True)
    await corp.until_logged(she, "tagged")
    [welcome] = await corp.touches(she, "welcome")
    assert welcome.status == "beaten"
    assert (await corp.street.see(f"tags/{she}"))["li"] == ["望京店", "cashier"]
    await corp.until_logged(she, "fallback planned")
    [fallback] = [t for t in await corp.touches(she) if "/fallback/" in t.key]
    assert fallback.chat_id == corp.groups["S002"]


async def test_a_half_added_friend_is_tagged_when_the_employee_confirms(corp: Corp) -> None:
    she = await corp.newcomer()
    userid = await corp.scan(she, half=True)
    await corp.until_stage(she, "welcomed")
    assert not any(line.what == "tagged" for line in await corp.story(she))
    await corp.do("confirm_half_add", userid=userid, external_userid=she)
    await corp.until_logged(she, "tagged")
    assert len([m for m in await corp.received(she) if m["channel"] == "welcome"]) == 1


async def test_consent_to_archiving_brings_the_greeting(corp: Corp) -> None:
    she = await corp.newcomer()
    userid = await corp.scan(she, audit_consent=True)
    await corp.until_logged(she, "welcome awaiting_consent")
    await corp.do("approve_audit", userid=userid, external_userid=she)
    await corp.until_logged(she, "welcome sent")
    assert len([m for m in await corp.received(she) if m["channel"] == "welcome"]) == 1


async def test_joining_before_the_friendship_counts(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.join(she)
    await corp.sleep(minutes=1)
    await corp.scan(she)
    await corp.until_stage(she, "joined")


async def test_a_deletion_that_overtakes_its_add_leaves_her_lost(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.street.do("callbacks", delay_seconds=1.0)
    await corp.clock.look()
    added = await corp.street.do("scan", external_userid=she, state="S002-cashier")
    await corp.sleep(seconds=5)
    await corp.street.do("callbacks", delay_seconds=0)
    await corp.do("delete", userid=added["userid"], external_userid=she, by="customer")
    await corp.until_stage(she, "lost")


async def test_staff_a_deleted_by_her_leaves_the_journey_with_staff_b(corp: Corp) -> None:
    """peer-failures §3, check 13."""
    she = await corp.newcomer()
    a = await corp.scan(she, "S001-cashier")
    await corp.until_logged(she, "tagged")
    b = await corp.scan(she, "S002-cashier")
    await corp.until(lambda: _tagged(corp, she), 2)
    story = [line.what for line in await corp.story(she)]
    assert story.count("enrolled in coffee-welcome") == 1, "a second employee does not enrol her again"
    assert len([m for m in await corp.received(she) if m["channel"] == "welcome"]) == 2
    await corp.sleep(seconds=2)
    await corp.do("delete", userid=a, external_userid=she, by="customer")
    await corp.until_logged(she, f"no longer a friend of {a}")
    assert await corp.stage(she) != "lost"
    await corp.join(she)
    await corp.sleep(days=4, hours=2)
    await corp.street.confirm_all_tasks()
    await corp.sleep(hours=1)
    [touch] = [t for t in await corp.touches(she) if "/nurture." in t.key]
    assert (touch.userid, touch.status) == (b, "sent")


async def _called(corp: Corp, api: str) -> bool:
    return api in (await corp.street.see("calls"))["counts"]


async def _tagged(corp: Corp, she: str) -> int:
    return sum(line.what == "tagged" for line in await corp.story(she))


async def test_deleted_and_added_again_is_a_new_episode_with_its_own_greeting(corp: Corp) -> None:
    she = await corp.newcomer()
    userid = await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.sleep(seconds=5)
    await corp.do("delete", userid=userid, external_userid=she, by="customer")
    await corp.until_stage(she, "lost")
    await corp.sleep(seconds=5)
    await corp.scan(she)
    await corp.until_stage(she, "welcomed")
    story = [line.what for line in await corp.story(she)]
    assert story.count("enrolled in coffee-welcome") == 2
    assert [t.key.rsplit("/", 1)[1] for t in await corp.touches(she, "welcome")] == ["1", "2"]


async def test_who_leaves_the_group_is_asked_back_once(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    await corp.sleep(seconds=5)
    await corp.do("leave", external_userid=she, chat_id=corp.groups["S002"])
    await corp.sleep(seconds=3)
    await corp.until_logged(she, f"left group {corp.groups['S002']}")
    await corp.sleep(days=2, hours=1)
    await corp.until_logged(she, "reinvitation planned")


async def test_a_dismissed_group_is_left_by_all(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    await corp.join(she)
    await corp.until_stage(she, "joined")
    await corp.do("dismiss", chat_id=corp.groups["S002"])
    await corp.sleep(seconds=3)
    await corp.until_logged(she, f"left group {corp.groups['S002']}")


async def test_an_outage_of_wecom_puts_the_tags_off_and_loses_nothing(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.street.do("faults", api="externalcontact/mark_tag", kind="http_500", times=12)
    await corp.scan(she)
    await corp.until(lambda: _called(corp, "externalcontact/mark_tag"))
    await corp.sleep(minutes=1)
    await corp.until_stage(she, "welcomed")
    answer = await corp.order(she, CommandKind.PAUSE)
    assert answer.answer.startswith("paused"), "orders are obeyed while WeCom is away"
    await corp.sleep(minutes=30)
    await corp.until_logged(she, "tagged")
