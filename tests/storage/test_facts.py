"""What is known of customers, as conditions see it."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from domain.events import FormName
from domain.facts import Bought, Facts
from domain.stages import Stage
from domain.touches import Channel, TouchStatus
from storage import answers, lives
from storage.facts import facts_of
from storage.tables import (
    CustomerTag,
    Employee,
    EntryCode,
    Group,
    GroupMember,
    GroupPlan,
    Order,
    Store,
    Touch,
)
from tests.storage.chain import NOON, Chain, added, lost

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def put(chain: Chain, *rows: Any) -> None:
    for row in rows:
        async with chain.database.transaction() as session:
            await session.merge(row)


async def known(chain: Chain, customer: str = "wm1", **options: Any) -> Facts:
    async with chain.database.transaction() as session:
        return (await facts_of(session, [customer], NOON, **options))[customer]


async def member(chain: Chain, customer: str = "wm1", member_id: str = "m1", **fields: Any) -> None:
    async with chain.database.transaction() as session:
        row = await lives.ensure_customer(session, customer, NOON)
        for name, value in ({"member_id": member_id} | fields).items():
            setattr(row, name, value)
        session.add(row)


def order(number: int = 1, days_ago: float = 0, **fields: Any) -> Order:
    values: dict[str, Any] = {
        "member_id": "m1",
        "store_id": "S1",
        "status": "paid",
        "paid_minor": 2000,
    } | fields
    at = NOON - days_ago * DAY
    return Order(provider="till", order_id=f"o{number}", paid_at=at, updated_at=at, **values)


def code(state: str, placement: str, campaign: str | None = None) -> EntryCode:
    return EntryCode(state=state, store_id="S1", placement=placement, campaign=campaign, created_at=NOON)


async def came(chain: Chain, userid: str, state: str | None, days_ago: float = 30, **how: Any) -> None:
    async with chain.database.transaction() as session:
        await lives.ensure_customer(session, "wm1", NOON)
        await lives.record_follow(session, "wm1", added(userid, NOON - days_ago * DAY, state=state, **how))


async def left(chain: Chain, userid: str) -> None:
    async with chain.database.transaction() as session:
        await lives.record_follow(session, "wm1", lost(userid, NOON))


async def said(chain: Chain, form: FormName, *, customer: str = "wm1", **what: Any) -> None:
    async with chain.database.transaction() as session:
        await lives.ensure_customer(session, customer, NOON)
        await answers.keep(session, customer, form, what, digest=f"{customer}{form}{what}", now=NOON)


async def test_of_a_stranger_nothing_is_known(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        assert await facts_of(session, ["nobody"], NOON) == {}
        assert await facts_of(session, [], NOON) == {}


async def test_of_somebody_new_little_is_known(chain: Chain) -> None:
    async with chain.database.transaction() as session:
        await lives.ensure_customer(session, "wm1", NOON)
    assert await known(chain) == Facts(external_userid="wm1", orders=[], reached=[])


# ---- how she came, and how she can be reached


async def test_she_came_by_the_code_of_the_friendship_she_made_last(chain: Chain) -> None:
    await put(chain, code("a", "table", "spring"), code("b", "cashier"))
    await came(chain, "chen", "a", 30)
    await came(chain, "li", "b", 20)
    await came(chain, "wang", None, 10)
    facts = await known(chain)
    assert (facts.placement, facts.campaign) == ("cashier", None)
    await left(chain, "li")
    assert (await known(chain)).placement == "table", "that friendship is over"
    await left(chain, "chen")
    assert (await known(chain)).placement == "cashier", "she came by it all the same"
    assert facts.dates == {"friend_since": (NOON - 30 * DAY).date()}


async def test_a_friend_is_reached_while_the_friendship_is_whole_and_the_employee_works_here(
    chain: Chain,
) -> None:
    await came(chain, "chen", None, half=True)
    assert (await known(chain)).reachable == frozenset()
    await came(chain, "chen", None, days_ago=1)
    assert (await known(chain)).reachable == {"private", "moments"}
    await put(chain, Employee(userid="chen", name="chen", store_id="S1", active=False))
    assert (await known(chain)).reachable == frozenset()


async def test_a_group_reaches_her_while_she_is_in_it(chain: Chain) -> None:
    await chain.befriend("wm1")
    for chat_id, kind in (("c1", "store"), ("c2", "high"), ("c3", "city")):
        await put(chain, Group(chat_id=chat_id, kind=kind, created_at=NOON))
        await put(chain, GroupMember(chat_id=chat_id, member_id="wm1", joined_at=NOON))
    await put(chain, GroupMember(chat_id="c2", member_id="wm1", joined_at=NOON, left_at=NOON))
    await put(chain, Group(chat_id="c3", kind="city", created_at=NOON, dismissed_at=NOON))
    facts = await known(chain)
    assert facts.group_kinds == {"store"}
    assert facts.reachable == {"group"}


async def test_tags_are_those_at_employees_who_are_still_her_friends(chain: Chain) -> None:
    await chain.befriend("wm1", "chen", "li")
    common: dict[str, Any] = {"external_userid": "wm1", "tag_group": "顾客旅程", "by": "rule", "at": NOON}
    await put(
        chain,
        CustomerTag(userid="chen", tag="高频", present=True, **common),
        CustomerTag(userid="li", tag="首店", present=True, **common),
        CustomerTag(userid="chen", tag="流失", present=False, **common),
    )
    assert (await known(chain)).tags == {"高频", "首店"}
    await chain.part("wm1", "li")
    assert (await known(chain)).tags == {"高频"}


# ---- orders and stores


async def test_orders_that_were_paid_and_not_wholly_refunded_count(chain: Chain) -> None:
    await member(chain)
    await put(
        chain,
        order(1, 9, coupons=2, categories={"拿铁": 2000}),
        order(2, 5, status="part_refunded", refunded_minor=500),
        order(3, 4, status="refunded", refunded_minor=2000),
        order(4, 3, status="cancelled"),
        order(5, 2, member_id="m2"),
        order(6, -1),
    )
    facts = await known(chain)
    assert facts.orders == [
        Bought(NOON - 9 * DAY, "S1", 2000, 2, {"拿铁": 2000}),
        Bought(NOON - 5 * DAY, "S1", 1500),
    ]
    assert facts.member
    dates = {"first_order": (NOON - 9 * DAY).date(), "last_order": (NOON - 5 * DAY).date()}
    assert facts.dates == dates


async def test_her_store_is_where_she_goes_most_else_where_she_scanned(chain: Chain) -> None:
    await put(chain, Store(id="S3", name="S3", region_id="bj", city="北京", zone="Asia/Urumqi"))
    await put(chain, Store(id="S2", name="S2", city="上海"))
    await member(chain, store_id="S3")
    scanned = await known(chain)
    assert (scanned.store_id, scanned.region_id, scanned.city, scanned.zone) == (
        "S3",
        "bj",
        "北京",
        "Asia/Urumqi",
    )
    await put(chain, order(1, 1, store_id="S2"), order(2, 2, store_id="S2"), order(3, 0, store_id="S3"))
    visited = await known(chain)
    assert (visited.store_id, visited.region_id, visited.city, visited.zone) == (
        "S2",
        None,
        "上海",
        "Asia/Urumqi",
    )


async def test_old_visits_say_nothing_about_where_she_goes_now(chain: Chain) -> None:
    await member(chain, store_id="S2")
    await put(chain, order(1, 181), order(2, 200))
    assert (await known(chain)).store_id == "S2"


async def test_a_store_that_only_the_till_knows_has_no_region(chain: Chain) -> None:
    await member(chain)
    await put(chain, order(store_id="elsewhere"))
    facts = await known(chain)
    assert (facts.store_id, facts.region_id, facts.city) == ("elsewhere", None, None)


# ---- what she told


async def test_her_last_answers_are_her_dates(chain: Chain) -> None:
    await said(chain, FormName.BIRTHDAY, month=1, day=2)
    await said(chain, FormName.BIRTHDAY, month=2, day=29)
    await said(chain, FormName.DUE_DATE, due_date="2026-06-01", agreed=True)
    await said(chain, FormName.FEEDBACK, rating=5)
    await said(chain, FormName.FEEDBACK, rating=2, text="慢")
    facts = await known(chain)
    assert facts.answered == {FormName.BIRTHDAY, FormName.DUE_DATE, FormName.FEEDBACK}
    assert facts.rating == 2
    due = date(2026, 6, 1)
    assert facts.dates == {"birthday": date(2024, 2, 29), "due_date": due, "child_born": due}


async def test_a_child_that_is_born_has_a_birthday_of_its_own(chain: Chain) -> None:
    await said(chain, FormName.DUE_DATE, due_date="2026-06-01", agreed=True)
    await said(chain, FormName.CHILD_BIRTHDAY, child_birthday="2026-05-20", agreed=True)
    dates = (await known(chain)).dates
    assert (dates["due_date"], dates["child_born"]) == (date(2026, 6, 1), date(2026, 5, 20))


async def test_a_birthday_with_its_year(chain: Chain) -> None:
    await said(chain, FormName.BIRTHDAY, year=1990, month=5, day=20)
    assert (await known(chain)).dates == {"birthday": date(1990, 5, 20)}


# ---- what became of earlier messages


def touch(key: str, status: TouchStatus, *, minutes: int = 0, **fields: Any) -> Touch:
    mine = {"external_userid": "wm1", "playbook": "coffee", "enrolment": 1, "step": "hello"}
    at = NOON + timedelta(minutes=minutes)
    return Touch(key=key, channel=Channel.PRIVATE, status=status, planned_at=at, **{**mine, **fields})


async def test_an_outcome_is_of_her_enrolment_and_of_the_last_visit(chain: Chain) -> None:
    await chain.befriend("wm1")
    await put(
        chain,
        touch("b", TouchStatus.SENT, minutes=1),
        touch("a", TouchStatus.REFUSED, minutes=2),
        touch("c", TouchStatus.SENT, minutes=3, enrolment=2),
        touch("d", TouchStatus.SENT, minutes=3, playbook="tea"),
        touch("e", TouchStatus.TASKED, step="later"),
        touch("f", TouchStatus.EXPIRED, step=None),
    )
    assert (await known(chain)).outcomes == {}, "nobody asked"
    facts = await known(chain, enrolments={"wm1": ("coffee", 1)})
    assert facts.outcomes == {"hello": "refused", "later": "open"}


async def test_a_message_to_her_whole_group_has_an_outcome_for_her_step(chain: Chain) -> None:
    await chain.befriend("wm1")
    group = touch("g", TouchStatus.SENT, external_userid="", playbook=None, enrolment=None, step=None)
    await put(chain, group)
    mine: dict[str, Any] = {"playbook": "coffee", "enrolment": 1, "step": "hello"}
    await put(chain, GroupPlan(key="p", touch_key="g", external_userid="wm1", planned_at=NOON, **mine))
    assert (await known(chain, enrolments={"wm1": ("coffee", 1)})).outcomes == {"hello": "sent"}


# ---- many at once


async def crowd(chain: Chain, first: int, last: int) -> list[str]:
    """Customers of whom everything is known."""
    names = [f"crowd{number}" for number in range(first, last)]
    for number, name in enumerate(names, first):
        await chain.befriend(name, "chen", "li")
        await member(chain, name, f"member{number}", store_id="S1", stage=Stage.REGULAR)
        await said(chain, FormName.BIRTHDAY, customer=name, month=5, day=number % 28 + 1)
        await put(
            chain,
            order(number, number, member_id=f"member{number}", store_id="S2"),
            touch(name, TouchStatus.SENT, external_userid=name),
        )
    return names


async def counted(chain: Chain, names: list[str]) -> int:
    """How many statements it takes to know all of them."""
    statements: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    engine = chain.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    async with chain.database.transaction() as session:
        enrolments = dict.fromkeys(names, ("coffee", 1))
        found = await facts_of(session, names, NOON, enrolments=enrolments)
    event.remove(engine, "before_cursor_execute", note)
    assert set(found) == set(names)
    assert all(len(facts.orders) == 1 for facts in found.values())
    assert all(facts.outcomes == {"hello": "sent"} for facts in found.values())
    assert all(facts.store_id == "S2" and facts.stage is Stage.REGULAR for facts in found.values())
    return len(statements)


async def test_many_cost_as_many_statements_as_one(chain: Chain) -> None:
    names = await crowd(chain, 1, 15)
    assert await counted(chain, names) == await counted(chain, names[:1]) <= 11


async def test_two_customers_do_not_mix(chain: Chain) -> None:
    names = await crowd(chain, 1, 4)
    async with chain.database.transaction() as session:
        together = await facts_of(session, names, NOON)
    alone = {name: await known(chain, name) for name in names}
    assert together == alone
