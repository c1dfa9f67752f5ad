"""The files of one folder, checked against each other."""

from decimal import Decimal
from pathlib import Path

import pytest

from playbooks.loader import PlaybookError, load_corp
from tests.playbooks.files import GOOD as BOOK
from tests.playbooks.files import write

GOOD = "default_playbook: coffee\n"
MEETING = {
    "the same code": ("{placements: table}", "{placements: [table, wifi]}", True),
    "as narrow, in another way": ("{placements: table}", "{stores: s001}", True),
    "other placements": ("{placements: table}", "{placements: wifi}", False),
    "a narrower rule": ("{placements: table}", "{placements: table, stores: s001}", False),
}


@pytest.mark.parametrize(("one", "other", "meet"), MEETING.values(), ids=list(MEETING))
def test_two_playbooks_do_not_claim_the_same_codes(tmp_path: Path, one: str, other: str, meet: bool) -> None:
    write(tmp_path, GOOD, "policy.yaml")
    for name, rule in (("coffee", one), ("tea", other)):
        text = BOOK.replace("playbook: coffee", f"playbook: {name}") + f"enter:\n  codes:\n    - {rule}\n"
        write(tmp_path, text, f"{name}.yaml")
    if not meet:
        assert len(load_corp(tmp_path)[0]) == 2
        return
    with pytest.raises(PlaybookError, match=r"tea\.yaml:8: enter\.codes\.0: 'coffee' claims the same people"):
        load_corp(tmp_path)


def test_two_playbooks_do_not_claim_the_same_group(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "policy.yaml")
    for name in ("coffee", "tea"):
        text = BOOK.replace("playbook: coffee", f"playbook: {name}") + "enter:\n  group_join: [store]\n"
        write(tmp_path, text, f"{name}.yaml")
    with pytest.raises(PlaybookError, match=r"tea\.yaml:7: enter\.group_join\.0: 'coffee' claims"):
        load_corp(tmp_path)


def test_the_default_playbook_has_to_be_there(tmp_path: Path) -> None:
    write(tmp_path, BOOK)
    write(tmp_path, "window: 30m\ndefault_playbook: cofee", "policy.yaml")
    with pytest.raises(PlaybookError, match=r"policy\.yaml:2: default_playbook: .*did you mean 'coffee'"):
        load_corp(tmp_path)


def test_the_default_playbook_is_for_friends(tmp_path: Path) -> None:
    write(tmp_path, "playbook: coffee\ntitle: t\nlink: group_only")
    write(tmp_path, GOOD, "policy.yaml")
    with pytest.raises(PlaybookError, match="default_playbook: it is for friends"):
        load_corp(tmp_path)


SPLIT = "nurture:\n  - split: {experiment: words, arms: [{arm: a, share: %s}, {arm: %s, share: %s}]}\n"
SHARED = {
    "the same draw": (SPLIT % (50, "b", 50), SPLIT % (50, "b", 50), None),
    "other arms": (
        SPLIT % (50, "b", 50),
        SPLIT % (50, "c", 50),
        r"tea\.yaml:7: nurture\.0\.split\.experiment",
    ),
    "other shares": (SPLIT % (50, "b", 50), SPLIT % (60, "b", 40), r"tea\.yaml:7: "),
    "a control group": (
        SPLIT % (50, "b", 50),
        "holdout: {experiment: words, share: 10}\n",
        r"tea\.yaml:6: holdout\.experiment",
    ),
}


@pytest.mark.parametrize(("one", "other", "refused"), SHARED.values(), ids=list(SHARED))
def test_an_experiment_of_two_playbooks_is_one_draw(
    tmp_path: Path, one: str, other: str, refused: str | None
) -> None:
    """Her arm is recorded under the experiment's name: other arms would take her over and back for ever."""
    write(tmp_path, GOOD, "policy.yaml")
    for name, part in (("coffee", one), ("tea", other)):
        write(tmp_path, BOOK.replace("playbook: coffee", f"playbook: {name}") + part, f"{name}.yaml")
    if refused is None:
        assert len(load_corp(tmp_path)[0]) == 2
        return
    with pytest.raises(PlaybookError, match=refused + r".*'coffee' has an experiment 'words' with other"):
        load_corp(tmp_path)


@pytest.mark.parametrize("channel", ["private", "staff", "moments"])
def test_a_channel_that_weighs_more_than_the_cap_is_refused(tmp_path: Path, channel: str) -> None:
    write(tmp_path, BOOK)
    write(tmp_path, GOOD + f"weights: {{{channel}: 1.5}}", "policy.yaml")
    with pytest.raises(PlaybookError, match=rf"policy\.yaml:2: weights\.{channel}: 1.5 is more than `freq"):
        load_corp(tmp_path)


def test_a_group_may_weigh_more_than_the_cap_because_no_member_holds_it_back(tmp_path: Path) -> None:
    write(tmp_path, BOOK)
    write(tmp_path, GOOD + "weights: {group: 1.5}", "policy.yaml")
    assert load_corp(tmp_path)[1].weights.group == Decimal("1.5")
