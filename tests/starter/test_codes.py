"""Entry codes in bulk: each exactly once, whatever happens to the answers; the bad ones are told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlmodel import select

from starter.codes import BUSY, WantedCode
from starter.codes_choice import chosen
from starter.codes_update import Updater
from starter.runtime import CommandFailed
from storage import codes as storage
from storage.codes import Way
from storage.database import Database
from storage.tables import EntryCode, EntryCodeWay, ScanCount, Store
from tests.integrations.corp import running_corp
from tests.starter.opening import ADD_WAY, PLAYBOOK, Opening

pytestmark = pytest.mark.anyio


@pytest.fixture
async def opening(database: Database) -> AsyncIterator[Opening]:
    async with running_corp() as corp:
        yield await Opening(database, corp).open()


async def rows(opening: Opening) -> dict[str, EntryCode]:
    async with opening.database.transaction() as session:
        return {row.state: row for row in (await session.exec(select(EntryCode))).all()}


async def own(opening: Opening) -> dict[tuple[str, str], EntryCodeWay]:
    async with opening.database.transaction() as session:
        found = (await session.exec(select(EntryCodeWay))).all()
    return {(row.state, row.userid): row for row in found}


async def test_one_code_for_every_store_and_placement(opening: Opening) -> None:
    outcome = await opening.codes.create_all(opening.wanted("cashier", "table"))
    assert outcome.failures == []
    assert len(outcome.new) == 6
    assert opening.states() == {f"S00{n}-{p}": 1 for n in (1, 2, 3) for p in ("cashier", "table")}
    assert opening.ways()[("S001-cashier", ("chen1", "li1", "wang1"))] == 1
    assert all(row.config_id and row.qr_code for row in (await rows(opening)).values())


async def test_run_again_only_what_is_missing_is_made(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier"))
    before = opening.calls(ADD_WAY)
    outcome = await opening.codes.create_all(opening.wanted("cashier", "table"))
    assert opening.calls(ADD_WAY) - before == 3
    assert (len(outcome.codes), len(outcome.new)) == (6, 3)
    assert set(opening.states().values()) == {1}


async def test_what_cannot_be_right_is_told_and_the_others_go_on(opening: Opening) -> None:
    await opening.put(Store(id="S004", name="没人的店"))
    bad = [
        WantedCode("S004", "cashier", PLAYBOOK),
        WantedCode("S009", "cashier", PLAYBOOK),
        WantedCode("S001", "p" * 30, PLAYBOOK),
        WantedCode("S002", "table", "no-such-playbook"),
    ]
    outcome = await opening.codes.create_all([*bad, *opening.wanted("cashier")])
    assert {failure.key[0]: failure.reason for failure in outcome.failures} == {
        "S004-cashier": "store 'S004' has no active employee to put behind the code",
        "S009-cashier": "there is no store 'S009'",
        f"S001-{'p' * 30}": f"'S001-{'p' * 30}' has 35 characters; WeCom's state holds 30: "
        "choose a shorter placement",
        "S002-table": "no playbook 'no-such-playbook' is published",
    }
    assert len(outcome.new) == 3


async def test_a_code_may_be_of_a_campaign_and_name_no_playbook(opening: Opening) -> None:
    """One placement has a code for every batch of prints; who comes by it enters as `enter.codes` says."""
    batches = [WantedCode("S001", "bag", None, campaign=batch) for batch in ("may", "june")]
    outcome = await opening.codes.create_all([*batches, *batches])
    assert outcome.new == {"S001-bag-may", "S001-bag-june"}
    assert not outcome.failures
    made = (await rows(opening))["S001-bag-may"]
    assert (made.placement, made.campaign, made.playbook) == ("bag", "may", None)
    clash = await opening.codes.create_all([WantedCode("S001", "bag-may", None)])
    assert "already the code of store 'S001' at 'bag' for 'may'" in clash.failures[0].reason


async def test_an_employee_whom_wecom_refuses_costs_only_her_own_store(opening: Opening) -> None:
    await opening.corp.control("employees", userid="li2", name="li2", activated=False)
    outcome = await opening.codes.create_all(opening.wanted("cashier"))
    (failure,) = outcome.failures
    assert failure.key == ("S002-cashier", None)
    assert "41054" in failure.reason
    assert "S002-cashier" not in await rows(opening)  # refused: nothing to look for one day
    await opening.corp.control("employees", userid="li2", name="li2")
    assert (await opening.codes.create_all(opening.wanted("cashier"))).new == {"S002-cashier"}


async def test_lost_answers_are_looked_for_with_one_list(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("door"))
    await opening.break_down(ADD_WAY, "timeout_after", times=3)
    outcome = await opening.codes.create_all(opening.wanted("cashier", "table"))
    assert outcome.failures == []
    assert outcome.found == 3
    assert set(opening.states().values()) == {1}
    assert opening.calls("externalcontact/list_contact_way") == 1
    assert opening.calls("externalcontact/get_contact_way") == 3  # the ways that we know are not asked for


async def test_a_call_that_never_arrived_is_made_again(opening: Opening) -> None:
    await opening.break_down(ADD_WAY, "timeout_before", times=2)
    outcome = await opening.codes.create_all(opening.wanted("cashier", "table"))
    assert (outcome.failures, outcome.found, len(outcome.new)) == ([], 0, 6)
    assert set(opening.states().values()) == {1}


async def test_a_crash_between_making_and_writing_is_mended_by_the_next_run(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier", "table"), per_employee=True)
    async with opening.database.transaction() as session:
        made: list[Way] = [*(await session.exec(select(EntryCode))).all()]
        made += (await session.exec(select(EntryCodeWay))).all()
        for row in made:
            if row.state != "S001-table":
                row.config_id = row.qr_code = None
                session.add(row)
    before = opening.ways()
    outcome = await opening.codes.create_all(opening.wanted("cashier", "table"), per_employee=True)
    assert opening.ways() == before
    assert (outcome.found, outcome.new, outcome.failures) == (5 + 15, set(), [])
    assert all(row.config_id for row in (await own(opening)).values())


async def test_what_is_found_again_is_kept_as_wecom_has_it_for_the_playbook_of_now(opening: Opening) -> None:
    """The answer of the first try was lost; the second one names another playbook, and staff has changed."""
    await opening.codes.create_all(opening.wanted("cashier", stores=1))
    async with opening.database.transaction() as session:
        row = await session.get_one(EntryCode, "S001-cashier")
        row.config_id = row.qr_code = None
        row.playbook = "of-yesterday"
    await opening.hire("zhao", "S001")
    outcome = await opening.codes.create_all(opening.wanted("cashier", stores=1))
    assert (outcome.found, outcome.failures) == (1, [])
    kept = (await rows(opening))["S001-cashier"]
    assert (kept.playbook, kept.userids) == (PLAYBOOK, ["chen1", "li1", "wang1"])
    assert outcome.codes[0].userids == kept.userids


async def test_what_was_begun_and_not_made_is_made_for_the_playbook_of_now(opening: Opening) -> None:
    now = opening.now()
    code = EntryCode(state="S001-door", store_id="S001", placement="door", playbook="old", created_at=now)
    await opening.put(code)
    assert (await opening.codes.create_all(opening.wanted("door", stores=1))).new == {"S001-door"}
    assert (await rows(opening))["S001-door"].playbook == PLAYBOOK


async def test_two_stores_never_share_a_code(opening: Opening) -> None:
    """S001-a at b, and S001 at a-b: their states are the same."""
    await opening.put(Store(id="S001-a", name="分店"))
    await opening.hire("zhou", "S001-a")
    both = [WantedCode("S001", "a-b", PLAYBOOK), WantedCode("S001-a", "b", PLAYBOOK)]
    for _ in range(2):
        outcome = await opening.codes.create_all(both)
        [failure] = outcome.failures
        assert "'S001-a-b' is already the code of store 'S001' at 'a-b'" in failure.reason
        assert [code.store_id for code in outcome.codes] == ["S001"]
    assert opening.states() == {"S001-a-b": 1}


async def test_when_wecom_is_silent_the_rest_is_not_tried(opening: Opening) -> None:
    await opening.break_down(ADD_WAY, "timeout_before", times=500)
    many = [WantedCode("S001", f"t{n}", PLAYBOOK) for n in range(60)]
    outcome = await opening.codes.create_all(many)
    assert len(outcome.failures) == 60
    assert opening.calls(ADD_WAY) < 20
    assert any("run it again later" in failure.reason for failure in outcome.failures)
    await opening.corp.press_delete("faults")
    assert len((await opening.codes.create_all(many)).new) == 60
    assert set(opening.states().values()) == {1}


async def test_a_limit_of_the_whole_corp_ends_the_run(opening: Opening) -> None:
    await opening.corp.control("settings", ways_per_corp=2)
    outcome = await opening.codes.create_all([WantedCode("S001", f"t{n}", PLAYBOOK) for n in range(40)])
    assert len(outcome.new) == 2
    assert all("41045" in failure.reason for failure in outcome.failures)
    assert opening.calls(ADD_WAY) < 12


async def test_a_busy_wecom_is_asked_again(opening: Opening) -> None:
    await opening.break_down(ADD_WAY, "errcode", errcode=-1, times=2)
    outcome = await opening.codes.create_all(opening.wanted("cashier"))
    assert (outcome.failures, len(outcome.new)) == ([], 3)
    assert set(opening.states().values()) == {1}


async def test_two_at_once_do_not_make_anything_twice(opening: Opening) -> None:
    async def attempt() -> object:
        try:
            return await opening.codes.create_all(opening.wanted("cashier", "table"))
        except CommandFailed as refusal:
            return str(refusal)

    answers = await asyncio.gather(*(attempt() for _ in range(3)))
    assert BUSY in answers
    assert set(opening.states().values()) == {1}


async def test_hundreds_of_codes_cost_one_call_each(opening: Opening) -> None:
    outcome = await opening.codes.create_all([WantedCode("S001", f"t{n}", PLAYBOOK) for n in range(300)])
    assert len(outcome.new) == opening.calls(ADD_WAY) == 300
    assert opening.calls("externalcontact/get_contact_way") == 0


async def test_every_employee_has_a_way_of_her_own(opening: Opening) -> None:
    outcome = await opening.codes.create_all(opening.wanted("cashier"), per_employee=True)
    assert outcome.ways == 9
    ways = await own(opening)
    assert {userid for state, userid in ways if state == "S001-cashier"} == {"chen1", "li1", "wang1"}
    assert opening.ways()[("S001-cashier", ("chen1",))] == 1
    assert (await opening.codes.create_all(opening.wanted("cashier"), per_employee=True)).ways == 0


# ---- who is behind them


async def _update(opening: Opening, *, apply: bool = True) -> dict[str, tuple[list[str], list[str], str]]:
    updater = Updater(opening.database, opening.corp.wecom, opening.now)
    found = await chosen(opening.database, None, None, None, True)
    changes = await updater.plan([code for code, _ in found])
    told = {change.code.state: (change.added, change.removed) for change in changes}
    if apply:
        await updater.apply(changes)
    return {change.code.state: (*told[change.code.state], change.problem) for change in changes}


async def test_codes_follow_their_stores_employees(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier"), per_employee=True)
    await opening.hire("zhao", "S001")
    await opening.hire("chen2", None)  # moved away
    before = opening.ways()
    preview = await _update(opening, apply=False)
    assert preview == {"S001-cashier": (["zhao"], [], ""), "S002-cashier": ([], ["chen2"], "")}
    assert opening.ways() == before
    await _update(opening)
    assert (await rows(opening))["S001-cashier"].userids == ["chen1", "li1", "wang1", "zhao"]
    assert opening.ways()[("S001-cashier", ("chen1", "li1", "wang1", "zhao"))] == 1
    assert opening.ways()[("S001-cashier", ("zhao",))] == 1
    assert ("S002-cashier", "chen2") not in await own(opening)
    assert opening.ways()[("S002-cashier", ("chen2",))] == 0
    assert await _update(opening) == {}


async def test_an_older_plan_makes_nothing_that_somebody_made_meanwhile(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier", stores=1), per_employee=True)
    await opening.hire("zhao", "S001")
    updater = Updater(opening.database, opening.corp.wecom, opening.now)
    old_plan = await updater.plan([(await rows(opening))["S001-cashier"]])
    await _update(opening)
    before = await own(opening)
    await updater.apply(old_plan)
    assert old_plan[0].problem == "somebody else has just made it: look at it again"
    assert opening.ways()[("S001-cashier", ("zhao",))] == 1
    assert await own(opening) == before


async def test_a_store_without_employees_keeps_its_code(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier"))
    for name in ("chen3", "li3", "wang3"):
        await opening.hire(name, None)
    told = await _update(opening)
    assert told["S003-cashier"][2] == "store S003 has no active employee: the code stays as it is"
    assert (await rows(opening))["S003-cashier"].userids == ["chen3", "li3", "wang3"]


async def test_a_code_that_somebody_deleted_is_told(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier"))
    await opening.corp.wecom.delete_contact_way((await rows(opening))["S001-cashier"].config_id or "")
    await opening.hire("zhao1", "S001")
    await opening.hire("zhao2", "S002")
    told = await _update(opening)
    assert "WeCom has no such code any more" in told["S001-cashier"][2]
    assert told["S002-cashier"][2] == ""
    assert (await rows(opening))["S001-cashier"].userids == ["chen1", "li1", "wang1"]


# ---- which ones


async def test_codes_are_chosen_by_name_store_and_placement(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier", "table"))

    async def states(*choice: object) -> list[str]:
        return [code.state for code, _ in await chosen(opening.database, *choice)]  # type: ignore[arg-type]

    assert await states(["S001-table"], None, None, False) == ["S001-table"]
    assert await states(None, ["S002"], ["table"], False) == ["S002-table"]
    assert len(await states(None, None, ["cashier"], False)) == 3
    assert len(await states(None, None, None, True)) == 6
    for wrong, why in [
        ((["S009-table"], None, None, False), "unknown: S009-table"),
        ((None, ["S009"], None, False), "unknown: S009"),
        ((None, None, ["roof"], False), "no such codes"),
        ((None, None, None, False), "one of the three"),
        ((["S001-table"], None, None, True), "one of the three"),
    ]:
        with pytest.raises(CommandFailed, match=why):
            await states(*wrong)


async def test_a_refused_claim_that_was_scanned_stays(opening: Opening) -> None:
    """The page of a code may have been opened before it was made: nothing that refers to it is lost."""
    claim = EntryCode(
        state="S001-cashier",
        store_id="S001",
        placement="cashier",
        playbook=PLAYBOOK,
        created_at=opening.now(),
    )
    await opening.put(claim)
    await opening.put(ScanCount(state="S001-cashier", day=opening.now().date(), scans=1))
    await opening.break_down(ADD_WAY, "errcode", errcode=40098)
    assert len((await opening.codes.create_all(opening.wanted("cashier", stores=1))).failures) == 1
    assert (await rows(opening))["S001-cashier"].config_id is None
    assert (await opening.codes.create_all(opening.wanted("cashier", stores=1))).new == {"S001-cashier"}


async def test_closing_is_for_the_pages_alone(opening: Opening) -> None:
    await opening.codes.create_all(opening.wanted("cashier"))
    before = opening.ways()
    async with opening.database.transaction() as session:
        at = opening.now() + timedelta(seconds=1)
        assert await storage.close(session, ["S001-cashier", "S009-x"], at, "本店已搬迁") == {"S001-cashier"}
    row = (await rows(opening))["S001-cashier"]
    assert (row.closed_at, row.closed_reason) == (at, "本店已搬迁")
    assert opening.ways() == before
    async with opening.database.transaction() as session:
        await storage.close(session, ["S001-cashier"], None, "")
    assert (await rows(opening))["S001-cashier"].closed_at is None
