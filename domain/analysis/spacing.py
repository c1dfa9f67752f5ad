"""Messages that follow so closely that the cap always refuses them: over the cap is not postponed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import gcd

from domain.analysis.finding import Finding, error, warning
from domain.places import Place, inside, lists_of
from domain.playbook import ContentClass, Frequency, Playbook, Send, Step, Wait, Way
from domain.policy import Policy
from domain.shape import spell
from domain.touches import Channel

LONG_AGO = timedelta.max
Sent = tuple[timedelta, ...]  # how long ago each unit of the cap was used up at most, the newest first


@dataclass(frozen=True)
class Cap:
    """A cap in whole units: the corp's counts weights (M50), a playbook's own counts messages."""

    most: int
    per: timedelta
    text: str
    weights: Mapping[Way, int]

    def of(self, send: Send) -> int:
        """The units that a message uses up at the least, by whichever of its ways it goes."""
        return min(self.most, *(self.weights[way] for way in send.channel))


def findings(book: Playbook, policy: Policy) -> Iterator[Finding]:
    own = book.limits.frequency if book.limits else None
    for cap in [_weighed(policy), *([_counted(own)] if own else [])]:
        for at, steps in lists_of(book):
            found: list[Finding] = []
            _walk(at, steps, (LONG_AGO,) * cap.most, cap, found)
            yield from found
        yield from _after_the_reminder(book, cap)


def _weighed(policy: Policy) -> Cap:
    cents = {way: int(policy.weights.of(Channel(way.value)) * 100) for way in Way}
    unit = gcd(100, *cents.values())
    weights = {way: weight // unit for way, weight in cents.items()}
    frequency = policy.frequency
    return Cap(frequency.most * 100 // unit, frequency.per, _spelled(frequency), weights)


def _counted(own: Frequency) -> Cap:
    return Cap(own.most, own.per, _spelled(own), dict.fromkeys(Way, 1))


def _spelled(frequency: Frequency) -> str:
    return f"{frequency.most} in {spell(frequency.per)}"


def _after_the_reminder(book: Playbook, cap: Cap) -> Iterator[Finding]:
    """`nurture` begins in the moment when the reminder, a 1:1 message, is due."""
    waited = timedelta(0)
    for number, step in enumerate(book.nurture if book.join_reminder else ()):
        if step.send and _counts(step.send) and waited < cap.per:
            if cap.weights[Way.PRIVATE] + cap.of(step.send) <= cap.most:
                return
            text = (
                f"who was reminded of the group just before gets this {spell(waited)} later, and the cap is "
                f"{cap.text}: it may be refused; wait longer in front of it"
            )
            yield warning(("nurture", number, "send"), "frequency", text)
        if step.send or step.branches or step.exit or step.goto_stage:
            return
        waited += (step.wait.duration or timedelta(0)) if step.wait else timedelta(0)


def _walk(at: Place, steps: Sequence[Step], sent: Sent | None, cap: Cap, found: list[Finding]) -> Sent | None:
    """What was sent when the steps are over; None where nobody comes."""
    for number, step in enumerate(steps):
        here = (*at, number)
        if sent is None or step.exit or step.goto_stage:
            return None
        if step.send and _counts(step.send):
            units = cap.of(step.send)
            if sent[-units] < cap.per:
                text = (
                    f"always refused: what comes before it went at most {spell(sent[-units])} ago, and the "
                    f"cap is {cap.text}; wait longer in front of it"
                )
                found.append(error((*here, "send"), "frequency", text))
            elif not (step.send.coupon or step.send.wait_for_delivery or step.send.within):
                sent = ((timedelta(0),) * units + sent)[: cap.most]
        elif step.branches:
            sent = _after(here, step, sent, cap, found)
        else:
            sent = _older(sent, _at_most(step.wait)) if step.wait else sent
    return sent


def _after(here: Place, step: Step, sent: Sent, cap: Cap, found: list[Finding]) -> Sent | None:
    waited = step.wait_for.timeout if step.wait_for else timedelta(0)
    ends = [
        _walk((*here, *inside(step, name)), branch, _older(sent, waited), cap, found)
        for name, branch in step.branches.items()
    ]
    if step.branch and step.branch[-1].when is not None:
        ends.append(sent)
    possible = [end for end in ends if end is not None]
    return tuple(map(max, zip(*possible, strict=True))) if possible else None


def _counts(send: Send) -> bool:
    """Service messages and those to a whole group leave a person's cap alone."""
    return send.content is not ContentClass.SERVICE and Way.GROUP not in send.channel


def _at_most(wait: Wait) -> timedelta:
    longest = wait.duration or timedelta(0)
    if wait.day:
        return LONG_AGO
    if wait.weekday:
        return longest + timedelta(days=8)
    return longest + timedelta(days=1, hours=1) if wait.until else longest


def _older(sent: Sent, by: timedelta) -> Sent:
    return tuple(LONG_AGO if LONG_AGO in (ago, by) else ago + by for ago in sent)
