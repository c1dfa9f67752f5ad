"""One customer's story as PostgreSQL tells it: what she went through, what was sent or not, and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from storage.tables import LogEntry, Touch


@dataclass(frozen=True)
class StoryLine:
    """One dated line. `key` is stable, so that a reader can tell new lines from old ones."""

    at: datetime
    key: str
    what: str
    reason: str


async def story(session: AsyncSession, external_userid: str) -> list[StoryLine]:
    """Everything, oldest first. A touch appears where it was planned and again where it was settled.

    Of one moment, the lines of her life come first, in their own order.
    """
    entries = select(LogEntry).where(LogEntry.external_userid == external_userid)
    touches = select(Touch).where(Touch.external_userid == external_userid).order_by(col(Touch.key))
    lines = [
        StoryLine(e.at, f"log/{e.seq}", e.what, e.reason)
        for e in (await session.exec(entries.order_by(col(LogEntry.seq)))).all()
    ]
    for touch in (await session.exec(touches)).all():
        lines += _touch_lines(touch)
    return sorted(lines, key=lambda line: line.at)


def _touch_lines(touch: Touch) -> list[StoryLine]:
    name = f"{touch.channel} {_short(touch)}"
    lines = [StoryLine(touch.planned_at, f"{touch.key}/planned", f"{name}: planned", _by(touch))]
    if touch.settled_at:
        why = ": ".join(part for part in (touch.rule, touch.reason) if part)
        lines.append(StoryLine(touch.settled_at, f"{touch.key}/settled", f"{name}: {touch.status}", why))
    elif touch.status != "planned":
        at = touch.claimed_at or touch.planned_at
        lines.append(StoryLine(at, f"{touch.key}/{touch.status}", f"{name}: {touch.status}", touch.reason))
    return lines


def _short(touch: Touch) -> str:
    """The key without what every line of her story would repeat."""
    return touch.key.replace(f"{touch.external_userid}/", "").removeprefix("welcome/")


def _by(touch: Touch) -> str:
    return f"to be confirmed by {touch.userid}" if touch.channel == "private" and touch.userid else ""
