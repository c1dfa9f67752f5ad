"""Who can come into a playbook at all."""

from collections.abc import Iterator

from domain.analysis.finding import Finding, error, warning
from domain.playbook import LinkKind, Playbook
from domain.policy import Policy


def findings(book: Playbook, policy: Policy) -> Iterator[Finding]:
    enter, default = book.enter, book.playbook == policy.default_playbook
    if not (default or enter.codes or enter.group_join or enter.segment or enter.operator):
        text = "nobody enters but by an entry code that names this playbook: is there one?"
        yield warning(("enter", "operator"), "entry", text)
    if book.link is LinkKind.GROUP_ONLY and enter.codes:
        text = "an entry code makes a friend, and `group_only` greets none: use `group_join`"
        yield error(("enter", "codes"), "entry", text)
    if book.link is LinkKind.GROUP_ONLY and not enter.group_join:
        text = "who joins a group does not enter: say in which kinds of groups (`group_join`)"
        yield warning(("enter",), "entry", text)
