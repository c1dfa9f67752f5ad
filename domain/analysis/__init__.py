"""What a playbook will do to people, found without running it (`journeys playbook check`). Pure."""

from collections.abc import Iterator

from domain.analysis import clock, entries, mix, reach, spacing
from domain.analysis.burden import Burden, burden_of
from domain.analysis.finding import Finding, Severity
from domain.playbook import Playbook
from domain.policy import Policy

__all__ = ["Burden", "Finding", "Severity", "burden_of", "findings"]


def findings(book: Playbook, policy: Policy) -> Iterator[Finding]:
    """All that can be said of one playbook and its corp's limits."""
    yield from entries.findings(book, policy)
    yield from reach.findings(book)
    yield from clock.findings(book, policy)
    yield from spacing.findings(book, policy)
    yield from mix.findings(book)
