"""What the file of a campaign may get wrong: by itself, and with the policy and the segments beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.campaign import Campaign, Words
from domain.conditions import parts
from domain.drafting import moments_over
from domain.group_policy import forbidden
from domain.places import Place
from domain.playbook import Attachment, Way
from domain.playbook.conditions import given
from domain.policy import Policy
from domain.segments import Segment
from playbooks import segments, templates
from playbooks.rules import attachments, corp, names

Problem = tuple[Place, str]
# What a whole group has in common; every other field of a condition is about one person.
SHARED = {"all", "any", "none", "store", "region", "city", "in_group", "reachable"}
HEARD_ANYWAY = (Way.GROUP, Way.MOMENTS)  # also by people who are not meant
ALL = 100  # percent


@dataclass(frozen=True)
class Beside:
    """What a campaign is read with; its pictures are looked for in `folder`."""

    policy: Policy
    segments: Mapping[str, Segment]
    folder: Path


def problems(campaign: Campaign, beside: Beside) -> Iterator[Problem]:
    """Everything that is wrong whatever the time is."""
    yield from _segment(campaign, beside)
    yield from _ways(campaign)
    yield from _of_one_way(campaign)
    yield from _group(campaign, beside.policy)
    yield from words_problems(campaign.words, campaign.benefit, beside.folder)
    if missed := campaign.backfill:
        yield from _text(("backfill", "text"), missed.text, Way.MOMENTS, campaign.benefit)
        yield from _attached(("backfill", "attachments"), missed.attachments, Way.MOMENTS, beside.folder)
    yield from _rollout(campaign)
    yield from _times(campaign)


def too_late(campaign: Campaign, now: datetime) -> Iterator[Problem]:
    """Its moments that are over."""
    for field in moments_over(campaign, now):
        yield (field,), "is in the past: give a later moment, or take it out"


def words_problems(words: Mapping[Way, Words], benefit: str | None, folder: Path) -> Iterator[Problem]:
    """What is said by each way: its text, and what hangs on it."""
    for way, said in words.items():
        yield from _text(("words", way.value, "text"), said.text, way, benefit)
        yield from _attached(("words", way.value, "attachments"), said.attachments, way, folder)


def _segment(campaign: Campaign, beside: Beside) -> Iterator[Problem]:
    try:
        who = segments.resolve(campaign.segment, beside.segments)
    except segments.UnknownSegment as error:
        yield ("segment",), str(error)
        return
    if who is campaign.segment:
        yield from ((("segment", *at), text) for at, text in segments.problems_of(who, beside.policy))
    personal = sorted({field for part in parts(who) for field in given(part)} - SHARED)
    if set(campaign.channel) == {Way.GROUP} and personal:
        yield (
            ("channel",),
            f"a group is told everything to everybody, nobody in it can be picked out (M4), and the segment "
            f"asks for `{personal[0]}`: add `private`, or aim at whole groups (`in_group`, `store` …)",
        )


def _ways(campaign: Campaign) -> Iterator[Problem]:
    if len(set(campaign.channel)) != len(campaign.channel):
        yield ("channel",), "one way is named twice: keep one of them"
    if Way.STAFF in campaign.channel:
        problem = "a campaign asks nobody to write to each by hand: take `staff` out"
        yield ("channel",), problem
    for way in dict.fromkeys(campaign.channel):
        if way not in campaign.words and way is not Way.STAFF:
            yield ("words",), f"`{way}` is in `channel` and has no words: add them"
    for way in campaign.words:
        if way not in campaign.channel:
            yield ("words", way.value), f"`{way}` is not in `channel`: add it there, or take its words out"


def _of_one_way(campaign: Campaign) -> Iterator[Problem]:
    ways = campaign.channel
    if Way.MOMENTS in ways and campaign.tag is None:
        yield ("tag",), "missing: Moments are shown to who has a tag, say which"
    if campaign.tag is not None and Way.MOMENTS not in ways:
        yield ("tag",), "only the way `moments` looks at it: take it out, or add `moments` to `channel`"
    if campaign.tag is not None and len(campaign.tag) > names.LONGEST_TAG:
        yield ("tag",), f"a tag has at most {names.LONGEST_TAG} characters, this one has {len(campaign.tag)}"
    if campaign.backfill and Way.PRIVATE not in ways:
        yield ("backfill",), "it is for whom a 1:1 message missed: take it out, or add `private` to `channel`"
    anyway = next((way for way in ways if way in HEARD_ANYWAY), None)
    if campaign.holdout and anyway:
        problem = f"who is held out would see it by `{anyway}` all the same: take it out, or that way"
        yield ("holdout",), problem


def _group(campaign: Campaign, policy: Policy) -> Iterator[Problem]:
    if Way.GROUP not in campaign.channel:
        if "group" in campaign.model_fields_set:
            yield ("group",), "only the way `group` looks at it: take it out, or add `group` to `channel`"
        return
    unknown = list(corp.unknown_kinds([(("group",), campaign.group)], policy))
    yield from unknown
    if not unknown and forbidden(campaign.group, campaign.content, policy):
        yield (
            ("content",),
            f"no discount is ever told in a {campaign.group!r} group (M20): take `group` out of `channel`, "
            "or aim at a kind of group whose policy says `discount: true`",
        )


def _text(at: Place, text: str, way: Way, benefit: str | None) -> Iterator[Problem]:
    characters = templates.MOMENTS_CHARACTERS if way is Way.MOMENTS else None
    try:
        templates.check_batch(text, benefit, "the campaign", characters=characters)
    except templates.TemplateError as error:
        yield at, str(error)


def _attached(at: Place, attached: Sequence[Attachment], way: Way, folder: Path) -> Iterator[Problem]:
    return attachments.of_message(at, attached, folder, in_moments=way is Way.MOMENTS)


def _rollout(campaign: Campaign) -> Iterator[Problem]:
    waves, last = campaign.rollout, len(campaign.rollout) - 1
    seen: set[str] = set()
    for number, wave in enumerate(waves):
        at: Place = ("rollout", number)
        if wave.name in seen:
            twice = f"there is another wave {wave.name!r}: give one of them another name"
            yield (*at, "name"), twice
        seen.add(wave.name)
        if wave.takes_the_rest and number < last:
            problem = "without `customers`, `stores` or `share` it takes everybody: only the last wave may"
            yield at, problem
    if not waves[last].takes_the_rest:
        rest = "the last wave takes everybody who is left: add one without `customers`, `stores` and `share`"
        yield ("rollout", last), rest
    for field in ("then_wait", "confirm"):
        if field in waves[last].model_fields_set:
            yield ("rollout", last, field), "no wave comes after the last one: take it out"
    if sum(wave.share or 0 for wave in waves) >= ALL:
        yield ("rollout",), "the shares leave nobody for the last wave: together they are less than 100"


def _times(campaign: Campaign) -> Iterator[Problem]:
    if campaign.send_at and campaign.until and campaign.until <= campaign.send_at:
        yield ("until",), "is not after `send_at`: nothing could be sent"
    if campaign.adapt.shift and campaign.send_at is None:
        yield ("adapt", "shift"), "there is no `send_at` that a region could shift: give one, or take it out"
