"""What is known of a customer when something has to be decided about her."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from domain.events import FormName
from domain.playbook import DateName
from domain.stages import Stage


@dataclass(frozen=True)
class Bought:
    """One order that was paid and not wholly refunded. Amounts in fen, refunds taken off."""

    at: datetime
    store_id: str
    paid_minor: int
    coupons: int = 0
    categories: Mapping[str, int] = field(default_factory=dict)
    products: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Personal: never in a log, a history or an error.

    `dates` are days of her own `zone`; of a birthday only month and day count. `rating` is of her last
    feedback. `outcomes` are of the enrolment that asks, by the `id` of the step. `reached`: when messages
    of any channel did.
    """

    external_userid: str
    zone: str = "Asia/Shanghai"
    placement: str | None = None
    campaign: str | None = None
    store_id: str | None = None
    region_id: str | None = None
    city: str | None = None
    member: bool = False
    reachable: frozenset[str] = frozenset()
    group_kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    stage: Stage = Stage.NEW
    life_stage: str | None = None
    answered: frozenset[FormName] = frozenset()
    rating: int | None = None
    dates: Mapping[DateName, date] = field(default_factory=dict)
    orders: Sequence[Bought] = ()
    reached: Sequence[datetime] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict)
