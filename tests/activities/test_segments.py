"""Segments: once a day whoever matches and may enter is told to, once, whatever breaks in between."""

import logging
from typing import Any

import pytest
from sqlmodel import col, select

from activities import segments as piece
from domain.customer import CustomerState, Enrolment, Phase
from domain.events import EventKind
from domain.messages import SaveLife, SweepStart
from domain.playbook import Playbook
from domain.stages import Stage
from integrations import pos
from storage import directory, inbound, lives, segments
from storage.tables import InboundEvent, SegmentRun
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

DORMANT = {"last_order": {"longer_than": "30d"}}


async def publish(shop: Shop, name: str = "revive", segment: Any = DORMANT, **fields: Any) -> None:
    book = {"playbook": name, "title": "唤醒", "enter": {"segment": segment}, **fields}
    async with shop.database.transaction() as session:
        await directory.publish(session, Playbook.model_validate(book), author="test", now=shop.clock())


async def customers(shop: Shop, *names: str, **fields: Any) -> None:
    async with shop.database.transaction() as session:
        for name in names:
            row = await lives.ensure_customer(session, name, shop.clock())
            for field, value in fields.items():
                setattr(row, field, value)
            session.add(row)


async def sweep(shop: Shop) -> int:
    return (await shop.run(shop.activities.upkeep.sweep, SweepStart())).entered


def entered(shop: Shop, playbook: str = "revive") -> list[str]:
    """Who was told, in order."""
    told = [(s, p.event) for s, p in shop.courier.sent if p.event and p.event.kind is EventKind.ENROLLED]
    return [s.removeprefix("customer/") for s, event in told if event.playbook == playbook]


async def runs(shop: Shop) -> list[SegmentRun]:
    async with shop.database.transaction() as session:
        query = select(SegmentRun).order_by(col(SegmentRun.playbook), col(SegmentRun.day))
        return list((await session.exec(query)).all())


async def lived(shop: Shop, name: str, *, ended: bool, episode: int = 1, now_in: int = 1) -> None:
    """Her life has written down that she is or was in `revive`."""
    async with shop.database.transaction() as session:
        found = await directory.current_playbook(session, "revive")
    assert found
    enrolment = Enrolment(number=1, episode=episode, pinned=found[1], since=shop.clock())
    if ended:
        enrolment.phase, enrolment.ended_at = Phase.ENDED, shop.clock()
    state = CustomerState(external_userid=name, enrolments={"revive": enrolment}, episode=now_in)
    await shop.run(shop.activities.lives.save_life, SaveLife(state=state))


async def test_who_matches_enters_once_a_day(shop: Shop) -> None:
    await publish(shop)
    await customers(shop, "wm1", "wm2")
    await customers(shop, "wm3", "wm4", member_id="m3")
    await shop.street.do("till/members", member_id="m3")
    order_id = await shop.buys("m3")
    await shop.pushed(pos.EventKind.ORDER_PAID, order_id=order_id)
    assert await sweep(shop) == 2
    assert entered(shop) == ["wm1", "wm2"]
    assert await sweep(shop) == 0
    (run,) = await runs(shop)
    assert (run.found, run.done_at is not None) == (2, True)
    shop.clock.forward(days=1)
    assert await sweep(shop) == 2
    assert len(await runs(shop)) == 2


async def test_the_fact_has_the_key_of_its_day_so_that_running_twice_enrols_once(shop: Shop) -> None:
    await publish(shop)
    await customers(shop, "wm1")
    await sweep(shop)
    (run,) = await runs(shop)
    async with shop.database.transaction() as session:
        await session.delete(run)  # as if the sweep had been killed before it wrote down how far it came
    assert await sweep(shop) == 0
    assert entered(shop) == ["wm1"]
    assert {event.id for event in shop.courier.events(EventKind.ENROLLED)} == {
        f"segment/revive/{run.day}/wm1"
    }


async def test_who_cannot_enter_is_not_woken(shop: Shop) -> None:
    await publish(shop)
    await customers(shop, "inside", playbooks=["revive"])
    await customers(shop, "opted-out", opted_out_at=shop.clock())
    await customers(shop, "lost", stage=Stage.LOST)
    await customers(shop, "elsewhere", playbooks=["coffee"])
    await sweep(shop)
    assert entered(shop) == ["elsewhere"]


@pytest.mark.parametrize(
    ("rule", "days", "back", "wanted"),
    [
        ({"reentry": "never"}, 400, True, []),
        ({"reentry": "new_episode"}, 400, False, []),
        ({"reentry": "new_episode"}, 1, True, ["wm1"]),
        ({"reentry": "always"}, 1, False, ["wm1"]),
        ({"reentry": "always", "reentry_after": "30d"}, 29, False, []),
        ({"reentry": "always", "reentry_after": "30d"}, 31, False, ["wm1"]),
    ],
)
async def test_the_re_entry_rule_is_looked_at_before_her_life_is_woken(
    shop: Shop, rule: dict[str, str], days: int, back: bool, wanted: list[str]
) -> None:
    await publish(shop, **rule)
    await customers(shop, "wm1")
    await lived(shop, "wm1", ended=True, now_in=2 if back else 1)
    shop.clock.forward(days=days)
    await sweep(shop)
    assert entered(shop) == wanted


async def test_a_long_list_is_looked_at_in_pages_and_goes_on_where_it_stopped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PAGE", 2), ("PAGES", 2)):
        monkeypatch.setattr(piece, name, value)
    names = [f"wm{number:02}" for number in range(9)]
    await customers(shop, *names)
    await publish(shop)
    assert [await sweep(shop) for _ in range(4)] == [4, 4, 1, 0]
    assert entered(shop) == names
    (run,) = await runs(shop)
    assert (run.cursor, run.found) == ("wm08", 9)


async def test_an_unfinished_day_is_finished_first(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the last of a long list would never come."""
    for name, value in (("PAGE", 1), ("PAGES", 2)):
        monkeypatch.setattr(piece, name, value)
    await customers(shop, "wm1", "wm2", "wm3")
    await publish(shop)
    await sweep(shop)
    shop.clock.forward(days=1)
    await sweep(shop)
    assert entered(shop) == ["wm1", "wm2", "wm3"]


async def test_enough_enter_in_one_sweep(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PAGE", 2), ("ENTERING", 3)):
        monkeypatch.setattr(piece, name, value)
    await customers(shop, *(f"wm{number}" for number in range(6)))
    await publish(shop)
    assert [await sweep(shop), await sweep(shop)] == [4, 2]


async def test_a_new_version_is_looked_for_on_the_same_day(shop: Shop) -> None:
    await customers(shop, "wm1")
    await publish(shop, segment={"member": True})
    await sweep(shop)
    assert entered(shop) == []
    await publish(shop)
    await sweep(shop)
    assert entered(shop) == ["wm1"]
    await publish(shop, enter={})
    shop.clock.forward(days=1)
    assert await sweep(shop) == 0, "it has no segment any more"


async def test_what_temporal_does_not_take_is_delivered_later(shop: Shop) -> None:
    await publish(shop)
    await customers(shop, "wm1", "wm2")
    shop.courier.broken_for = {"customer/wm1"}
    assert await sweep(shop) == 2
    assert entered(shop) == ["wm2"]
    shop.courier.broken_for = set()
    shop.clock.forward(minutes=1)
    await sweep(shop)
    assert entered(shop) == ["wm2", "wm1"]


async def test_a_page_that_fails_leaves_no_half_of_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await publish(shop)
    await customers(shop, "wm1", "wm2")
    stored = inbound.store
    calls = 0

    async def breaks_in_between(*args: Any, **options: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("what a customer's row holds")
        return await stored(*args, **options)

    monkeypatch.setattr(inbound, "store", breaks_in_between)
    assert await sweep(shop) == 0
    async with shop.database.transaction() as session:
        assert (await session.exec(select(InboundEvent).where(InboundEvent.source == "segment"))).all() == []
    assert await runs(shop) == []
    assert await sweep(shop) == 2
    assert entered(shop) == ["wm1", "wm2"]


async def test_one_broken_segment_stops_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await publish(shop, "a-broken-one")
    await publish(shop)
    await customers(shop, "wm1")
    look = segments.page
    calls = 0

    async def breaks_first(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("what a customer's row holds")
        return await look(*args, **options)

    monkeypatch.setattr(segments, "page", breaks_first)
    with caplog.at_level(logging.WARNING):
        assert await sweep(shop) == 1
    assert entered(shop) == ["wm1"]
    assert "the segment of a-broken-one" in caplog.text
    assert "row holds" not in caplog.text


async def test_two_sweeps_at_once_share_no_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PAGE", 1), ("PAGES", 1)):
        monkeypatch.setattr(piece, name, value)
    await publish(shop)
    await customers(shop, "wm1", "wm2")
    await sweep(shop)
    async with shop.database.transaction() as session:
        (book,) = await segments.with_segment(session)
        held = await segments.open_run(session, book, shop.clock().date())
        assert held is not None
        assert held.cursor == "wm1"
        assert await sweep(shop) == 0, "somebody else is at it"
    assert await sweep(shop) == 1
