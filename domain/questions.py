"""What the interpreter has to know about her before it goes on. `domain.facts` answers.

Facts stay in PostgreSQL: a history holds the question, which way was chosen, and why in words.
"""

from pydantic import Field

from domain.playbook import Condition, Day, Wait
from domain.shape import Shape, UtcTime


class Experiment(Shape):
    """An A/B split; `shares` in percent by arm."""

    name: str
    shares: dict[str, int]


class StageDay(Shape):
    stage: str
    begins: Day | None = None


class Stages(Shape):
    """Which life stage is she in? `stay`: she was sent to `current`; when does one behind it begin?"""

    stages: list[StageDay]
    current: str | None = None
    stay: bool = False


OVER = "over"  # chosen: the day that a wait is for lies behind her


class Question(Shape):
    """Exactly one field is set."""

    cases: list[Condition | None] | None = Field(None, description="which is the first that holds?")
    split: Experiment | None = None
    wait: Wait | None = None
    stages: Stages | None = None


class Answer(Shape):
    """`chosen`: the number of the case, the arm or the life stage; None: none of them, or unknown."""

    chosen: str | None = None
    at: UtcTime | None = Field(None, description="until when to wait, or when the next life stage begins")
    why: str = Field("", description="in words, for `explain`; says no date and nothing personal")
    tier: str | None = Field(None, description="the first of the policy's tiers that she is in; empty: none")
