"""What a message was worth: those whom it was meant for, held against those who were held out. Pure.

Intention to treat: everybody belongs to the side that was drawn for her, whatever became of her message.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
LEAST_PEOPLE = 30  # of each side; fewer, and neither formula below can be relied on
POINTS = 100  # percentage points in a whole


@dataclass(frozen=True)
class Arm:
    """One side: how many people, how many of them did it, and what they spent (each one's sum, in fen)."""

    people: int = 0
    buyers: int = 0
    repeaters: int = 0
    spent: int = 0
    spent_squared: int = 0

    @property
    def mean(self) -> float:
        return self.spent / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        """Of one person's spend, as a sample tells it. Never below zero by rounding."""
        if self.people < 2:
            return 0.0
        return max(0.0, (self.spent_squared - self.spent * self.mean) / (self.people - 1))


@dataclass(frozen=True)
class Interval:
    """Where the true value lies, with the confidence that was asked for."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Lift:
    """The treated side minus the held-out one. `usable`: both sides are large enough to say anything."""

    treated: float
    held_out: float
    between: Interval
    usable: bool

    @property
    def difference(self) -> float:
        return self.treated - self.held_out

    @property
    def significant(self) -> bool:
        return self.usable and 0 not in self.between


def wilson(hits: int, people: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a share: right for small numbers and for shares near 0 and 1, too."""
    if people == 0:
        return Interval(0.0, 1.0)
    z, share = _z(confidence), hits / people
    scale = 1 + z * z / people
    middle = (share + z * z / (2 * people)) / scale
    half = z * math.sqrt(share * (1 - share) / people + z * z / (4 * people * people)) / scale
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def of_shares(
    hits: int, people: int, held_hits: int, held_people: int, confidence: float = CONFIDENCE
) -> Lift:
    """The difference of two shares, by Newcombe's hybrid score interval (1998, method 10)."""
    share, held = hits / max(people, 1), held_hits / max(held_people, 1)
    mine, theirs = wilson(hits, people, confidence), wilson(held_hits, held_people, confidence)
    low = share - held - math.hypot(share - mine.low, theirs.high - held)
    high = share - held + math.hypot(mine.high - share, held - theirs.low)
    return Lift(share, held, Interval(low, high), _usable(people, held_people))


def of_spend(treated: Arm, held_out: Arm, confidence: float = CONFIDENCE) -> Lift:
    """The difference of the mean spend of a person, in fen, by Welch's interval."""
    difference = treated.mean - held_out.mean
    mine, theirs = _of_mean(treated), _of_mean(held_out)
    half = 0.0
    if mine + theirs > 0:
        freedom = (mine + theirs) ** 2 / (
            mine**2 / max(treated.people - 1, 1) + theirs**2 / max(held_out.people - 1, 1)
        )
        half = student_t(freedom, confidence) * math.sqrt(mine + theirs)
    between = Interval(difference - half, difference + half)
    return Lift(treated.mean, held_out.mean, between, _usable(treated.people, held_out.people))


def student_t(freedom: float, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's t: an expansion around the normal one, exact to 0.001 from ten
    degrees of freedom on (Abramowitz and Stegun, 26.7.5)."""
    z, n = _z(confidence), freedom
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / n**power for power, term in enumerate(terms, start=1))


def verdict(lift: Lift, treated: int, held_out: int, unit: str, scale: float = POINTS) -> str:
    """What may be said of a lift, and no more than that. `unit`: of a difference, times `scale`."""
    if held_out == 0:
        return "nobody was held out: what people would have done anyway is not known"
    if not lift.usable:
        return (
            f"too few people to say anything: {treated} treated and {held_out} held out, "
            f"each side needs {LEAST_PEOPLE}"
        )
    span = f"{lift.between.low * scale:+.2f} and {lift.between.high * scale:+.2f} {unit}"
    if not lift.significant:
        return f"no effect that chance alone would not make: the truth lies between {span}"
    word = "more" if lift.difference > 0 else "less"
    return f"{abs(lift.difference * scale):.2f} {unit} {word}: the truth lies between {span}"


def _of_mean(arm: Arm) -> float:
    """The variance of its mean."""
    return arm.variance / arm.people if arm.people else 0.0


def _usable(people: int, held_people: int) -> bool:
    return min(people, held_people) >= LEAST_PEOPLE


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
