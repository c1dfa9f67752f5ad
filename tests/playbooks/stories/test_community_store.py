"""Community store: first the group, then a friend; who is both is a key customer."""

from domain.conditions import holds
from domain.playbook import Condition
from domain.touches import TouchStatus
from playbooks.loader import load_policy
from tests.playbooks.stories.conftest import Lives
from tests.playbooks.stories.living import PLAYBOOKS, Life, book

BOOK = "community-store"


def is_key_customer(she: Life) -> bool:
    """As the daily search for the segment sees her."""
    segment = book(BOOK).model.enter.segment
    assert isinstance(segment, Condition)
    return holds(segment, she.facts, load_policy(PLAYBOOKS).tiers, max(line.at for line in she.diary.lines))


def test_M8_weeks_after_she_joined_the_group_is_shown_the_owners_code(lives: Lives) -> None:
    for name in ("neighbour", "group_only_neighbour"):
        she = lives(BOOK, name)
        (told,) = she.by("message in the group")
        assert she.on(told) == (15, "Tue 19:22")
        assert told.why.startswith("with the QR of the code S001-")
        first = next(line for line in she.received)
        assert first is told, "nothing before it, and nothing in private: she is nobody's friend"


def test_M8_who_scans_it_is_greeted_by_the_owner_and_not_invited_where_she_is(lives: Lives) -> None:
    she = lives(BOOK, "neighbour")
    assert she.diary.day(she.greeting.at) == 15
    assert she.greeting.why == ""
    assert "接龙的订单" in she.greeting.text
    assert she.reasons("not enrolled in community-store") == ["she is in it already"]
    assert she.logged("friend_added came") == [(15, "Tue 20:22")]


def test_M8_who_prefers_the_group_is_left_in_peace(lives: Lives) -> None:
    she = lives(BOOK, "group_only_neighbour")
    assert she.reasons("community-store ended") == ["只愿意留在群里"]
    assert len(she.received) == 1
    assert she.facts.reachable == {"group"}


def test_M9_who_is_both_is_a_key_customer_and_found_as_one(lives: Lives) -> None:
    she, other = lives(BOOK, "neighbour"), lives(BOOK, "group_only_neighbour")
    assert she.tagged("tag 重点顾客 put on") == [15], "at once"
    assert she.facts.reachable >= {"private", "group"}
    assert is_key_customer(she)
    assert not is_key_customer(other)
    assert not other.tags


def test_M9_a_key_customer_who_buys_often_is_tagged_koc_and_her_owner_is_told(lives: Lives) -> None:
    she = lives(BOOK, "neighbour")
    assert she.tagged("tag KOC put on") == [16], "with her fourth order in a month"
    (todo,) = she.todos
    assert (todo.card["title"], todo.userid) == ("可以请她当团长", "s001-1")
    assert she.days("新品试吃") == [23]
    assert she.sent()[-1].status == TouchStatus.SENT


def test_M10_it_says_for_which_kinds_of_stores_it_is() -> None:
    assert {"社区门店", "社区拼团", "单店", "小连锁"} <= set(book(BOOK).model.fits)
