"""What each of the four links forbids (M1–M10): who can be reached, and by which way."""

from collections.abc import Iterator

from domain.events import EventKind
from domain.places import Place, steps_of
from domain.playbook import LinkKind, Playbook, Step, Way

NEVER_A_GROUP = "`friend_only` never speaks of a group (M1)"
NEVER_ONE_TO_ONE = "`group_only` reaches nobody 1:1: a group is told everything to everybody (M3, M4)"
GROUP_EVENTS = (EventKind.GROUP_JOINED, EventKind.GROUP_LEFT)


def problems(book: Playbook) -> Iterator[tuple[Place, str]]:
    if book.link is LinkKind.FRIEND_ONLY:
        yield from _friend_only(book)
    elif book.link is LinkKind.GROUP_ONLY:
        yield from _group_only(book)
    elif book.link is LinkKind.GROUP_THEN_FRIEND and not book.enter.group_join:
        yield (
            ("enter", "group_join"),
            "missing: `group_then_friend` begins in a group (M8): say in which kinds of groups",
        )
    if book.link in (LinkKind.FRIEND_ONLY, LinkKind.FRIEND_THEN_GROUP) and book.welcome is None:
        yield ("welcome",), f"missing: `{book.link}` begins with a greeting"
    yield from _invitations_to_friends(book)


def _friend_only(book: Playbook) -> Iterator[tuple[Place, str]]:
    if book.welcome and book.welcome.invite_to_group:
        yield ("welcome", "invite_to_group"), f"{NEVER_A_GROUP}: write `invite_to_group: false`"
    for name in ("group_welcome", "groups", "join_reminder"):
        if getattr(book, name):
            yield (name,), f"{NEVER_A_GROUP}: take it out"
    if book.enter.group_join:
        yield ("enter", "group_join"), f"{NEVER_A_GROUP}: take it out"
    for at, event in _events(book):
        if event in GROUP_EVENTS:
            yield at, f"{NEVER_A_GROUP}: she is in none, wait for something else"
    for at, step in steps_of(book):
        if step.send and Way.GROUP in step.send.channel:
            yield (*at, "send", "channel"), f"{NEVER_A_GROUP}: take `group` out"
        if step.send and step.send.invite_to == "group":
            yield (*at, "send", "invite_to"), f"{NEVER_A_GROUP}: take it out"


def _group_only(book: Playbook) -> Iterator[tuple[Place, str]]:
    if book.welcome:
        yield ("welcome",), f"{NEVER_ONE_TO_ONE}: take it out; `group_welcome` greets in the group"
    if book.join_reminder:
        yield ("join_reminder",), f"{NEVER_ONE_TO_ONE}: take it out, she is in the group already"
    for at, event in _events(book):
        if event is EventKind.FRIEND_ADDED:
            yield at, f"{NEVER_ONE_TO_ONE}; who may become a friend needs `link: group_then_friend`"
    for at, step in steps_of(book):
        if step.send and step.send.channel != [Way.GROUP]:
            yield (*at, "send", "channel"), f"{NEVER_ONE_TO_ONE}: write `channel: group`"
        elif step.notify_staff and step.notify_staff.to == "employee":
            yield (*at, "notify_staff", "to"), f"{NEVER_ONE_TO_ONE}: she has no employee, write `to: manager`"


def _invitations_to_friends(book: Playbook) -> Iterator[tuple[Place, str]]:
    """Only who is in a group and no friend yet can be asked to become one."""
    for at, step in steps_of(book):
        if step.send is None or step.send.invite_to != "friend":
            continue
        if book.link is not LinkKind.GROUP_THEN_FRIEND:
            yield (
                (*at, "send", "invite_to"),
                "only `link: group_then_friend` asks people to become friends (M8)",
            )
        elif step.send.channel != [Way.GROUP]:
            yield (
                (*at, "send", "channel"),
                "who is no friend yet is asked in the group (M8): write `channel: group`",
            )


def _events(book: Playbook) -> Iterator[tuple[Place, str]]:
    """Every event that the playbook waits for."""
    for name in ("goals", "exits"):
        for number, rule in enumerate(getattr(book, name)):
            if rule.event:
                yield (name, number, "event"), rule.event
    yield from ((at, event) for at, step in steps_of(book) for at, event in _awaited(at, step))


def _awaited(at: Place, step: Step) -> Iterator[tuple[Place, str]]:
    if step.wait_for:
        yield (*at, "wait_for", "event"), step.wait_for.event
