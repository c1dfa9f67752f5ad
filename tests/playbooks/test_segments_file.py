"""`segments.yaml`: what it may say, and what its authors are told."""

from pathlib import Path

import pytest

from domain.conditions import parts
from playbooks.loader import PlaybookError, load_policy
from playbooks.segments import UnknownSegment, load_condition, load_segments, resolve
from settings import ROOT
from starter.playbook.check import check_folder
from tests.domain.people import condition
from tests.playbooks.files import GOOD, write

POLICY = "default_playbook: coffee\ntiers:\n  vip: {ticket: {least: 50}}\n"
ONE = "segments:\n  - name: buyer\n    title: 买过\n    who: %s\n"


def corp(folder: Path, segments: str) -> Path:
    write(folder, GOOD)
    write(folder, POLICY, "policy.yaml")
    write(folder, segments, "segments.yaml")
    return folder


def test_m27_the_four_kinds_of_customers_are_shipped() -> None:
    shipped = load_segments(ROOT / "playbooks")
    assert list(shipped)[:4] == ["buyer", "new", "regular", "high_ticket"]
    assert all(segment.title for segment in shipped.values())
    asked = [part for segment in shipped.values() for part in parts(segment.who)]
    assert all(part.store is None for part in asked), "they mean something at every chain"


def test_a_corp_without_saved_segments_has_none(tmp_path: Path) -> None:
    assert load_segments(tmp_path) == {}


def test_a_segment_is_found_by_its_name_or_is_itself(tmp_path: Path) -> None:
    saved = load_segments(corp(tmp_path, ONE % "{orders: {least: 1}}"))
    assert resolve("buyer", saved) == condition(orders={"least": 1})
    assert resolve(condition(tag="高频"), saved) == condition(tag="高频")
    with pytest.raises(UnknownSegment, match=r"no segment 'buyr' in segments\.yaml; did you mean 'buyer'\?"):
        resolve("buyr", saved)
    with pytest.raises(UnknownSegment, match=r"'x' in segments\.yaml; there is: none"):
        resolve("x", {})


BROKEN = {
    "what only a journey knows": (
        ONE % "{any: [{member: true}, {outcome: {step: a, was: sent}}]}",
        r":4: segments\.0\.who\.any\.1\.outcome: only a journey knows it of her",
    ),
    "a life stage": (ONE % "{life_stage: 孕期}", r":4: segments\.0\.who\.life_stage: only a journey"),
    "an unknown tier": (ONE % "{tier: vipp}", r":4: .*\.tier: the policy knows no tier 'vipp'; did you mean"),
    "an unknown kind": (ONE % "{in_group: stor}", r":4: .*\.in_group: the policy knows no kind of group"),
    "an unknown field": (
        ONE % "{ordres: {least: 1}}",
        r":4: segments\.0\.who\.ordres: .*did you mean 'orders'",
    ),
    "nobody at all": (ONE % "{}", r":4: .*an empty condition holds for everybody"),
    "bought is two things": (
        ONE % "{bought: {product: P1, category: 瓜}}",
        r":4: .*\.bought: give either `product` or `category`",
    ),
    "one name twice": (
        ONE % "{member: true}" + (ONE % "{member: true}").removeprefix("segments:\n"),
        r":5: segments\.1\.name: there is another segment 'buyer'",
    ),
    "a name of a file": (
        (ONE % "{member: true}").replace("buyer", "买过"),
        r":2: segments\.0\.name: only 1 to",
    ),
    "none": ("segments: []", r":1: segments: is empty"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=list(BROKEN))
def test_what_is_wrong_is_said_with_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    folder = corp(tmp_path, text)
    with pytest.raises(PlaybookError, match=rf"segments\.yaml{said}"):
        load_segments(folder)
    remarks = check_folder(folder).remarks
    assert {Path(remark.file).name for remark in remarks if remark.severity == "error"} == {"segments.yaml"}


def test_a_condition_in_a_file_of_its_own_is_looked_at_as_closely(tmp_path: Path) -> None:
    policy = load_policy(corp(tmp_path, ONE % "{member: true}"))
    good = write(tmp_path, "tag: 高频\ntier: vip", "good.yml")
    assert load_condition(good, policy) == condition(tag="高频", tier="vip")
    bad = write(tmp_path, "tag: 高频\nnone:\n  - {tier: vvip}", "bad.yml")
    with pytest.raises(PlaybookError, match=r"bad\.yml:3: none\.0\.tier: .*did you mean 'vip'"):
        load_condition(bad, policy)
