"""What time of day it can be at a step, and messages that can only fall into quiet hours.

A set of minutes is the bits of a number, bit 0 is midnight. The hour by which clocks are changed is left out.
"""

from collections.abc import Iterator, Sequence
from datetime import time, timedelta

from domain.analysis.finding import Finding, error, warning
from domain.hours import Hours, QuietHours
from domain.places import Place, inside, lists_of
from domain.playbook import Condition, Playbook, Step, Wait
from domain.policy import Policy

DAY = 24 * 60
ANY = (1 << DAY) - 1


def findings(book: Playbook, policy: Policy) -> Iterator[Finding]:
    own = book.limits.quiet_hours if book.limits else None
    quiet = [hours for hours in (policy.quiet_hours, own) if hours]
    shut = 0
    for hours in quiet:
        shut |= minutes(hours)
    if shut == ANY and own:
        text = "together with those of the policy they leave no minute of the day: no message ever goes"
        yield error(("limits", "quiet_hours"), "quiet_hours", text)
    elif shut:
        for at, steps in lists_of(book):
            found: list[Finding] = []
            _walk(at, steps, ANY, shut, found)
            yield from found


def minutes(hours: Hours | QuietHours) -> int:
    """The minutes that begin in these hours."""
    return sum(1 << m for m in range(DAY) if hours.hold(time(m // 60, m % 60)))


def later(clock: int, by: timedelta) -> int:
    """The clock so much later; a part of a minute may be either."""
    seconds = int(by.total_seconds())
    turned = _turn(clock, seconds // 60 % DAY)
    return turned | _turn(turned, 1) if seconds % 60 else turned


def _turn(clock: int, by: int) -> int:
    return ((clock << by) | (clock >> (DAY - by))) & ANY if by else clock


def _walk(at: Place, steps: Sequence[Step], clock: int, shut: int, found: list[Finding]) -> int:
    """The clock behind the steps. 0 is what cannot be."""
    for number, step in enumerate(steps):
        here = (*at, number)
        if step.send and step.send.coupon:
            clock = ANY  # a till may be slow
        if step.send and clock and not clock & ~shut:
            text = (
                f"it is always quiet here ({_shown(clock)}), so the message waits for the end of the quiet "
                "hours: let the wait in front of it end in the daytime"
            )
            found.append(warning((*here, "send"), "quiet_hours", text))
        if step.send and step.send.wait_for_delivery:
            clock = ANY
        clock = _behind(here, step, clock, shut, found)
    return clock


def _behind(here: Place, step: Step, clock: int, shut: int, found: list[Finding]) -> int:
    if step.exit or step.goto_stage:
        return 0
    if step.wait:
        return _waited(step.wait, clock)
    if step.coupon:
        return ANY
    if not step.branches:
        return clock
    ways = 0 if step.split or step.wait_for or not step.branch or step.branch[-1].when is None else clock
    for name, branch in step.branches.items():
        begun = _begun(step, name, clock)
        ways |= _walk((*here, *inside(step, name)), branch, begun, shut, found)
    return ways


def _begun(step: Step, branch: str, clock: int) -> int:
    if step.wait_for:
        return ANY if branch == "then" else later(clock, step.wait_for.timeout)
    return clock & _allowed(step.branch[int(branch)].when) if step.branch else clock


def _allowed(condition: Condition | None) -> int:
    return minutes(condition.hours) if condition and condition.hours else ANY


def _waited(wait: Wait, clock: int) -> int:
    if wait.until:
        return 1 << (wait.until.hour * 60 + wait.until.minute)
    if wait.day or wait.weekday:
        return later(clock, wait.duration or timedelta(0)) | 1  # at once, or from midnight on
    return later(clock, wait.duration or timedelta(0))


def _shown(clock: int) -> str:
    first = (clock & -clock).bit_length() - 1
    shown = f"{first // 60:02d}:{first % 60:02d}"
    return shown if clock == 1 << first else f"from {shown} on"
