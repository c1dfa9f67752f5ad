"""Enrolling existing customers: all or nobody, and the same order only once."""

from pathlib import Path

import pytest

from starter import enrol
from starter.runtime import CommandFailed
from tests.corp import Corp
from tests.workflows.conftest import playbook

pytestmark = pytest.mark.anyio


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_a_list_is_read_with_its_line_numbers(tmp_path: Path) -> None:
    path = _file(tmp_path, "external_userid,name\nwmA,甲\n\nwmB,乙\n")
    assert enrol.read_csv(path) == ([(2, "wmA"), (4, "wmB")], [])


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, "external_userid,name\nwmA,甲\n,乙\nwmA,丙\n")
    rows, problems = enrol.read_csv(path)
    assert rows == [(2, "wmA")]
    assert [p.split(": ", 1)[1] for p in problems] == [
        "external_userid is empty",
        "wmA stands in line 2 already",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [("name\n甲\n", "external_userid is missing"), ("external_userid\n", "no customers"), ("", "missing")],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CommandFailed, match=problem):
        enrol.read_csv(_file(tmp_path, text))


async def test_one_unknown_customer_enrols_nobody(corp: Corp) -> None:
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    with pytest.raises(CommandFailed, match=r"list\.csv:3: there is no customer 'wmX'"):
        await enrol.check(corp.database, "coffee-welcome", [(2, she), (3, "wmX")], "list.csv")


async def test_a_playbook_may_take_nobody_from_operators(corp: Corp) -> None:
    await corp.publish(playbook(playbook="by-code", enter={"operator": False}))
    with pytest.raises(CommandFailed, match=r"by-code takes nobody from operators: .* `operator: false`"):
        await enrol.check(corp.database, "by-code", [], "argument")


async def test_the_same_order_twice_enrols_once(corp: Corp) -> None:
    await corp.publish(playbook(playbook="extra", nurture=[{"wait": "1d"}, {"exit": "over"}]))
    she = await corp.newcomer()
    await corp.scan(she)
    await corp.until_logged(she, "tagged")
    order = enrol.Enrolment(playbook="extra", reference="june", customers=[she])
    first = await enrol.enrol(corp.database, corp.courier, corp.clock, order, per_second=1000)
    second = await enrol.enrol(corp.database, corp.courier, corp.clock, order, per_second=1000)
    assert (first, second) == (1, 0)
    await corp.until_logged(she, "enrolled in extra")
    again = enrol.Enrolment(playbook="extra", reference="july", customers=[she])
    await enrol.enrol(corp.database, corp.courier, corp.clock, again, per_second=1000)
    await corp.until_logged(she, "not enrolled in extra")
