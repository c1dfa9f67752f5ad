"""What is wrong with a file: all of it at once, each with line, field, reason and remedy."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from starter.runtime import CommandFailed


@dataclass(frozen=True)
class BadCell:
    """A cell that holds nothing one could use."""

    reason: str
    remedy: str


@dataclass(frozen=True)
class Problem:
    """`line` as a spreadsheet program shows it; None and "" where the whole file or line is meant."""

    file: str
    line: int | None
    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        what = f"{self.field} {self.reason}" if self.field else self.reason
        return f"{place}: {what}: {self.remedy}"


class Problems(CommandFailed):
    """Nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        last = "Nothing was changed. Mend the file and run it again."
        super().__init__("\n".join([*map(str, self.problems), last]))

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(problem) for problem in self.problems]


def wrong(reason: str, remedy: str, field: str = "") -> PydanticCustomError:
    """What a validator raises; `field` where it is not the one that is validated."""
    return PydanticCustomError("wrong", "{reason}", {"reason": reason, "remedy": remedy, "field": field})
