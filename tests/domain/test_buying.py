"""What a customer buys: the counters follow any history, and what they say of her."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.buying import Buying, Rfm, habits
from domain.facts import Bought
from domain.visits import RECENT, Visit, most_visited_store

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Shanghai


def bought(days_ago: float = 1, store: str = "S1", minor: int = 2800, **more: object) -> Bought:
    return Bought(at=NOW - timedelta(days=days_ago), store_id=store, paid_minor=minor, **more)  # type: ignore[arg-type]


ORDERS = st.builds(
    Bought,
    at=st.integers(0, 800).map(lambda hours: NOW - timedelta(hours=hours * 11)),
    store_id=st.sampled_from(["S1", "S2", "S3"]),
    paid_minor=st.integers(0, 5000),
    coupons=st.integers(0, 2),
    categories=st.dictionaries(st.sampled_from(["拿铁", "烘焙", "茶饮"]), st.integers(0, 3000)),
)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.none() | ORDERS), max_size=30),
    st.permutations(range(6)),
)
def test_following_every_change_is_counting_what_is_left(
    history: list[tuple[int, Bought | None]], order_of_counting: list[int]
) -> None:
    """An order comes, changes, is refunded or goes; None: it counts no more."""
    followed, orders = Buying(), dict[int, Bought]()
    for number, told in history:
        if number in orders:
            followed.remove(orders.pop(number))
        if told:
            followed.add(told)
            orders[number] = told
    assert followed == Buying.of(orders[number] for number in order_of_counting if number in orders)


@given(st.lists(ORDERS, max_size=20))
def test_her_store_is_that_of_her_visits(orders: list[Bought]) -> None:
    hers = habits(Buying.of(orders), NOW)
    recent = [Visit(one.store_id, one.at) for one in orders if one.at > NOW - RECENT]
    assert (hers.favourite_store if hers else None) == most_visited_store(recent)


def test_who_never_bought_has_no_habits() -> None:
    assert habits(Buying(), NOW) is None


def test_a_ticket_is_what_an_order_paid() -> None:
    hers = habits(Buying.of([bought(minor=3000), bought(2, minor=1001)]), NOW)
    assert hers is not None
    assert (hers.orders, hers.ticket_minor, hers.last_at) == (2, 2000, NOW - timedelta(days=1))


def test_her_categories_are_by_orders_and_gifts_say_nothing() -> None:
    orders = [
        bought(3, categories={"烘焙": 9000, "礼品": 0}),
        bought(2, categories={"拿铁": 1800, "茶饮": 900}),
        bought(1, categories={"拿铁": 1800, "礼品": 0}),
    ]
    hers = habits(Buying.of(orders), NOW)
    assert hers is not None
    assert hers.categories == ("拿铁", "烘焙", "茶饮"), "of equal ones the first by name"


def test_how_many_of_her_orders_had_a_coupon() -> None:
    hers = habits(Buying.of([bought(1, coupons=2), bought(2), bought(3), bought(4, coupons=1)]), NOW)
    assert hers is not None
    assert hers.coupon_share == 0.5


def test_three_tickets_of_one_day_are_one_visit() -> None:
    rush = [bought(1 + minutes / 1440) for minutes in range(3)]
    hers = habits(Buying.of([*rush, bought(40)]), NOW)
    assert hers is not None
    assert hers.visits_a_month == 1.5, "two days in the forty since she came first"


def test_who_came_yesterday_for_the_first_time_does_not_come_every_day() -> None:
    hers = habits(Buying.of([bought(1)]), NOW)
    assert hers is not None
    assert (hers.visits_a_month, hers.rfm) == (1.0, Rfm(recency=5, frequency=1, money=1))


def test_what_lies_long_ago_says_nothing_about_where_she_goes_and_how_often() -> None:
    hers = habits(Buying.of([bought(400, minor=900_000), bought(500)]), NOW)
    assert hers is not None
    assert (hers.favourite_store, hers.visits_a_month) == (None, 0.0)
    assert hers.rfm == Rfm(recency=1, frequency=1, money=1)


def test_the_bounds_of_the_scores() -> None:
    def rfm(*orders: Bought) -> Rfm:
        hers = habits(Buying.of(orders), NOW)
        assert hers is not None
        return hers.rfm

    assert [rfm(bought(days)).recency for days in (7, 8, 30, 31, 90, 91, 180, 181)] == [
        5,
        4,
        4,
        3,
        3,
        2,
        2,
        1,
    ]
    often = [rfm(*(bought(day, minor=0) for day in range(1, 1 + days))) for days in (1, 2, 12, 24, 52)]
    assert [one.frequency for one in often] == [1, 2, 3, 4, 5]
    assert [rfm(bought(minor=fen)).money for fen in (9_999, 10_000, 50_000, 100_000, 300_000)] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_the_same_orders_say_something_else_later() -> None:
    counted = Buying.of([bought(1)])
    later = habits(counted, NOW + timedelta(days=200))
    assert later is not None
    assert (later.favourite_store, later.rfm.recency) == (None, 1)
