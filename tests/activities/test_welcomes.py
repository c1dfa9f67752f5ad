"""The greeting: every outcome by its name, and never a second greeting."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError

from activities import identify
from domain.customer import WelcomeOutcome
from domain.events import EventKind
from domain.messages import Arrive, WelcomeSettled, WelcomeStart
from domain.touches import TouchStatus
from storage.tables import Group
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

SEND = "externalcontact/send_welcome_msg"
INVITED = "invited to the store group of the scanned store"


async def greet(shop: Shop, what: WelcomeStart) -> WelcomeSettled:
    return await shop.run(shop.activities.welcomes.greet, what)


async def ledger(shop: Shop, customer: str) -> tuple[TouchStatus, str]:
    [touch] = await shop.touches(customer)
    return touch.status, touch.reason


# ---- the outcomes


async def test_a_friend_is_greeted_with_the_group_of_the_scanned_store(shop: Shop) -> None:
    she = await shop.newcomer("小满")
    settled = await greet(shop, await shop.added(she))
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, shop.groups["S002"])
    [message] = await shop.received(she)
    assert "小满，您好！我是望京店的福利官李薇" in message["text"]
    assert len(message["attachments"]) == 1


async def test_a_code_that_another_app_took_is_beaten_and_not_sent(shop: Shop) -> None:
    """peer-failures §3, check 4 (the tags: tests/gateway/test_bad_input.py)."""
    she = await shop.newcomer()
    settled = await greet(shop, await shop.added(she, other_app_first=True))
    assert settled.outcome is WelcomeOutcome.BEATEN
    assert await ledger(shop, she) == (TouchStatus.BEATEN, "another app or a chat was first")


async def test_after_twenty_seconds_it_is_late(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    shop.clock.forward(seconds=21)
    assert (await greet(shop, what)).outcome is WelcomeOutcome.LATE
    assert await shop.received(she) == []


async def test_without_a_code_nothing_is_sent_and_that_is_said(shop: Shop) -> None:
    """peer-failures §3, check 5."""
    she = await shop.newcomer()
    settled = await greet(shop, await shop.added(she, welcome_code=False))
    assert settled.outcome is WelcomeOutcome.NO_CODE
    assert "console" in settled.reason
    assert shop.calls(SEND) == 0


@pytest.mark.parametrize("errcode", [40201, 48002, 41049])
async def test_a_refusal_is_a_failed_greeting_with_its_reason(shop: Shop, errcode: int) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "errcode", errcode=errcode)
    settled = await greet(shop, what)
    assert settled.outcome is WelcomeOutcome.FAILED
    assert str(errcode) in settled.reason


async def test_she_is_greeted_when_she_has_agreed_to_chat_archiving(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she, audit_consent=True)
    assert (await greet(shop, what)).outcome is WelcomeOutcome.AWAITING_CONSENT
    await shop.street.do("approve_audit", userid="li", external_userid=she)
    consent = shop.last_add()
    assert consent.event.kind is EventKind.AUDIT_APPROVED
    assert (await greet(shop, consent)).outcome is WelcomeOutcome.SENT
    assert len(await shop.received(she)) == 1
    assert len(await shop.touches(she)) == 1, "one friendship, one greeting in the ledger"


# ---- once


async def test_greeting_again_sends_nothing_and_gives_the_same_outcome(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    first, second = await greet(shop, what), await greet(shop, what)
    assert first == second
    assert shop.calls(SEND) == 1


async def test_her_life_is_told_once(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await greet(shop, what)
    await greet(shop, what)
    [told] = shop.courier.events(EventKind.WELCOME_SETTLED)
    assert (told.outcome, told.userid, told.chat_id) == ("sent", "li", shop.groups["S002"])


async def test_two_attempts_at_once_are_one_greeting_that_was_sent(shop: Shop) -> None:
    """The first worker only seemed to be dead: the second uses the same code, and is nobody's rival."""
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "delay", seconds=0.5)
    slow = asyncio.create_task(greet(shop, what))
    while not shop.calls(SEND):  # noqa: ASYNC110 - until the slow one has claimed and called
        await asyncio.sleep(0.01)
    assert (await greet(shop, what)).outcome is WelcomeOutcome.SENT
    assert (await slow).outcome is WelcomeOutcome.SENT
    assert len(await shop.received(she)) == 1
    assert (await ledger(shop, she))[0] == TouchStatus.SENT
    assert {told.outcome for told in shop.courier.events(EventKind.WELCOME_SETTLED)} == {"sent"}


async def test_half_add_and_add_are_one_greeting(shop: Shop) -> None:
    she = await shop.newcomer()
    half = await shop.added(she, half=True)
    assert (await greet(shop, half)).outcome is WelcomeOutcome.SENT
    await shop.street.do("confirm_half_add", userid="li", external_userid=she)
    assert (await greet(shop, shop.last_add())).outcome is WelcomeOutcome.SENT
    assert shop.calls(SEND) == 1


async def test_a_half_added_friend_has_no_detail_yet_and_is_greeted_without_her_name(shop: Shop) -> None:
    she = await shop.newcomer("小满")
    await greet(shop, await shop.added(she, half=True))
    [message] = await shop.received(she)
    assert message["text"].startswith("您，您好！")


async def test_an_add_whose_half_add_failed_is_greeted_with_its_own_code(shop: Shop) -> None:
    she = await shop.newcomer()
    half = await shop.added(she, half=True)
    await shop.fault(SEND, "errcode", errcode=40201)
    assert (await greet(shop, half)).outcome is WelcomeOutcome.FAILED
    await shop.street.do("confirm_half_add", userid="li", external_userid=she)
    assert (await greet(shop, shop.last_add())).outcome is WelcomeOutcome.SENT


async def test_a_second_code_waits_while_the_first_is_in_flight(shop: Shop) -> None:
    she = await shop.newcomer()
    half = await shop.added(she, half=True)
    await shop.fault(SEND, "timeout_before")
    with pytest.raises(ApplicationError):
        await greet(shop, half)
    await shop.street.do("confirm_half_add", userid="li", external_userid=she)
    add = shop.last_add()
    with pytest.raises(ApplicationError, match="in flight") as waits:
        await greet(shop, add)
    assert waits.value.type == "NotYet"
    assert (await greet(shop, half)).outcome is WelcomeOutcome.SENT
    assert (await greet(shop, add)).outcome is WelcomeOutcome.SENT
    assert len(await shop.received(she)) == 1


async def test_added_again_after_she_was_lost_she_is_greeted_again(shop: Shop) -> None:
    she = await shop.newcomer()
    await greet(shop, await shop.added(she))
    shop.clock.forward(days=3)
    await shop.street.do("delete", userid="li", external_userid=she, by="employee")
    left = shop.last_add()
    await shop.run(shop.activities.lives.depart, Arrive(external_userid=she, event=left.event))
    shop.clock.forward(days=3)
    assert (await greet(shop, await shop.added(she))).outcome is WelcomeOutcome.SENT
    assert len(await shop.received(she)) == 2
    assert [touch.key[-2:] for touch in await shop.touches(she)] == ["/1", "/2"]


# ---- no answer


async def test_no_answer_to_a_greeting_that_arrived_is_inferred_from_the_second_try(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "timeout_after")
    with pytest.raises(ApplicationError) as unanswered:
        await greet(shop, what)
    assert (unanswered.value.type, unanswered.value.non_retryable) == ("Unreachable", False)
    settled = await greet(shop, what)
    assert settled.outcome is WelcomeOutcome.SENT
    assert settled.reason.startswith("inferred")
    assert len(await shop.received(she)) == 1


async def test_no_answer_to_a_greeting_that_never_arrived_is_sent_by_the_second_try(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "timeout_before")
    with pytest.raises(ApplicationError):
        await greet(shop, what)
    settled = await greet(shop, what)
    assert (settled.outcome, settled.reason) == (WelcomeOutcome.SENT, INVITED), "not inferred: answered"
    assert len(await shop.received(she)) == 1


async def test_no_answer_and_then_too_late_is_unknown(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "timeout_before")
    with pytest.raises(ApplicationError):
        await greet(shop, what)
    shop.clock.forward(seconds=21)
    assert (await greet(shop, what)).outcome is WelcomeOutcome.UNKNOWN


async def test_another_app_at_it_is_tried_again_and_the_first_try_does_not_count(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she, other_app_first=True)
    await shop.fault(SEND, "errcode", errcode=41096)
    with pytest.raises(ApplicationError) as again:
        await greet(shop, what)
    assert (again.value.type, again.value.non_retryable) == ("Transient", False)
    assert (await greet(shop, what)).outcome is WelcomeOutcome.BEATEN, "ours was refused, so theirs was first"


async def test_a_refused_connection_releases_the_claim(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she, other_app_first=True)
    offline = shop.activities_on(shop.unreachable_client()).welcomes
    with pytest.raises(ApplicationError) as refused:
        await shop.run(offline.greet, what)
    assert not refused.value.non_retryable
    assert (await ledger(shop, she))[0] == TouchStatus.PLANNED
    assert (await greet(shop, what)).outcome is WelcomeOutcome.BEATEN, "we cannot have used the code"


async def test_giving_up_after_refused_connections_is_failed(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    with pytest.raises(ApplicationError):
        await shop.run(shop.activities_on(shop.unreachable_client()).welcomes.greet, what)
    assert (await shop.run(shop.activities.welcomes.give_up, what)).outcome is WelcomeOutcome.FAILED


async def test_giving_up_after_an_unanswered_attempt_is_unknown(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "timeout_after")
    with pytest.raises(ApplicationError):
        await greet(shop, what)
    assert (await shop.run(shop.activities.welcomes.give_up, what)).outcome is WelcomeOutcome.UNKNOWN
    [told] = shop.courier.events(EventKind.WELCOME_SETTLED)
    assert told.outcome == "unknown"


async def test_giving_up_changes_no_outcome_that_is_there(shop: Shop) -> None:
    she = await shop.newcomer()
    what = await shop.added(she)
    await greet(shop, what)
    assert (await shop.run(shop.activities.welcomes.give_up, what)).outcome is WelcomeOutcome.SENT


async def test_giving_up_one_code_leaves_the_other_one_in_flight_alone(shop: Shop) -> None:
    she = await shop.newcomer()
    half = await shop.added(she, half=True)
    await shop.fault(SEND, "timeout_after")
    with pytest.raises(ApplicationError):
        await greet(shop, half)
    await shop.street.do("confirm_half_add", userid="li", external_userid=she)
    add = shop.last_add()
    assert (await shop.run(shop.activities.welcomes.give_up, add)).outcome is WelcomeOutcome.UNKNOWN
    assert (await ledger(shop, she))[0] == TouchStatus.CLAIMED
    assert (await greet(shop, half)).outcome is WelcomeOutcome.SENT


# ---- which group


async def test_a_member_is_invited_to_the_store_she_visits_most(shop: Shop) -> None:
    she = await shop.newcomer()
    member = await shop.member(she)
    for days_ago in (1, 8, 15):
        await shop.buys(member, "S001", days_ago=days_ago)
    await shop.buys(member, "S002", days_ago=2)
    settled = await greet(shop, await shop.added(she, "S002-cashier"))
    assert settled.chat_id == shop.groups["S001"]
    assert "我是中关村店的福利官李薇" in (await shop.received(she))[0]["text"]


async def test_what_was_found_out_is_remembered(shop: Shop) -> None:
    she = await shop.newcomer()
    member = await shop.member(she)
    await greet(shop, await shop.added(she))
    customer = await shop.customer(she)
    assert customer.member_id == member
    assert customer.unionid == shop.world.people.customer(she).unionid


async def test_a_known_member_costs_no_question_to_the_till(shop: Shop) -> None:
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001", days_ago=1)
    await greet(shop, await shop.added(she, "S002-cashier"))
    before = shop.calls("GET pos/members"), shop.calls("GET pos/orders")
    again = await greet(shop, await shop.added(she, "S001-cashier"))
    assert again.chat_id == shop.groups["S001"]
    assert (shop.calls("GET pos/members"), shop.calls("GET pos/orders")) == before


async def test_two_members_of_one_person_are_not_guessed_between(shop: Shop) -> None:
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001", days_ago=1)
    await shop.member(she)
    settled = await greet(shop, await shop.added(she, "S002-cashier"))
    assert settled.chat_id == shop.groups["S002"]
    assert (await shop.customer(she)).member_id is None


async def fill(shop: Shop, store: str, members: int) -> None:
    async with shop.database.transaction() as session:
        group = await session.get_one(Group, shop.groups[store])
        group.members = members


async def test_a_group_at_two_hundred_is_not_offered(shop: Shop) -> None:
    await fill(shop, "S002", 200)
    she = await shop.newcomer()
    settled = await greet(shop, await shop.added(she))
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, None)
    assert (await shop.received(she))[0]["attachments"] == []


async def test_a_group_of_one_hundred_and_ninety_nine_is_offered(shop: Shop) -> None:
    await fill(shop, "S002", 199)
    she = await shop.newcomer()
    assert (await greet(shop, await shop.added(she))).chat_id == shop.groups["S002"]


async def test_when_the_favourite_stores_group_is_full_the_scanned_stores_is_offered(shop: Shop) -> None:
    await fill(shop, "S001", 200)
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001", days_ago=1)
    assert (await greet(shop, await shop.added(she, "S002-cashier"))).chat_id == shop.groups["S002"]


async def test_a_picture_that_wecom_has_forgotten_is_left_out(shop: Shop) -> None:
    shop.clock.forward(days=3, seconds=1)
    she = await shop.newcomer()
    settled = await greet(shop, await shop.added(she))
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, None)


# ---- slow or broken neighbours


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identify, "LOOKUP_SECONDS", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("api", ["pos/members", "pos/orders", "externalcontact/get"])
async def test_a_slow_neighbour_does_not_cost_the_greeting(shop: Shop, api: str) -> None:
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001", days_ago=1)
    what = await shop.added(she, "S002-cashier")
    await shop.fault(api, "delay", seconds=6)
    settled = await greet(shop, what)
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, shop.groups["S002"])


@pytest.mark.parametrize("api", ["pos/members", "pos/orders"])
async def test_a_broken_till_does_not_cost_the_greeting(shop: Shop, api: str) -> None:
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001", days_ago=1)
    what = await shop.added(she, "S002-cashier")
    await shop.fault(api, "http_500", times=9)
    settled = await greet(shop, what)
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, shop.groups["S002"])


async def test_the_local_order_index_helps_where_wecom_has_no_detail_yet(shop: Shop) -> None:
    """Known from another employee; the new friendship is only half there (84061)."""
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001", days_ago=1)
    await greet(shop, await shop.added(she, "S001-cashier"))
    await shop.street.do("delete", userid="chen", external_userid=she, by="employee")
    settled = await greet(shop, await shop.added(she, "S002-cashier", half=True))
    assert settled.chat_id == shop.groups["S001"]
