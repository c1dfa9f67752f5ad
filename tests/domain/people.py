"""Facts of customers, some of them random, and conditions of every kind."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.events import FormName
from domain.facts import Bought, Facts
from domain.playbook import Condition
from domain.stages import Stage
from tests.domain.moments import START

CATEGORIES = ("拿铁", "美式", "烘焙")
HERS = "wm-she"


def bought(days_ago: float = 0, yuan: float = 20, **more: Any) -> Bought:
    fields: dict[str, Any] = {"store_id": "S001", "paid_minor": round(yuan * 100)} | more
    return Bought(at=START - timedelta(days=days_ago), **fields)


def she(*orders: Bought, **fields: Any) -> Facts:
    return Facts(external_userid=HERS, orders=orders, **fields)


def condition(**fields: Any) -> Condition:
    return Condition.model_validate(fields)


ORDERS = st.builds(
    lambda seconds, fen, coupons, categories, products, store: Bought(
        at=START - timedelta(seconds=seconds),
        store_id=store,
        paid_minor=fen,
        coupons=coupons,
        categories=categories,
        products=products,
    ),
    st.integers(0, 90 * 86_400),
    st.integers(0, 50_000),
    st.integers(0, 2),
    st.dictionaries(st.sampled_from(CATEGORIES), st.integers(0, 9_000), max_size=3),
    st.dictionaries(st.sampled_from(["P1", "P2", "P3"]), st.integers(0, 9_000), max_size=2),
    st.sampled_from(["S001", "S002"]),
)
FACTS = st.builds(
    Facts,
    external_userid=st.just(HERS),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
    placement=st.none() | st.sampled_from(["table", "cashier"]),
    campaign=st.none() | st.just("spring"),
    store_id=st.none() | st.sampled_from(["S001", "S002"]),
    region_id=st.none() | st.just("bj"),
    city=st.none() | st.just("北京"),
    member=st.booleans(),
    reachable=st.frozensets(st.sampled_from(["private", "group", "moments"])),
    group_kinds=st.frozensets(st.sampled_from(["store", "high"])),
    tags=st.frozensets(st.sampled_from(["高频", "首店"])),
    stage=st.sampled_from(Stage),
    life_stage=st.none() | st.sampled_from(["孕期", "宝宝"]),
    answered=st.frozensets(st.sampled_from(FormName)),
    rating=st.none() | st.integers(1, 5),
    dates=st.dictionaries(
        st.sampled_from(["birthday", "due_date"]), st.dates(date(1950, 1, 1), date(2030, 1, 1))
    ),
    orders=st.lists(ORDERS, max_size=6),
    reached=st.lists(st.integers(0, 20 * 86_400).map(lambda s: START - timedelta(seconds=s)), max_size=3),
    outcomes=st.dictionaries(st.just("hello"), st.sampled_from(["sent", "refused", "open"])),
)

# One of every field; `test_every_field_is_asked_for` keeps it complete.
LEAVES: tuple[dict[str, Any], ...] = (
    {"placement": ["table", "wifi"]},
    {"campaign": "spring"},
    {"store": "S001"},
    {"region": ["bj", "sh"]},
    {"city": "北京"},
    {"member": True},
    {"member": False},
    {"reachable": ["private", "group"]},
    {"in_group": "high"},
    {"tag": "高频"},
    {"tier": "frequent"},
    {"stage": ["regular", "back"]},
    {"life_stage": "孕期"},
    {"answered": "birthday"},
    {"rating": {"most": 2}},
    {"orders": {"least": 2, "within": "30d"}},
    {"visits": {"most": 3}},
    {"spend": {"least": "99.50", "most": 300}},
    {"ticket": {"least": 25, "within": "2w"}},
    {"last_order": {"longer_than": "30d"}},
    {"last_order": {"within": "36h"}},
    {"coupons_used": {"least": 1}},
    {"coupon_share": {"least": 0.5}},
    {"prefers": ["拿铁", "烘焙"]},
    {"bought": {"product": ["P1", "P2"], "within": "60d"}},
    {"bought": {"category": "美式", "least": 2}},
    {"last_message": {"within": "3d"}},
    {"last_message": {"longer_than": "10d"}},
    {"outcome": {"step": "hello", "was": ["sent", "open"]}},
    {"hours": {"start": "09:00", "end": "18:00"}},
    {"weekday": ["sat", "sun"]},
)
TIERS = {
    "frequent": condition(visits={"least": 4, "within": "30d"}),
    "price": condition(coupon_share={"least": 0.7}),
}


def _some(fields: list[dict[str, Any]]) -> Condition:
    return Condition.model_validate({name: value for one in fields for name, value in one.items()})


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.lists(st.sampled_from(LEAVES), min_size=1, max_size=3).map(_some),
    lambda inner: st.builds(
        lambda how, some: Condition(**{how: some}),
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


def at(hour: int, day: int = 0) -> datetime:
    """A moment by the clock of Shanghai."""
    return START + timedelta(days=day, hours=hour - 12)
