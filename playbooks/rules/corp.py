"""What files of one folder may get wrong together: names of the policy, rules that meet, discounts (M20)."""

from collections.abc import Iterable, Iterator, Sequence

from domain.group_policy import forbidden
from domain.places import Place, conditions_of, steps_of
from domain.playbook import CodeRule, Condition, LinkKind, Playbook, Way
from domain.policy import Policy
from domain.touches import Channel
from playbooks.source import suggest

STORE_GROUP = "store"  # the kind of a group of which nothing else is said
Problem = tuple[Place, str]


def problems(book: Playbook, policy: Policy) -> Iterator[Problem]:
    """One playbook against the policy beside it."""
    yield from unknown_names(conditions_of(book), policy)
    yield from unknown_kinds(_named_kinds(book), policy)
    yield from _discounts(book, policy)


def unknown_names(conditions: Iterable[tuple[Place, Condition]], policy: Policy) -> Iterator[Problem]:
    """Tiers and kinds of groups that are asked for, and that the policy does not have."""
    for at, condition in conditions:
        for name in condition.tier or ():
            if name not in policy.tiers:
                yield (*at, "tier"), _unknown("tier", name, list(policy.tiers), "tiers")
        yield from unknown_kinds((((*at, "in_group"), kind) for kind in condition.in_group or ()), policy)


def policy_problems(policy: Policy, books: Sequence[Playbook]) -> Iterator[Problem]:
    """The policy against the playbooks beside it."""
    found = next((book for book in books if book.playbook == policy.default_playbook), None)
    names = sorted(book.playbook for book in books)
    if found is None:
        close = suggest(policy.default_playbook, names) or f"; there is: {', '.join(names)}"
        yield ("default_playbook",), f"there is no {policy.default_playbook!r} here{close}"
    elif found.link is LinkKind.GROUP_ONLY:
        yield ("default_playbook",), "it is for friends, and `group_only` has none: name another playbook"
    yield from _weights(policy)
    for name, condition in policy.tiers.items():
        if condition.tier:
            yield ("tiers", name, "tier"), "a tier cannot be made of tiers: write its condition out"


def _weights(policy: Policy) -> Iterator[Problem]:
    """A group's message is not held back by its members' caps."""
    most = policy.frequency.most
    for channel in (Channel.PRIVATE, Channel.STAFF, Channel.MOMENTS):
        if (weight := policy.weights.of(channel)) > most:
            text = f"{weight} is more than `frequency` lets anybody have ({most}): nothing would ever go"
            yield ("weights", channel.value), text


def meeting_entries(books: Sequence[Playbook]) -> Iterator[tuple[int, Problem]]:
    """Entries that two playbooks claim: the second of them, by its number, is told."""
    for second, book in enumerate(books):
        for earlier in books[:second]:
            claimed = f"{earlier.playbook!r} claims the same people: which of the two is meant?"
            for number, rule in enumerate(book.enter.codes):
                if any(_meet(rule, other) for other in earlier.enter.codes):
                    yield second, (("enter", "codes", number), claimed)
            for number, kind in enumerate(book.enter.group_join):
                if kind in earlier.enter.group_join:
                    yield second, (("enter", "group_join", number), claimed)


def shared_experiments(books: Sequence[Playbook]) -> Iterator[tuple[int, Problem]]:
    """One name is one draw for ever: under two sets of arms she would go over from one to the other."""
    seen: dict[str, tuple[object, str]] = {}
    for number, book in enumerate(books):
        for at, name, arms in _experiments(book):
            known, where = seen.setdefault(name, (arms, book.playbook))
            if known != arms:
                there = f"{where!r} has an experiment {name!r} with other arms or shares"
                yield number, (at, f"{there}: give this one another name")


def _experiments(book: Playbook) -> Iterator[tuple[Place, str, object]]:
    if book.holdout:
        yield ("holdout", "experiment"), book.holdout.experiment, book.holdout.share
    for at, step in steps_of(book):
        if step.split:
            arms = [(arm.arm, arm.share) for arm in step.split.arms]
            yield (*at, "split", "experiment"), step.split.experiment, arms


def _meet(one: CodeRule, other: CodeRule) -> bool:
    """Whether one code may match both, and neither is the more specific (`domain.entering`)."""
    values = [(getattr(one, name), getattr(other, name)) for name in CodeRule.model_fields]
    if len([a for a, _ in values if a]) != len([b for _, b in values if b]):
        return False
    return all({*a} & {*b} for a, b in values if a and b)


def unknown_kinds(named: Iterable[tuple[Place, str]], policy: Policy) -> Iterator[Problem]:
    """Kinds of groups that the policy does not have."""
    known = [*policy.groups, *({STORE_GROUP} - policy.groups.keys())]
    for at, kind in named:
        if kind not in known:
            yield at, _unknown("kind of group", kind, known, "groups")


def _named_kinds(book: Playbook) -> Iterator[tuple[Place, str]]:
    yield from ((("enter", "group_join", n), kind) for n, kind in enumerate(book.enter.group_join))
    yield from ((("groups", n, "kind"), route.kind) for n, route in enumerate(book.groups))
    yield from (((*at, "send", "group"), step.send.group) for at, step in steps_of(book) if step.send)


def _unknown(what: str, name: str, known: list[str], field: str) -> str:
    close = suggest(name, known) or (f"; there is: {', '.join(known)}" if known else "")
    return f"the policy knows no {what} {name!r}{close}" + ("" if close else f"; add it to its `{field}`")


def _discounts(book: Playbook, policy: Policy) -> Iterator[Problem]:
    for at, step in steps_of(book):
        send = step.send
        if send is None or Way.GROUP not in send.channel:
            continue
        if forbidden(send.group, send.content, policy):
            yield (
                (*at, "send", "content"),
                f"no discount is ever told in a {send.group!r} group (M20): take `group` out of `channel`, "
                "or aim at a kind of group whose policy says `discount: true`",
            )
