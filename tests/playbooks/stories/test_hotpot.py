"""Hot pot: friend while they queue, then the group; the rhythm of dinners with friends."""

from datetime import timedelta

from domain.touches import TouchStatus
from tests.playbooks.stories.conftest import Lives
from tests.playbooks.stories.living import book

BOOK = "hotpot"


def test_M6_friend_then_group_and_the_coupon_is_used_at_the_same_table(lives: Lives) -> None:
    she = lives(BOOK, "diner")
    assert she.greeting.why == "with the QR of 大悦城店群"
    assert "让您久等了" in she.greeting.text, "she stands in the queue"
    assert she.facts.group_kinds == {"store"}
    assert (she.coupons[0].template, she.coupons[0].status) == ("CRISPY", "redeemed")
    assert not she.days("站着等"), "who has joined is not reminded"


def test_M6_who_does_not_join_is_reminded_once_and_invited_once_more_a_month_later(lives: Lives) -> None:
    she = lives(BOOK, "once_only")
    assert [she.on(line)[0] for line in she.by("message") if line.why == "with the QR of 大悦城店群"] == [
        2,
        31,
    ]
    assert not she.facts.group_kinds


def test_M7_it_says_for_which_kinds_of_houses_it_is() -> None:
    assert {"火锅", "烧烤", "直营快餐"} <= set(book(BOOK).model.fits)


def test_the_message_about_the_weekend_comes_on_a_thursday_afternoon(lives: Lives) -> None:
    for name in ("diner", "once_only"):
        she = lives(BOOK, name)
        (told,) = [line for line in she.by("message") if "周末" in line.text and "88" not in line.text]
        assert she.on(told) == (10, "Thu 16:22")


def test_the_arm_of_the_experiment_is_written_down_before_the_message_and_is_what_she_reads(
    lives: Lives,
) -> None:
    texts = {"food": "番茄牛腩锅", "company": "靠窗的位子"}
    for name in ("diner", "once_only"):
        she = lives(BOOK, name)
        (seen,) = she.exposures
        assert (seen.experiment, seen.playbook) == ("hotpot-weekend", BOOK)
        assert [arm for arm, text in texts.items() if she.days(text)] == [seen.arm]
        told = next(line for line in she.by("message") if texts[seen.arm] in line.text)
        assert seen.at < told.at


def test_the_second_dinner_within_a_month_is_the_goal_and_the_journey_goes_on(lives: Lives) -> None:
    she = lives(BOOK, "diner")
    assert she.logged("goal 一个月内第二次到店 reached") == [(12, "Sat 18:30")]
    assert she.customer.playbooks == [BOOK]
    assert not lives(BOOK, "once_only").logged("goal 一个月内第二次到店 reached")


def test_after_two_months_a_coupon_is_in_her_account_before_she_reads_of_it(lives: Lives) -> None:
    she = lives(BOOK, "diner")
    (coupon,) = [one for one in she.coupons if one.template == "HOTPOT88"]
    touch = she.touch("winback")
    assert touch.status == TouchStatus.SENT
    assert touch.settled_at is not None
    assert coupon.issued_at is not None
    assert coupon.issued_at < touch.settled_at
    last_dinner = next(line for line in she.diary.lines if line.what.startswith("she pays 412"))
    assert touch.settled_at - last_dinner.at >= timedelta(days=60)
    assert coupon.status == "redeemed"
    assert len(she.reasons("stage back")) == 1
