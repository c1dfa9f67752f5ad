"""When a group calendar speaks: nothing is lost between two looks, nothing comes twice, turns are kept."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.days import WEEKDAYS
from domain.group_calendar import GroupCalendar, Season
from domain.group_moments import due, falls_on

ZONES = st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "Europe/London"])
START = datetime(2026, 3, 1, 4, tzinfo=UTC)  # the clocks of two of the zones change in the weeks after it
DAYS = 40

entries = st.fixed_dictionaries(
    {
        "at": st.times().map(lambda t: f"{t:%H:%M}"),
        "within": st.sampled_from(["1h", "6h", "1d"]),
        "messages": st.integers(1, 5).map(lambda n: [{"text": str(i)} for i in range(n)]),
    }
)
days = st.one_of(
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(lambda w: {"weekdays": w}),
    st.integers(1, 30).map(lambda n: {"every": n}),
)


def calendar(*written: dict[str, object], **more: object) -> GroupCalendar:
    body = {"kind": "store", "title": "群", "purpose": "记得", "entries": [*written]}
    return GroupCalendar.model_validate(body | more)


@given(entries, days, ZONES, st.lists(st.integers(1, 47), min_size=1, max_size=60))
def test_looks_at_any_times_plan_every_message_once_by_its_key(
    entry: dict[str, object], when: dict[str, object], zone: str, hours: list[int]
) -> None:
    wanted = calendar({"id": "a"} | entry | when)
    end = START + timedelta(days=DAYS)
    everything = {one.key("wr1"): one for one in due(wanted, zone, START, end)}
    planned: dict[str, str] = {}
    now, turns = START, 0
    while now < end:
        until = min(now + timedelta(hours=hours[turns % len(hours)]), end)
        for one in due(wanted, zone, now, until):
            assert planned.setdefault(one.key("wr1"), one.said.text) == one.said.text
            assert one.at < until
            assert one.at + one.entry.within > now
        now, turns = until, turns + 1
    assert planned == {key: one.said.text for key, one in everything.items()}


@given(days, st.integers(2, 5), ZONES)
def test_messages_take_turns(when: dict[str, object], number: int, zone: str) -> None:
    said = [{"text": str(n)} for n in range(number)]
    wanted = calendar({"id": "a", "at": "10:00", "messages": said} | when)
    heard = [int(one.said.text) for one in due(wanted, zone, START, START + timedelta(days=200))]
    assert all((later - sooner) % number == 1 % number for sooner, later in pairwise(heard))


def test_what_is_late_is_told_while_it_is_of_use() -> None:
    wanted = calendar({"id": "a", "every": 1, "at": "10:00", "within": "3h", "messages": [{"text": "甲"}]})
    ten = datetime(2026, 3, 2, 2, tzinfo=UTC)
    for late, found in ((timedelta(hours=2), 1), (timedelta(hours=3), 0)):
        assert len(due(wanted, "Asia/Shanghai", ten + late, ten + late + timedelta(hours=1))) == found


def test_a_season_may_run_over_new_year() -> None:
    winter = Season(first="12-15", last="02-29")
    assert [winter.holds(date(2026, m, d)) for m, d in ((12, 14), (12, 15), (1, 1), (2, 28), (3, 1))] == [
        *(False, True, True, True, False)
    ]
    wanted = calendar(
        {"id": "a", "every": 1, "at": "10:00", "season": winter, "messages": [{"text": "甲"}]}, active=False
    )
    assert falls_on(wanted.entries[0], date(2026, 1, 1))
    assert due(wanted, "Asia/Shanghai", START - timedelta(days=40), START) == [], "it is not in force"
