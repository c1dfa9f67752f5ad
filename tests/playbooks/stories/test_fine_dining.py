"""High-end dining: friends only, spoken to in private, heard when they are not content."""

from pathlib import Path

import pytest

from domain.playbook import ContentClass
from domain.touches import TouchStatus
from playbooks.loader import PlaybookError, read_playbook
from tests.playbooks.stories.conftest import Lives
from tests.playbooks.stories.living import book

BOOK = "fine-dining"


def test_M1_nobody_is_ever_invited_to_a_group(lives: Lives) -> None:
    """The town has a group all the while."""
    for name in ("regular_guest", "unhappy_guest"):
        she = lives(BOOK, name)
        assert "QR" not in "".join(line.why for line in she.received)
        assert not she.facts.group_kinds
        assert {touch.channel for touch in she.touches} <= {"welcome", "private", "moments"}
        assert not [touch for touch in she.touches if touch.chat_id]


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("  invite_to_group: false", "  invite_to_group: true", "welcome"),
        ("channel: moments\n      tag: 贵宾", "channel: group", "nurture.4.send.channel"),
        ("      wait_for_delivery: true", "      invite_to: group", "nurture.2.send"),
        ("reactivation:", "join_reminder: {after: 2d, text: 进群}\n\nreactivation:", "join_reminder"),
    ],
)
def test_M1_a_file_that_speaks_of_groups_is_refused(
    tmp_path: Path, right: str, wrong: str, problem: str
) -> None:
    text = book(BOOK).source.path.read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "fine-dining.yaml"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(PlaybookError) as refused:
        read_playbook(path)
    (line,) = str(refused.value).splitlines()
    assert f": {problem}" in line
    assert "friend_only" in line


def test_M1_few_messages_one_to_one_and_never_a_discount(lives: Lives) -> None:
    she = lives(BOOK, "regular_guest")
    assert [she.on(line)[0] for line in she.by("message")] == [1, 24, 118]
    assert not [touch for touch in she.touches if touch.kind == ContentClass.DISCOUNT]
    assert not she.coupons
    assert [she.on(line) for line in she.by("Moments")] == [(45, "Thu 16:22")], "he has the tag 贵宾"


def test_M2_it_says_for_which_kinds_of_houses_it_is() -> None:
    assert {"商务宴请", "高端餐饮", "茶室", "会所"} <= set(book(BOOK).model.fits)


def test_M25_a_bad_rating_reaches_the_manager_on_the_same_day(lives: Lives) -> None:
    she = lives(BOOK, "unhappy_guest")
    (todo,) = she.todos
    assert todo.card["title"] == "客人不满意，请当天回访"
    assert todo.userid == "s001-1", "the manager"
    assert todo.sent_at is not None
    assert she.diary.day(todo.sent_at) == 0
    assert todo.status == "done", "she has tapped the button"
    assert she.has("待安抚")


def test_M25_and_nothing_is_advertised_to_her(lives: Lives) -> None:
    she = lives(BOOK, "unhappy_guest")
    assert [line.what for line in she.received] == ["greeting from 方经理"]
    assert she.reasons("fine-dining ended") == ["不满意，店长回访"]
    assert not she.customer.playbooks


def test_M25_who_is_content_is_thanked_and_asked_again_in_the_next_season(lives: Lives) -> None:
    she = lives(BOOK, "regular_guest")
    thanks = next(touch for touch in she.touches if touch.kind == ContentClass.SERVICE)
    assert thanks.status == TouchStatus.SENT
    assert she.days("当季菜单") == [24]
    assert [she.diary.day(todo.sent_at) for todo in she.todos if todo.sent_at] == [53], "a week before"
