"""What became of the messages of a campaign (M71): people at each step, and what they bought."""

from dataclasses import dataclass
from datetime import datetime

from domain.lift import Arm


@dataclass(frozen=True)
class Steps:
    """People, each step a part of the one before; `held_out` were kept apart, to compare with.

    `reachable` by at least one of its channels; `allowed` by policy, or not decided yet; `tasked`: with an
    employee; `confirmed` by her, so that WeCom tried to deliver it.
    """

    targeted: int = 0
    held_out: int = 0
    reachable: int = 0
    allowed: int = 0
    tasked: int = 0
    confirmed: int = 0
    delivered: int = 0


@dataclass(frozen=True)
class Sales:
    """Orders whose last message before them this was, within the attribution time; refunds are taken off."""

    buyers: int = 0
    orders: int = 0
    revenue_minor: int = 0  # fen


@dataclass
class Part:
    """One row of the whole, or all of it."""

    steps: Steps = Steps()
    sales: Sales = Sales()


@dataclass(frozen=True)
class Backfill:
    """Moments for whom the message missed (M52): `shown` is what it reached beyond the message itself."""

    planned: int = 0
    shown: int = 0


@dataclass(frozen=True)
class Retrospective:
    """A whole campaign: what was meant, what happened, what it was worth.

    `parts` by what was asked for; `refused`: people by rule; orders after `counted_until` are nobody's.
    """

    whole: Part
    parts: dict[str, Part]
    refused: dict[str, int]
    backfill: Backfill
    treated: Arm
    held_out: Arm
    counted_until: datetime
