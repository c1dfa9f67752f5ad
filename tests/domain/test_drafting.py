"""Who may do what to a campaign before it begins (M53)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import drafting
from domain.campaign import Adapt, Campaign, CampaignStatus, RegionWords, Words
from domain.playbook import Condition, Way

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DRAFT, APPROVED = CampaignStatus.DRAFT, CampaignStatus.APPROVED
OTHER_WORDS = {Way.PRIVATE: Words(text="北方会员周")}
ALL_MAY = Adapt(words=True, shift=timedelta(hours=2), skip=True)
WHO = Condition(member=True)


def campaign(**fields: Any) -> Campaign:
    said = {"campaign": "week", "title": "会员周", "segment": "members", "channel": ["private"]}
    return Campaign.model_validate(said | {"words": {"private": {"text": "会员周"}}} | fields)


@pytest.mark.parametrize("status", CampaignStatus)
def test_only_a_draft_is_revised(status: CampaignStatus) -> None:
    assert (drafting.why_not_revised(status) is None) == (status is DRAFT)


APPROVERS = {
    "the author": ("li", {}, DRAFT, "li wrote it"),
    "the author, written otherwise": (" LI ", {}, DRAFT, "LI wrote it"),
    "whoever revised it": ("wang", {}, DRAFT, "wang wrote it"),
    "nobody": (" ", {}, DRAFT, "--by must be a name"),
    "somebody else": ("chen", {}, DRAFT, None),
    "too late": ("chen", {"send_at": NOW}, DRAFT, "its `send_at` is over"),
    "after its end": ("chen", {"until": NOW - timedelta(days=1)}, DRAFT, "its `until` is over"),
    "when it is cancelled": ("chen", {}, CampaignStatus.CANCELLED, "it is cancelled"),
}


@pytest.mark.parametrize(("by", "fields", "status", "said"), APPROVERS.values(), ids=list(APPROVERS))
def test_who_approves_is_another_than_who_wrote(
    by: str, fields: dict[str, Any], status: CampaignStatus, said: str | None
) -> None:
    why = drafting.why_not_approved(campaign(**fields), status, ["li", "wang"], by, NOW)
    assert (why is None) if said is None else (said in str(why))


REGIONS = {
    "words": ({}, RegionWords(words=OTHER_WORDS), "in other words"),
    "words that may be changed": ({"adapt": ALL_MAY}, RegionWords(words=OTHER_WORDS), None),
    "words of another way": (
        {"adapt": ALL_MAY},
        RegionWords(words={Way.GROUP: Words(text="x")}),
        "does not go by `group`",
    ),
    "leaving it out": ({}, RegionWords(skip=True), "leave it out"),
    "leaving it out, as it may": ({"adapt": ALL_MAY}, RegionWords(skip=True), None),
    "a shift": ({}, RegionWords(shift_minutes=30), "shift it by at most 0s"),
    "a small shift": ({"adapt": ALL_MAY}, RegionWords(shift_minutes=-120), None),
    "too large a shift": ({"adapt": ALL_MAY}, RegionWords(shift_minutes=-121), "by at most 2h"),
    "a shift beyond the end": (
        {"adapt": ALL_MAY, "send_at": NOW, "until": NOW + timedelta(hours=1)},
        RegionWords(shift_minutes=90),
        "nothing of it could be sent",
    ),
}


@pytest.mark.parametrize(("fields", "wanted", "said"), REGIONS.values(), ids=list(REGIONS))
def test_m53_a_region_adapts_within_limits(
    fields: dict[str, Any], wanted: RegionWords, said: str | None
) -> None:
    why = drafting.why_not_adapted(campaign(**fields), DRAFT, None, wanted, "sun")
    assert (why is None) if said is None else (said in str(why))


@pytest.mark.parametrize(
    ("status", "began_at"), [(APPROVED, NOW), (CampaignStatus.RUNNING, NOW), (CampaignStatus.CANCELLED, None)]
)
def test_m53_a_region_adapts_before_it_begins(status: CampaignStatus, began_at: datetime | None) -> None:
    skips = RegionWords(skip=True)
    why = drafting.why_not_adapted(campaign(adapt=ALL_MAY), status, began_at, skips, "sun")
    assert "before it begins" in str(why)


def test_what_sleeps_until_it_begins_can_only_be_shifted_later() -> None:
    week = campaign(send_at=NOW + timedelta(days=1), adapt=ALL_MAY)
    later, sooner = RegionWords(shift_minutes=60), RegionWords(shift_minutes=-60)
    assert drafting.begins_sooner(week, [], [later], NOW) is None
    assert drafting.begins_sooner(week, [sooner], [sooner, sooner], NOW) is None
    assert "begins at 2026-03-03 04:00Z" in str(drafting.begins_sooner(week, [later], [sooner], NOW))


def test_a_version_changes_with_every_change() -> None:
    skips = {"north": RegionWords(skip=True)}
    versions = [
        drafting.version_of(campaign(), WHO, {}),
        drafting.version_of(campaign(title="会员日"), WHO, {}),
        drafting.version_of(campaign(), Condition(member=False), {}),
        drafting.version_of(campaign(), WHO, skips),
        drafting.version_of(campaign(), WHO, {"south": skips["north"]}),
    ]
    assert len(set(versions)) == len(versions)
    assert drafting.version_of(campaign(), WHO, {}) == versions[0]
