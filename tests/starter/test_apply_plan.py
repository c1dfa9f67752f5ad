"""What `apply` decides, from what is wanted, what was applied and what WeCom holds."""

from hypothesis import given
from hypothesis import strategies as st

from domain.rooms import JoinRules
from starter.apply.desired import group_welcomes, join_ways, tags
from starter.apply.plan import Action, Known, decide
from storage.tables import Group, Store
from tests.storage.chain import NOON

BODIES = st.fixed_dictionaries({"name": st.sampled_from(["a", "b"]), "remark": st.sampled_from(["x", "y"])})


@given(BODIES, BODIES, BODIES)
def test_only_a_difference_to_wecom_is_a_change(
    wanted: dict[str, str], sent: dict[str, str], there: dict[str, str]
) -> None:
    change = decide("tag", "k", wanted, Known("id", sent), there)
    assert change.needed == (wanted != there)
    if change.needed:
        drifted = any(there[f] not in (sent[f], wanted[f]) for f in wanted)
        assert change.action is (Action.RESTORE if drifted else Action.UPDATE)
        assert len(change.differences) == sum(wanted[f] != there[f] for f in wanted)


@given(BODIES)
def test_what_nobody_has_made_is_created(wanted: dict[str, str]) -> None:
    assert decide("tag", "k", wanted, None, None).action is Action.CREATE
    gone = decide("tag", "k", wanted, Known("id", wanted), None)
    assert (gone.action, gone.note) == (Action.CREATE, "it is gone in WeCom")
    lost = decide("tag", "k", wanted, Known(None, wanted), None)
    assert lost.action is Action.CREATE
    assert "no answer" in lost.note


def test_what_ended_before_our_own_rows_had_followed_is_gone_on_with() -> None:
    change = decide("tag", "k", {"name": "a"}, Known("id", {"name": "a"}, followed=False), {"name": "a"})
    assert (change.action, change.needed, change.wecom_id) == (Action.FOLLOW, True, "id")


def test_fields_that_wecom_adds_are_no_drift() -> None:
    known = Known("id", {"name": "a"})
    assert decide("tag", "k", {"name": "a"}, known, {"name": "a", "order": 3}).action is Action.KEEP


def test_a_tag_is_as_long_as_wecom_takes() -> None:
    assert list(tags(["店" * 40, "短"], ["cashier"])) == ["cashier", "店" * 30, "短"]


def group(chat_id: str, members: int, store: str = "S1") -> Group:
    return Group(chat_id=chat_id, store_id=store, members=members, created_at=NOON)


def test_a_way_leads_to_the_fullest_open_groups() -> None:
    groups = [group(f"g{n}", n * 40) for n in range(1, 7)]  # 40 … 240
    wanted = join_ways(
        [Store(id="S1", name="望京店"), Store(id="S2", name="无群店")], groups, JoinRules(cap=200)
    )
    assert list(wanted) == ["store/S1"]
    assert wanted["store/S1"]["chat_id_list"] == ["g1", "g2", "g3", "g4"]
    assert wanted["store/S1"]["state"] == "S1-group"


def test_every_kind_of_group_has_a_way_of_its_own() -> None:
    groups = [group("a", 10), group("b", 20), group("w", 5)]
    groups[2].kind, groups[2].name = "welfare", "望京福利群"
    wanted = join_ways([Store(id="S1", name="望京店")], groups, JoinRules(cap=200))
    assert {key: way["chat_id_list"] for key, way in wanted.items()} == {
        "store/S1": ["a", "b"],
        "store/S1/welfare": ["w"],
    }
    assert wanted["store/S1/welfare"]["state"] == "S1-welfare"
    assert wanted["store/S1/welfare"]["room_base_name"] == "望京福利群"


def test_with_every_group_full_the_way_still_has_one() -> None:
    """WeCom takes no empty list; the room that it makes next is the way on."""
    wanted = join_ways(
        [Store(id="S1", name="望京店")], [group("a", 200), group("b", 230)], JoinRules(cap=200)
    )
    assert wanted["store/S1"]["chat_id_list"] == ["a"]


def test_a_group_welcome_names_whoever_joined() -> None:
    from playbooks.loader import load_playbook
    from settings import ROOT

    book = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml")
    text = group_welcomes([book])["playbook/coffee-welcome"]["text"]
    assert "%NICKNAME%" in text
    assert "首杯立减 5 元" in text
    assert group_welcomes([book.model_copy(update={"group_welcome": None})]) == {}
