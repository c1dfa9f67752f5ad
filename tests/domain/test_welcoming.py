"""Which greeting, and which routes."""

from datetime import UTC, datetime
from typing import Any

from domain.facts import Facts
from domain.playbook import Condition, Playbook, Route
from domain.welcoming import EVERYDAY_ROUTES, asks_about_her, chosen, routes_of

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # in Shanghai
AT_TABLE = Facts("wm1", placement="table")


def book(**parts: Any) -> Playbook:
    welcome = {"text": "您好", "benefit": "五元", "coupon": {"template": "T5", "name": "五元券"}}
    whole: dict[str, Any] = {"playbook": "small", "title": "小", "welcome": welcome}
    return Playbook.model_validate(whole | parts)


def with_variants(*variants: dict[str, Any]) -> Playbook:
    return book(welcome={"text": "您好", "benefit": "五元", "variants": variants})


def test_the_first_variant_that_holds() -> None:
    playbook = with_variants(
        {"when": {"tier": "vip"}, "text": "一"},
        {"when": {"placement": "table"}, "text": "二", "benefit": "十元"},
        {"when": {"placement": "table"}, "text": "三"},
    )
    assert playbook.welcome
    vip = {"vip": Condition(member=True)}
    found = chosen(playbook.welcome, AT_TABLE, vip, NOON)
    assert (found.text, found.benefit) == ("二", "十元")
    assert found.why == "variant 1: came by placement table"
    assert chosen(playbook.welcome, Facts("wm1", member=True), vip, NOON).text == "一"
    assert chosen(playbook.welcome, Facts("wm1"), vip, NOON).text == "您好"


def test_an_empty_list_of_attachments_is_a_decision_too() -> None:
    link = {"link": {"title": "菜单", "url": "https://j.example.com"}}
    variants = [{"when": {"placement": "table"}, "attachments": []}]
    welcome = book(welcome={"text": "您好", "attachments": [link], "variants": variants}).welcome
    assert welcome
    assert chosen(welcome, AT_TABLE, {}, NOON).attachments == []
    assert len(chosen(welcome, Facts("wm1"), {}, NOON).attachments) == 1


def test_routes_are_the_authors_or_the_everyday_ones_or_none() -> None:
    own = [Route(of="city", kind="city")]
    assert routes_of(book()) == EVERYDAY_ROUTES
    assert routes_of(book(groups=own)) == own
    assert routes_of(book(link="friend_only", groups=own)) == ()
    assert routes_of(book(welcome={"text": "您好", "invite_to_group": False})) == ()
    assert routes_of(book(welcome=None)) == ()


def test_a_plain_greeting_asks_for_no_facts() -> None:
    assert not asks_about_her(book(groups=[Route(of="city")]))
    assert asks_about_her(book(groups=[Route(when=Condition(member=True))]))
    assert asks_about_her(with_variants({"when": {"member": True}, "text": "一"}))
