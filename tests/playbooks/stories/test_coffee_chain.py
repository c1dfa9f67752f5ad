"""Coffee chain: persona account, the group where she belongs, second cup, discounts, win-back."""

import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from domain.playbook import ContentClass
from domain.policy import GroupKind
from domain.todos import TodoKind
from domain.touches import TouchStatus
from playbooks.loader import load_policy
from starter.playbook.check import check_files
from tests.playbooks.stories.conftest import Lives
from tests.playbooks.stories.living import PLAYBOOKS, Life, book, somebody

BOOK = "coffee-chain"
JOINS = {"after": "invitation", "delay": "5m", "join": True}
FAR_AWAY = {"store": "S001", "placement": "wifi"}  # 中关村; her own store is S002 in 望京


def orders(*days_ago: int, store: str = "S002", **more: object) -> list[object]:
    return [{"days_ago": days, "yuan": 28, "store": store, "category": "咖啡", **more} for days in days_ago]


def first_day(lives: Lives, **fields: object) -> Life:
    return lives(BOOK, somebody(**{"comes": FAR_AWAY, **fields}), days=1)


def test_M6_friend_first_and_the_greeting_brings_her_into_a_group(lives: Lives) -> None:
    she = lives(BOOK, "office_worker")
    assert she.greeting.why.startswith("with the QR of ")
    assert she.facts.group_kinds == {"high_frequency"}
    assert "reminder" not in "".join(touch.key for touch in she.touches), "she has joined"


def test_M6_who_has_not_joined_is_reminded_once_with_the_picture_again(lives: Lives) -> None:
    she = lives(BOOK, "passer_by")
    (reminder,) = [line for line in she.by("message") if "QR" in line.why]
    assert she.on(reminder)[0] == 2
    assert "还给您留着位置" in reminder.text


def test_M11_she_is_invited_to_the_group_of_the_store_she_visits_most(lives: Lives) -> None:
    """She scans in 中关村, and lives in 望京."""
    she = first_day(lives, member=True, orders=[*orders(70, 50, 35), *orders(60, store="S001")])
    assert "the QR of 望京店群," in she.greeting.why
    assert she.reasons("welcome sent")[0].endswith("invited to the store group of the most visited store")


def test_M11_of_whom_nothing_is_known_goes_to_the_group_of_the_scanned_store(lives: Lives) -> None:
    she = lives(BOOK, "passer_by")
    assert "the QR of 中关村店群," in she.greeting.why
    assert she.reasons("welcome sent")[0].endswith("invited to the store group of the scanned store")


def test_M12_where_she_stands_decides_when_she_tells_it_on_the_page(lives: Lives) -> None:
    """The page of the poster lists the nearest store first; its employee greets for the chain."""
    she = first_day(lives, comes={**FAR_AWAY, "latitude": 39.99, "longitude": 116.46})
    assert [line.what for line in she.diary.lines if line.kind == "she"] == [
        "she opens the page of S001-wifi and takes the nearest, S002-wifi: 李薇 is her friend"
    ]
    assert "the QR of 望京店群," in she.greeting.why


def test_M12_a_full_group_rolls_over_to_the_nearest_store(lives: Lives) -> None:
    stores = [
        {"store": "S001", "name": "中关村店", "latitude": 39.9836, "longitude": 116.3165},
        {"store": "NORTH", "name": "回龙观店", "latitude": 40.1536, "longitude": 116.3165},
        {"store": "EAST", "name": "望京店", "latitude": 39.9836, "longitude": 116.5165},
    ]  # 0.2° to the east are nearer than 0.17° to the north
    groups = [{"store": "S001", "full": True}, {"store": "NORTH"}, {"store": "EAST"}]
    she = first_day(lives, town={"stores": stores, "groups": groups})
    assert "the QR of 望京店群," in she.greeting.why
    assert she.reasons("welcome sent")[0].endswith("of the nearest store, 17.0 km away")


def test_M15_who_comes_often_is_invited_to_the_group_of_frequent_guests(lives: Lives) -> None:
    she = lives(BOOK, "office_worker")
    assert "the QR of 望京店群-high_frequency," in she.greeting.why
    assert she.reasons("welcome sent")[0].endswith("of the most visited store: tier high_frequency")


def test_M16_after_her_first_visit_she_is_invited_to_the_newcomers_of_that_store(lives: Lives) -> None:
    she = first_day(lives, member=True, orders=orders(1, store="S001"), does=[JOINS])
    assert "the QR of 中关村店群-newcomer," in she.greeting.why
    assert she.reasons("welcome sent")[0].endswith("of the scanned store: tier first_visit")
    assert she.has("新客")


def test_M17_who_uses_coupons_nearly_every_time_is_invited_to_the_welfare_group(lives: Lives) -> None:
    she = lives(BOOK, "coupon_lover")
    assert "the QR of 望京店群-welfare," in she.greeting.why
    assert she.reasons("welcome sent")[0].endswith("of the most visited store: tier price_sensitive")
    assert she.has("价格敏感")
    assert she.facts.group_kinds == {"welfare"}


def test_M18_who_buys_tea_is_invited_to_those_who_like_tea(lives: Lives) -> None:
    she = first_day(lives, member=True, orders=orders(60, 40, category="茶饮"), does=[JOINS])
    assert she.reasons("welcome sent")[0].endswith("the tea group of the chain: prefers 茶饮")
    assert she.has("爱喝茶")


def test_M15_the_tag_goes_when_she_is_a_frequent_guest_no_longer(lives: Lives) -> None:
    she = lives(BOOK, "office_worker")
    assert she.tagged("tag 高频 put on") == [0]
    assert she.tagged("tag 高频 taken off") == [35]


def test_M20_discounts_go_to_the_welfare_group_and_nowhere_else(lives: Lives) -> None:
    she = lives(BOOK, "coupon_lover")
    (told,) = she.by("message in the group")
    assert "第二杯半价" in told.text
    (touch,) = [touch for touch in she.touches if touch.channel == "group"]
    assert (touch.kind, touch.status) == (ContentClass.DISCOUNT, TouchStatus.SENT)
    assert (touch.chat_id or "").endswith("-welfare")
    for name in ("office_worker", "passer_by"):
        assert not lives(BOOK, name).by("message in the group")


def test_M20_no_discount_reaches_a_group_that_must_not_get_it(lives: Lives, tmp_path: Path) -> None:
    """peer-failures §3, check 12: refused when it is checked, and again when it would be sent."""
    text = book(BOOK).source.path.read_text(encoding="utf-8")
    wrong = re.sub(r"^( +)group: welfare$", r"\1group: store", text, count=1, flags=re.MULTILINE)
    (tmp_path / "coffee-chain.yaml").write_text(wrong, encoding="utf-8")
    (found,) = check_files([tmp_path / "coffee-chain.yaml"], PLAYBOOKS / "policy.yaml").remarks
    assert found.severity == "error"
    assert found.text.startswith("no discount is ever told in a 'store' group (M20)")

    policy = load_policy(PLAYBOOKS)
    narrower = policy.model_copy(update={"groups": policy.groups | {"welfare": GroupKind(discount=False)}})
    she = lives(BOOK, "coupon_lover", days=8, policy=narrower)
    assert not she.by("message in the group")
    (touch,) = [touch for touch in she.touches if touch.channel == "group"]
    assert (touch.status, touch.rule) == (TouchStatus.REFUSED, "group_content")
    assert "no discounts in groups of the kind welfare" in touch.reason


def test_M28_at_the_cashier_the_coupon_is_there_while_she_stands_there(lives: Lives) -> None:
    she = lives(BOOK, "office_worker")
    assert "5 元券已放进您的会员账户，这一单就能用" in she.greeting.text
    coupon = she.coupons[0]
    assert (coupon.template, coupon.status) == ("CASHIER5", "redeemed")
    assert coupon.issued_at is not None
    assert coupon.issued_at - she.greeting.at < timedelta(minutes=1)
    assert sum(coupon.template == "CASHIER5" for coupon in she.coupons) == 1, "once"


def test_M28_who_is_no_member_is_told_how_to_become_one_and_promised_nothing_that_is_there(
    lives: Lives,
) -> None:
    she = first_day(lives, comes={"store": "S001", "placement": "cashier"})
    assert "请把手机号告诉店员登记会员" in she.greeting.text
    assert "已放进" not in she.greeting.text


def test_M29_the_wifi_card_brings_the_password_of_that_store(lives: Lives) -> None:
    assert "中关村店的 Wi-Fi：coffee-guest，密码 12345678" in lives(BOOK, "passer_by").greeting.text


def test_M30_the_card_in_the_bag_is_told_apart_from_other_placements(lives: Lives) -> None:
    she = lives(BOOK, "coupon_lover")
    assert "外卖还合口味吗" in she.greeting.text
    assert she.facts.placement == "package-card"
    assert she.has("package-card")


def test_M38_the_greeting_brings_coupon_link_and_group_within_seconds(lives: Lives) -> None:
    for name in ("office_worker", "coupon_lover", "passer_by"):
        she = lives(BOOK, name)
        arrival = next(line for line in she.diary.lines if line.kind == "she" and "scans" in line.what)
        assert she.greeting.at - arrival.at < timedelta(seconds=20)
        assert she.greeting.why.endswith("link 会员中心")
    assert lives(BOOK, "coupon_lover").coupons[0].template == "FIRST5"


def test_the_second_cup_comes_on_the_third_day_and_her_order_reaches_the_goal(lives: Lives) -> None:
    she = lives(BOOK, "office_worker")
    (cup,) = [line for line in she.by("message") if "第二杯半价" in line.text]
    assert she.on(cup) == (3, "Thu 10:52")
    assert she.logged("goal 第二杯 reached") == [(4, "Fri 08:52")]
    (asked,) = [line for line in she.by("message") if "还合口味吗" in line.text]
    assert she.on(asked)[0] == 7
    assert not she.days("有些日子没见您了"), "she came"


def test_M21_no_two_messages_are_nearer_than_a_day_and_a_half(lives: Lives) -> None:
    for name in ("office_worker", "coupon_lover", "passer_by"):
        sent = [touch.settled_at for touch in lives(BOOK, name).sent() if touch.settled_at]
        assert len(sent) >= 3
        assert all(after - before >= timedelta(hours=36) for before, after in pairwise(sent))
        assert not [touch for touch in lives(BOOK, name).touches if touch.status == TouchStatus.REFUSED]


def test_a_month_without_an_order_brings_a_coupon_and_using_it_brings_her_back(lives: Lives) -> None:
    she = lives(BOOK, "office_worker")
    assert she.days("一张 10 元回归券") == [34, 66]
    first, second = [coupon for coupon in she.coupons if coupon.template == "WINBACK10"]
    assert (first.status, second.status) == ("redeemed", "issued")
    assert [line.reason for line in she.log if line.what == "stage back"] != []
    assert she.days("快到期了") == [76], "only for the one that she did not use"


def test_who_could_not_be_told_of_the_coupon_is_greeted_by_hand(lives: Lives) -> None:
    nobody_confirms = somebody(
        comes={"store": "S001", "placement": "package-card"}, member=True, staff={"confirms": 0}
    )
    she = lives(BOOK, nobody_confirms, days=45)
    assert she.touch("winback").status == TouchStatus.EXPIRED
    (todo,) = [one for one in she.todos if one.kind == TodoKind.CUSTOMER]
    assert todo.card["title"] == "老顾客很久没来了"
