"""Random small populations of a town with stores in three zones, and conditions about them."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from domain.events import FormName
from domain.playbook import Condition
from domain.stages import Stage
from domain.touches import Channel, TouchStatus
from storage.tables import (
    Customer,
    CustomerTag,
    Employee,
    EntryCode,
    Follow,
    FormAnswer,
    Group,
    GroupMember,
    Order,
    Region,
    Store,
    Touch,
)
from tests.domain.people import CATEGORIES, LEAVES
from tests.storage.chain import NOON

CUSTOMERS = [f"wm{number}" for number in range(5)]
PRODUCTS = ("P1", "P2", "P3")
FORMS: dict[FormName, dict[str, Any]] = {
    FormName.BIRTHDAY: {"month": 2, "day": 29},
    FormName.DUE_DATE: {"due_date": "2026-06-01", "agreed": True},
    FormName.CHILD_BIRTHDAY: {"child_birthday": "2026-05-20", "agreed": True},
}

# Stores, employees, codes and groups are there before anybody comes.
TOWN: tuple[Sequence[Any], ...] = (
    (Region(id="bj", name="北京"), Region(id="sh", name="上海")),
    (
        Store(id="S001", name="一店", region_id="bj", city="北京"),
        Store(id="S002", name="二店", city="柏林", zone="Europe/Berlin"),
        Store(id="S003", name="三店", region_id="sh", zone="America/New_York"),
    ),
    (
        Employee(userid="chen", name="chen", store_id="S001"),
        Employee(userid="gone", name="gone", store_id="S001", active=False),
    ),
    (
        EntryCode(state="a", store_id="S001", placement="table", campaign="spring", created_at=NOON),
        EntryCode(state="b", store_id="S002", placement="wifi", created_at=NOON),
        EntryCode(state="c", store_id="S003", placement="cashier", campaign="autumn", created_at=NOON),
    ),
    (
        Group(chat_id="c1", kind="store", created_at=NOON),
        Group(chat_id="c2", kind="high", created_at=NOON),
        Group(chat_id="c3", kind="high", created_at=NOON, dismissed_at=NOON),
    ),
)

# Round all that conditions look back to, and round the midnights of the three zones.
HOURS_AGO = st.sampled_from([0, 5, 9, 12, 13, 17, 23, 36, 72, 24 * 10, 24 * 14, 24 * 30, 24 * 60, 24 * 180])
MOMENTS = st.builds(
    lambda hours, microseconds: NOON - timedelta(hours=hours, microseconds=microseconds),
    HOURS_AGO | st.integers(0, 24 * 100),
    st.sampled_from([-1, 0, 1, 10**6, -4 * 60 * 10**6, -300 * 10**6, -301 * 10**6]),
)
MAYBE = st.none() | MOMENTS
WHO = st.sampled_from(CUSTOMERS)


def _several(row: st.SearchStrategy[Any], key: Any, most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(row, max_size=most, unique_by=key)


PEOPLE = st.tuples(
    *(
        st.builds(
            Customer,
            external_userid=st.just(name),
            member_id=st.sampled_from([None, name, "shared"]),
            stage=st.sampled_from(Stage),
            stage_since=st.just(NOON),
            store_id=st.sampled_from([None, "S001", "S002", "S003"]),
            created_at=st.just(NOON),
        )
        for name in CUSTOMERS
    )
)
FOLLOWS = st.builds(
    Follow,
    userid=st.sampled_from(["chen", "gone", "nobody told us"]),
    external_userid=WHO,
    state=st.sampled_from([None, "a", "b", "c", "unknown"]),
    half=st.booleans(),
    since=MAYBE,
    lost_at=MAYBE,
)
MEMBERSHIPS = st.builds(
    GroupMember,
    chat_id=st.sampled_from(["c1", "c2", "c3"]),
    member_id=WHO,
    joined_at=MOMENTS,
    left_at=MAYBE,
)
TAGS = st.builds(
    CustomerTag,
    external_userid=WHO,
    userid=st.sampled_from(["chen", "gone"]),
    tag_group=st.just("顾客旅程"),
    tag=st.sampled_from(["高频", "首店"]),
    present=st.booleans(),
    by=st.just("rule"),
    at=st.just(NOON),
)
FEEDBACK = st.builds(lambda stars: {"rating": stars}, st.integers(1, 5))
ANSWERS = st.builds(
    lambda she, form, feedback: FormAnswer(
        external_userid=she, form=form, answers=FORMS.get(form) or feedback, digest="", at=NOON
    ),
    WHO,
    st.sampled_from(FormName),
    FEEDBACK,
)
ORDERS = st.builds(
    lambda paid, refunded, **fields: Order(
        provider="till", order_id="", paid_minor=paid, refunded_minor=min(paid, refunded), **fields
    ),
    st.integers(0, 50_000),
    st.sampled_from([0, 0, 500, 50_000]),
    member_id=st.sampled_from([*CUSTOMERS, "shared", None]),
    store_id=st.sampled_from(["S001", "S002", "S003", "only the till knows it"]),
    status=st.sampled_from(["paid", "paid", "part_refunded", "refunded", "cancelled"]),
    paid_at=MOMENTS,
    coupons=st.integers(0, 2),
    categories=st.dictionaries(st.sampled_from(CATEGORIES), st.integers(0, 3), max_size=3),
    products=st.dictionaries(st.sampled_from(PRODUCTS), st.integers(0, 900), max_size=2),
    updated_at=st.just(NOON),
)
TOUCHES = st.builds(
    lambda she, chat_id, channel, **fields: Touch(
        key="",
        external_userid="" if channel is Channel.GROUP else she,
        chat_id=chat_id if channel is Channel.GROUP else None,
        channel=channel,
        planned_at=NOON,
        **fields,
    ),
    WHO,
    st.sampled_from(["c1", "c2", "c3"]),
    st.sampled_from(Channel),
    status=st.sampled_from([TouchStatus.SENT, TouchStatus.SENT, TouchStatus.TASKED, TouchStatus.EXPIRED]),
    sent_at=MAYBE,
    settled_at=MAYBE,
)


def _numbered(answers: list[FormAnswer], orders: list[Order], touches: list[Touch]) -> list[Any]:
    """With the keys that they need."""
    for number, answer in enumerate(answers):
        answer.digest = str(number)
    for number, order in enumerate(orders):
        order.order_id = str(number)
    for number, touch in enumerate(touches):
        touch.key = str(number)
    return [*answers, *orders, *touches]


POPULATIONS: st.SearchStrategy[list[Any]] = st.builds(
    lambda people, follows, members, tags, rest: [*people, *follows, *members, *tags, *rest],
    PEOPLE,
    _several(FOLLOWS, lambda row: (row.userid, row.external_userid), 8),
    _several(MEMBERSHIPS, lambda row: (row.chat_id, row.member_id), 8),
    _several(TAGS, lambda row: (row.external_userid, row.userid, row.tag), 8),
    st.builds(
        _numbered,
        st.lists(ANSWERS, max_size=6),
        st.lists(ORDERS, max_size=25),
        st.lists(TOUCHES, max_size=10),
    ),
)

PERIODS = st.none() | HOURS_AGO.filter(bool).map(lambda hours: timedelta(hours=hours))


def _range(name: str, ends: st.SearchStrategy[Any], *, within: bool = True) -> st.SearchStrategy[Any]:
    def made(ends: list[Any], which: str, period: timedelta | None) -> dict[str, Any]:
        low, high = sorted(ends)
        asked = {"least": {"least": low}, "most": {"most": high}, "both": {"least": low, "most": high}}
        return {name: asked[which] | ({"within": period} if period and within else {})}

    both = st.lists(ends, min_size=2, max_size=2)
    return st.builds(made, both, st.sampled_from(["least", "most", "both"]), PERIODS)


SMALL = st.integers(0, 5)
YUAN = st.sampled_from(["0", "0.01", "5", "99.50", "250", "99999999.99"]).map(Decimal)
RANGES = st.one_of(
    _range("orders", SMALL | st.just(10**30)),
    _range("visits", SMALL),
    _range("spend", YUAN),
    _range("ticket", YUAN),
    _range("coupons_used", SMALL),
    _range("coupon_share", st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 2 / 3, 0.7, 1.0]), within=False),
    _range("rating", st.integers(1, 5), within=False),
)
AGOS = st.builds(
    lambda name, which, period: {name: {which: period}},
    st.sampled_from(["last_order", "last_message"]),
    st.sampled_from(["within", "longer_than"]),
    PERIODS.filter(bool),
)
_leaf = st.sampled_from(LEAVES) | RANGES | AGOS
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.lists(_leaf, min_size=1, max_size=2).map(
        lambda some: Condition.model_validate({name: value for one in some for name, value in one.items()})
    ),
    lambda inner: st.builds(
        lambda how, some: Condition(**{how: some}),
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
