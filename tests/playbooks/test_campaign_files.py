"""The files of campaigns: one clear error for each mistake, and what two of them get wrong together."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.campaign import Campaign
from domain.playbook import Way
from playbooks.campaign_files import load_campaign, load_words, too_late
from playbooks.loader import PlaybookError
from tests.playbooks.files import write
from tests.playbooks.test_corpus import assert_expected

CORPUS = Path(__file__).parent / "campaign_corpus"
BESIDE = {"policy.yaml", "segments.yaml"}
FILES = sorted(path for path in CORPUS.glob("*.yaml") if path.name not in BESIDE)
GOOD = """
campaign: member-week
title: 会员周
segment: regulars
channel: private
words:
  private: {text: "会员周开始了，{{ store.name }}等您来。"}
"""


def problems_of(path: Path) -> list[str]:
    with pytest.raises(PlaybookError) as caught:
        load_campaign(path, CORPUS)
    return str(caught.value).splitlines()


def test_there_are_seventy() -> None:
    assert len(FILES) >= 70


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_one_mistake_is_one_located_error(path: Path) -> None:
    assert_expected(path, problems_of(path))


def test_a_good_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    campaign = load_campaign(write(tmp_path, GOOD), CORPUS).model
    assert (campaign.segment, campaign.channel) == ("regulars", [Way.PRIVATE])
    assert Campaign.model_validate(campaign.model_dump(mode="json")) == campaign


@pytest.mark.parametrize(
    "moment", ['"2026-12-01T10:00+08:00"', "2026-12-01T10:00:00+08:00", '"2026-12-01 02:00Z"']
)
def test_a_moment_is_one_whatever_its_zone(tmp_path: Path, moment: str) -> None:
    written = load_campaign(write(tmp_path, f"{GOOD}send_at: {moment}"), CORPUS)
    assert written.model.send_at == datetime(2026, 12, 1, 2, tzinfo=UTC)
    assert too_late(written, datetime(2026, 12, 1, 1, tzinfo=UTC)) == []
    [problem] = too_late(written, datetime(2026, 12, 1, 2, tzinfo=UTC))
    assert problem.startswith(f"{written.source.path}:7: send_at: is in the past")


def test_m20_a_discount_is_told_where_the_policy_allows_it(tmp_path: Path) -> None:
    said = "channel: [group, private]\ngroup: welfare\ncontent: discount\n"
    text = GOOD.replace("channel: private\n", said) + "  group: {text: 会员周全场八五折。}\n"
    assert load_campaign(write(tmp_path, text), CORPUS).model.group == "welfare"
    [problem] = problems_of(write(tmp_path, text.replace("welfare", "store")))
    assert "(M20)" in problem


def test_m4_a_group_only_campaign_aims_at_whole_groups(tmp_path: Path) -> None:
    text = GOOD.replace("private", "group").replace("regulars", "{in_group: welfare, region: east}")
    assert load_campaign(write(tmp_path, text), CORPUS)
    [problem] = problems_of(write(tmp_path, text.replace("region: east", "member: true")))
    assert "(M4)" in problem


REGIONS = {
    "another way": ("words: {group: {text: 您好。}}", "words.group: the campaign does not go by `group`"),
    "a customer's name": (
        'words: {private: {text: "{{ customer.nickname }}"}}',
        "words.private.text: 'customer.nickname' is not known here",
    ),
    "a field of campaigns": ("title: 会员周", "title: no such field"),
}


@pytest.mark.parametrize(("text", "said"), REGIONS.values(), ids=list(REGIONS))
def test_a_region_s_words_are_checked_like_all_others(tmp_path: Path, text: str, said: str) -> None:
    campaign = load_campaign(write(tmp_path, GOOD), CORPUS).model
    with pytest.raises(PlaybookError, match=r"words\.yaml:1: ") as caught:
        load_words(write(tmp_path, text, "words.yaml"), campaign)
    assert said in str(caught.value)


def test_a_region_s_words_are_read(tmp_path: Path) -> None:
    campaign = load_campaign(write(tmp_path, GOOD), CORPUS).model
    found = load_words(write(tmp_path, "words: {private: {text: 北方会员周。}}", "words.yaml"), campaign)
    assert found.model.words[Way.PRIVATE].text == "北方会员周。"
