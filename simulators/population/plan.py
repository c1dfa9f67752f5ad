"""How the people of a population behave: every probability and every rate, in one model."""

from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

Probability = Annotated[float, Field(ge=0, le=1)]


class Plan(BaseModel):
    """Probabilities are of one occasion; rates are how often a month of 30 days brings it, on average."""

    model_config = ConfigDict(extra="forbid")

    seed: int | None = Field(None, description="left out: that of the simulator's configuration")
    real_time: bool = Field(False, description="live along with the clock; else only POST …/advance moves it")

    # Who comes, when and where
    people: PositiveInt = Field(100, description="so many come in all")
    arrivals_per_day: PositiveFloat = Field(20, description="on average")
    opens_at: int = Field(10, ge=0, le=23, description="hour in China; nobody does anything before")
    closes_at: int = Field(22, ge=1, le=24, description="hour in China; nobody does anything later")
    states: list[str] = Field([], description="codes that are scanned, evenly; empty: every contact way")
    join_ways: list[str] = Field([], description="config_ids of groups' codes; empty: every join way")
    stores: list[str] = Field([], description="stores of the till; empty: every store")

    # Whoever has scanned a code
    adds: Probability = Field(0.8, description="adds the employee; else only looked")
    chats_at_once: Probability = Field(0.3, description="writes to the employee")
    joins_group: Probability = Field(0.4, description="scans a join way")
    becomes_member: Probability = Field(0.6, description="of the till, with the same unionid")
    buys_at_once: Probability = Field(0.5, description="on the first visit")

    # Later, a month
    purchases_per_month: NonNegativeFloat = Field(2, description="of a friend")
    chats_per_month: NonNegativeFloat = Field(1, description="of a friend")
    drifts_per_month: NonNegativeFloat = Field(0.2, description="stops buying and chatting")
    returns_per_month: NonNegativeFloat = Field(0.15, description="who drifted, deleted or only looked")
    complaints_per_month: NonNegativeFloat = Field(0.03, description="deletes the employee")
    leaves_per_month: NonNegativeFloat = Field(0.05, description="leaves the group")
    spends_minor: tuple[NonNegativeInt, NonNegativeInt] = Field((1500, 6000), description="fen, evenly")
    redeems: Probability = Field(0.5, description="uses an open coupon when buying")

    # Employees in their client
    confirms_half_adds: Probability = Field(1, description="agrees to a friend request")
    confirms_tasks: Probability = Field(0.8, description="confirms a mass task (确认群发)")
    publishes_moments: Probability = Field(0.7, description="publishes a moment (发表朋友圈)")
    takes_minutes: tuple[NonNegativeFloat, NonNegativeFloat] = Field(
        (5, 240), description="until an employee does so, evenly"
    )

    @model_validator(mode="after")
    def in_order(self) -> "Plan":
        if self.opens_at >= self.closes_at:
            raise ValueError("opens_at must be before closes_at")
        for name in ("spends_minor", "takes_minutes"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: the smaller number first")
        return self
