"""What `journeys till status` and a followed backfill say."""

from datetime import UTC, datetime, timedelta

from domain.walk_messages import WalkKind, WalkStatus
from starter.till.status import row_of
from starter.till.watching import days, words
from storage.tables import TillWalk

UNTIL = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def walk(kind: WalkKind = WalkKind.BACKFILL, **parts: object) -> TillWalk:
    counted = {"seen": 40, "new": 30, "changed": 1, "untold": 4, "pages": 3}
    return TillWalk.model_validate(
        {"id": "w", "provider": "generic", "kind": kind, "started_at": UNTIL} | counted | parts
    )


def test_a_backfill_says_down_to_which_day_it_has_come() -> None:
    years = walk(since=UNTIL - timedelta(days=730), until=UNTIL, reached=UNTIL - timedelta(days=53))
    assert words(years) == "backfill running, down to 2026-10-01: 40 seen, 30 new, 1 changed"
    assert days(years) == (53, 730)


def test_a_list_has_no_days() -> None:
    assert days(walk(WalkKind.PRODUCTS)) == (0, 0)
    assert words(walk(WalkKind.PRODUCTS, status=WalkStatus.DONE)).startswith("products done: 40 seen")


def test_who_waits_says_until_when_and_why() -> None:
    waits = walk(next_at=UNTIL, reason="10000 calls a day are used up")
    assert words(waits).endswith("; waits until 2026-11-23 04:00Z: 10000 calls a day are used up")


def test_the_gap_is_of_what_pushes_tell() -> None:
    assert row_of(walk(WalkKind.ORDERS), None)["gap"] == "4 (10.0%)"
    assert row_of(walk(WalkKind.MEMBERS), None)["gap"] is None
