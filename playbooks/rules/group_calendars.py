"""What a group calendar gets wrong: by itself, and with the policy."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from domain.group_calendar import GroupCalendar
from domain.group_moments import DAILY, too_close, too_soon_again
from domain.group_policy import forbidden
from domain.places import Place
from domain.policy import GroupKind, Policy
from domain.shape import spell
from playbooks import templates
from playbooks.rules import attachments, corp

Problem = tuple[Place, str]


def problems(calendar: GroupCalendar, path: Path) -> Iterator[Problem]:
    """Everything that is wrong whatever the policy says."""
    if calendar.kind != path.stem:
        yield ("kind",), f"the file of this kind is called {calendar.kind}.yaml: rename one of them"
    counted = Counter(entry.id for entry in calendar.entries)
    for number, entry in enumerate(calendar.entries):
        if counted[entry.id] > 1:
            taken = f"there is another entry {entry.id!r} in this file: give one of them another name"
            yield ("entries", number, "id"), taken
        for turn, said in enumerate(entry.messages):
            here = ("entries", number, "messages", turn)
            yield from _text((*here, "text"), said.text, entry.benefit)
            at = (*here, "attachments")
            yield from attachments.of_message(at, said.attachments, path.parent, in_moments=False)
    yield from _repeated(calendar)
    yield from _keywords(calendar)


def policy_problems(calendar: GroupCalendar, policy: Policy) -> Iterator[Problem]:
    """What the corp's limits would refuse again and again (M20, M21)."""
    unknown = list(corp.unknown_kinds([(("kind",), calendar.kind)], policy))
    yield from unknown
    if unknown:
        return
    for number, entry in enumerate(calendar.entries):
        if forbidden(calendar.kind, entry.content, policy):
            yield (
                ("entries", number, "content"),
                f"no discount is ever told in a {calendar.kind!r} group (M20): tell something else, or do "
                "it in a kind of group whose policy says `discount: true`",
            )
    yield from _crowded(calendar, policy.groups.get(calendar.kind, GroupKind()))


def _crowded(calendar: GroupCalendar, kind: GroupKind) -> Iterator[Problem]:
    allowed = kind.frequency
    for before, after in too_close(calendar, max(DAILY, allowed.per / allowed.most)):
        gap, other = after.at - before.at, calendar.entries[before.entry].id
        found = f"{after.at:%a %H:%M} comes {spell(gap)} after `{other}`"
        if gap <= DAILY:
            advice = "one message in 1–2 days at most (M21): give one of them another day"
        else:
            often = f"{allowed.most} in {spell(allowed.per)}"
            advice = f"policy.yaml lets groups of this kind have {often}: leave more time between them"
        yield ("entries", after.entry, "at"), f"{found}; {advice}"


def _repeated(calendar: GroupCalendar) -> Iterator[Problem]:
    for before, after in too_soon_again(calendar):
        yield (
            ("entries", after.entry, "messages", after.said, "text"),
            f"the same text comes again after {spell(after.at - before.at)}, `repeat_after` is "
            f"{spell(calendar.repeat_after)}: add messages, or shorten `repeat_after`",
        )


def _keywords(calendar: GroupCalendar) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, keyword in enumerate(calendar.keywords):
        for turn, word in enumerate(keyword.words):
            if word in seen:
                yield ("keywords", number, "words", turn), f"{word!r} has an answer already: keep one"
            seen.add(word)


def _text(at: Place, text: str, benefit: str | None) -> Iterator[Problem]:
    try:
        templates.check_batch(text, benefit, "the entry")
    except templates.TemplateError as error:
        yield at, str(error)
