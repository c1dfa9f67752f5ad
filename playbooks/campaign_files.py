"""Reading the files of campaigns. Every error names the file, the line and the field."""

from datetime import datetime
from pathlib import Path

from pydantic import Field

from domain.campaign import Campaign, Words
from domain.playbook import Way
from domain.shape import Shape
from playbooks.loader import Written, load_policy, read_as, refuse
from playbooks.rules import campaigns as rules
from playbooks.rules.campaigns import Beside
from playbooks.segments import load_segments

CAMPAIGNS = "campaigns"  # the folder beside the playbooks


class RegionFile(Shape):
    """What a region says instead, by one or more of the campaign's ways."""

    words: dict[Way, Words] = Field(min_length=1, description="by channel; the others stay as they are")


def load_campaign(path: Path, folder: Path) -> Written[Campaign]:
    """One campaign, checked with the policy and the segments of `folder`. Raises PlaybookError."""
    written = read_as(path, Campaign)
    beside = Beside(load_policy(folder), load_segments(folder), path.parent)
    refuse(written.source, rules.problems(written.model, beside))
    return written


def too_late(written: Written[Campaign], now: datetime) -> list[str]:
    """What of a file was possible once, and is over."""
    return [written.source.problem(*problem) for problem in rules.too_late(written.model, now)]


def load_words(path: Path, campaign: Campaign) -> Written[RegionFile]:
    """What a region says instead, checked as the campaign's own words are. Raises PlaybookError."""
    written = read_as(path, RegionFile)
    words = written.model.words
    other = [
        (("words", way.value), f"the campaign does not go by `{way}`: take it out")
        for way in words
        if way not in campaign.channel
    ]
    refuse(written.source, [*other, *rules.words_problems(words, campaign.benefit, path.parent)])
    return written
