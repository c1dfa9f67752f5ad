"""Which playbook a code or a group leads into."""

from hypothesis import given
from hypothesis import strategies as st

from domain.entering import playbook_of_code, playbook_of_group
from domain.playbook import CodeRule

NAMES = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True)
FIELD = st.none() | NAMES
RULES = st.dictionaries(
    st.sampled_from(["p", "q", "r"]),
    st.lists(st.builds(CodeRule, stores=FIELD, placements=FIELD, campaigns=FIELD), max_size=2),
)


def rule(**given: list[str]) -> list[CodeRule]:
    return [CodeRule(**given)]


def test_what_is_given_must_all_match() -> None:
    rules = {"p": rule(placements=["cashier", "wifi"], campaigns=["spring"])}
    assert playbook_of_code(rules, "S1", "wifi", "spring") == "p"
    assert playbook_of_code(rules, "S1", "wifi", None) is None
    assert playbook_of_code(rules, "S1", "door", "spring") is None


def test_the_most_specific_wins_then_the_name() -> None:
    rules = {
        "broad": rule(placements=["cashier"]),
        "narrow": rule(placements=["cashier"], stores=["S1"]),
        "again": rule(placements=["cashier"]),
    }
    assert playbook_of_code(rules, "S1", "cashier", None) == "narrow"
    assert playbook_of_code(rules, "S2", "cashier", None) == "again"


def test_a_rule_that_says_nothing_takes_nobody() -> None:
    assert playbook_of_code({"p": [CodeRule()]}, "S1", "cashier", None) is None


@given(RULES, st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from(["a", "b", None]))
def test_the_order_of_the_files_does_not_matter(
    rules: dict[str, list[CodeRule]], store: str, placement: str, campaign: str | None
) -> None:
    backwards = dict(reversed(rules.items()))
    assert playbook_of_code(rules, store, placement, campaign) == playbook_of_code(
        backwards, store, placement, campaign
    )


def test_a_group_leads_into_the_first_playbook_of_its_kind() -> None:
    kinds = {"b": ["store", "welfare"], "a": ["store"], "c": []}
    assert playbook_of_group(kinds, "store") == "a"
    assert playbook_of_group(kinds, "welfare") == "b"
    assert playbook_of_group(kinds, "city") is None
