"""Fruit chain: the group hears it first, only lovers are told alone, Moments assist (M49, M50).

What takes more than one person, overstock and whom 1:1 missed, is in tests/workflows/test_fruit_chain.py.
"""

from domain.touches import TouchStatus
from tests.playbooks.stories.conftest import Lives

BOOK = "fruit-chain"


def test_m49_who_is_in_the_group_hears_of_new_fruit_there(lives: Lives) -> None:
    she = lives(BOOK, "melon_lover")
    (told,) = she.by("message in the group")
    assert she.on(told) == (4, "Fri 16:52")
    assert "周末的水果" in told.text
    assert she.days("周末的水果") == [4], "and nowhere else"


def test_m49_who_is_not_in_it_is_told_alone(lives: Lives) -> None:
    other = lives(BOOK, "fruit_browser")
    assert not other.by("message in the group")
    assert other.touch("arrivals").channel == "private"
    assert other.days("周末的水果") == [4]


def test_m50_only_who_bought_melons_is_told_of_melons(lives: Lives) -> None:
    she, other = lives(BOOK, "melon_lover"), lives(BOOK, "fruit_browser")
    assert she.has("爱吃西瓜")
    assert she.touch("favourite").status == TouchStatus.SENT
    assert not other.has("爱吃西瓜")
    assert other.days("西瓜") == []


def test_m50_moments_come_after_1_to_1_and_disturb_least(lives: Lives) -> None:
    she = lives(BOOK, "melon_lover")
    assert (len(she.by("Moments")), she.days("挑西瓜看三处")) == (1, [14])
    assert she.days("您爱吃的西瓜") == [8]


def test_m20_no_discount_is_told_in_the_group(lives: Lives) -> None:
    for name in ("melon_lover", "fruit_browser"):
        discounts = [t for t in lives(BOOK, name).touches if t.kind == "discount"]
        assert {t.channel for t in discounts} == {"private"}
