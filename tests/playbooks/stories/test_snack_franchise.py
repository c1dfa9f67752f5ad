"""Snack franchise: the group is the only way to people, and nobody can be picked out."""

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.courier import Parcel
from domain.events import Event, EventKind
from domain.touches import TouchStatus
from playbooks.loader import PlaybookError, read_playbook
from tests.corp import running_corp
from tests.playbooks.stories.conftest import Lives
from tests.playbooks.stories.living import book

BOOK = "snack-franchise"


def test_M3_joining_the_group_begins_the_journey_and_all_of_it_is_told_in_the_group(lives: Lives) -> None:
    she = lives(BOOK, "snack_fan")
    assert she.logged("enrolled in snack-franchise") == [(0, "Mon 17:30")]
    assert [she.on(line) for line in she.received] == [
        (1, "Tue 11:22"),
        (4, "Fri 11:22"),
        (8, "Tue 11:22"),
        (11, "Fri 11:22"),
    ]
    assert {line.what for line in she.received} == {"message in the group from 老马"}
    assert {touch.channel for touch in she.touches} == {"group"}
    assert {touch.external_userid for touch in she.touches} == {""}, "one message for everybody"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("      channel: group\n", "      channel: private\n"),
        ("      channel: group\n", ""),
        ("      channel: group\n", "      channel: [group, private]\n"),
    ],
    ids=["private", "by default", "as the second way"],
)
def test_M4_a_file_that_picks_people_out_is_refused_with_the_reason(
    tmp_path: Path, right: str, wrong: str
) -> None:
    text = book(BOOK).source.path.read_text(encoding="utf-8")
    path = tmp_path / "snack-franchise.yaml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(PlaybookError) as refused:
        read_playbook(path)
    line, *_ = str(refused.value).splitlines()
    assert ": nurture.1.send" in line
    assert "group_only" in line


@pytest.mark.anyio
async def test_M4_who_is_only_in_a_group_gets_nothing_of_a_journey_for_friends_and_explain_says_why(
    skipping: WorkflowEnvironment, database_url: str
) -> None:
    """An operator enrols her all the same: every 1:1 message is refused, none is lost without a word."""
    async with running_corp(skipping, database_url, playbooks=[book("hotpot").model]) as corp:
        she = await corp.newcomer()
        await corp.join(she)
        enrolled = Event(id="enrol/she", kind=EventKind.ENROLLED, at=corp.clock(), playbook="hotpot")
        await corp.courier.post("test", f"customer/{she}", Parcel(event=enrolled))
        await corp.sleep(days=40)
        touches = await corp.touches(she)
        assert [(touch.step or "", touch.status, touch.rule) for touch in touches]
        assert {(touch.status, touch.rule) for touch in touches} == {(TouchStatus.REFUSED, "not_friend")}
        told = [line for line in await corp.story(she) if "refused" in line.what]
        assert {"not_friend"} <= {line.reason for line in told}
        assert not [message for message in await corp.received(she) if message["channel"] != "group"]


def test_M5_it_says_for_which_kinds_of_stores_it_is() -> None:
    assert {"加盟连锁", "小吃", "茶饮", "快销"} <= set(book(BOOK).model.fits)
