"""Inputs and outputs of the Campaign workflow and its activities."""

from enum import StrEnum

from pydantic import Field, model_validator

from domain.campaign import CampaignStatus
from domain.shape import Duration, Shape, UtcTime


class CampaignStart(Shape):
    """Start of Campaign. How far it has come is in PostgreSQL, so every run begins with the same."""

    campaign_id: str
    renew_after_events: int | None = Field(None, description="for tests: continue as new this early")


class OrderKind(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    GO = "go"  # the next wave may begin


class Order(Shape):
    """Update of Campaign: what an operator decides. `id` makes giving it again safe."""

    id: str
    kind: OrderKind
    by: str
    reason: str = ""
    recall: bool = Field(
        False, description="pause, cancel: also take back what employees hold and have not confirmed"
    )

    @model_validator(mode="after")
    def _recalls_what_it_stops(self) -> "Order":
        if self.recall and self.kind not in (OrderKind.PAUSE, OrderKind.CANCEL):
            raise ValueError("only `pause` and `cancel` can recall what employees hold")
        return self


class CampaignRef(Shape):
    campaign_id: str


class OpenedCampaign(Shape):
    """Where a campaign stands when a run begins. `waves` are those that have not ended."""

    status: CampaignStatus
    title: str = ""
    reason: str = ""
    recall: bool = Field(False, description="what employees had not confirmed is taken back, too")
    begins_at: UtcTime | None = None
    until: UtcTime | None = None
    waves: list["WaveToDo"] = Field(default_factory=list)


class WaveToDo(Shape):
    """One part of the rollout that has still to be carried out."""

    number: int
    name: str
    then_wait: Duration
    confirm: bool = False


class WaveRef(Shape):
    campaign_id: str
    number: int


class WrittenWave(Shape):
    """All of it is `done`, or the campaign does not run any more."""

    status: CampaignStatus
    done: bool


class WaveEnd(StrEnum):
    """Why looking after a wave ends."""

    SETTLED = "settled"  # all its messages have an outcome
    FAILURES = "failures"  # too many: it pauses by itself
    STOCK = "stock"  # the store has sold enough
    OVER = "over"  # `until` has come
    STOPPED = "stopped"  # by an operator: `status` says how


class WatchedWave(Shape):
    end: WaveEnd
    reason: str = ""
    status: CampaignStatus = CampaignStatus.RUNNING


class GivenOrder(Shape):
    campaign_id: str
    order: Order


class ObeyedOrder(Shape):
    """What an order came to, and where the campaign stands now."""

    status: CampaignStatus
    answer: str


class StopRest(Shape):
    """Cancel what is not with an employee yet, and with `recall` what she has not confirmed."""

    campaign_id: str
    rule: str
    reason: str
    recall: bool = False


class Stopped(Shape):
    batches: int = 0


class FinishCampaign(Shape):
    campaign_id: str
    reason: str = ""


class CampaignEnd(Shape):
    """Where a campaign stands, and why."""

    status: CampaignStatus
    reason: str = ""
