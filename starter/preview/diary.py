"""What a preview tells: dated lines, in the order in which they happened."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")  # of every town


@dataclass(frozen=True)
class Line:
    """`kind`: she · staff · sent · story · wait. `text`: what she sees, as it was sent."""

    at: datetime
    kind: str
    what: str
    why: str = ""
    text: str = ""


@dataclass
class Diary:
    """Of one life. Days count from the one on which she came."""

    began: datetime
    lines: list[Line] = field(default_factory=list)

    def note(self, at: datetime, kind: str, what: str, why: str = "", text: str = "") -> None:
        self.lines.append(Line(at, kind, what, why, text))

    def day(self, at: datetime) -> int:
        return (at.astimezone(ZONE).date() - self.began.astimezone(ZONE).date()).days

    def event(self, line: Line) -> dict[str, Any]:
        """For programs. Minutes are as exact as a preview is: seconds are those that the machine took."""
        local = line.at.astimezone(ZONE).replace(second=0, microsecond=0)
        told = {"kind": line.kind, "what": line.what, "why": line.why, "text": line.text}
        return {"day": self.day(line.at), "at": local.isoformat(), **{k: v for k, v in told.items() if v}}

    def moment(self, at: datetime) -> str:
        """`day 4, Fri 09 Mar 10:30`."""
        return f"day {self.day(at)}, {at.astimezone(ZONE):%a %d %b %H:%M}"

    def page(self) -> list[str]:
        """Every line as people read it: when, what, and below it why and the text."""
        rows: list[str] = []
        last = ""
        for line in self.lines:
            local = line.at.astimezone(ZONE)
            when = f"day {self.day(line.at):<3}  {local:%a %d %b  %H:%M}"
            rows.append(f"{when if when != last else '':<28}{_MARKS[line.kind]} {line.what}{_because(line)}")
            rows += [f"{'':<28}  │ {part}".rstrip() for part in line.text.strip().splitlines()]
            last = when
        return rows


_MARKS = {"she": "●", "staff": "○", "sent": "✉", "story": "·", "wait": "…"}


def _because(line: Line) -> str:
    return f": {line.why}" if line.why else ""
