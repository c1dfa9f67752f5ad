"""get_user_behavior_data (contract §11.1), computed from what happened."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from simulators.errors import WeComFault
from simulators.state.journal import Line
from simulators.wecom.route import Answer, ok, wecom_router
from simulators.wecom.spans import DAY, checked_span
from simulators.world import World, WorldDep

router = wecom_router()


class Wanted(BaseModel):
    userid: list[str] = Field(default=[], max_length=100)
    partyid: list[int] = Field(default=[], max_length=100)
    start_time: int
    end_time: int


@router.post("/externalcontact/get_user_behavior_data")
async def get_user_behavior_data(world: WorldDep, body: Wanted) -> Answer:
    """All the members are one series."""
    if not (body.userid or body.partyid):
        raise WeComFault(40063, "userid and partyid")
    days = checked_span(world, body.start_time, body.end_time)
    userids = _userids(world, body)
    data = [_day(world.journal.between(userids, day, day + DAY), day) for day in days]
    return ok(behavior_data=data)


def _userids(world: World, body: Wanted) -> set[str]:
    for department_id in body.partyid:
        if department_id not in world.org.departments:
            raise WeComFault(40066)
    named = [world.org.require_serving(userid) for userid in body.userid]
    below = [one for one in world.org.members_of(body.partyid) if world.org.serves(one.userid)]
    return {employee.userid.lower() for employee in (*named, *below)}


def _day(lines: list[Line], day: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "stat_time": int(day.timestamp()),
        "chat_cnt": len(_pairs(lines, "spoke")),
        "message_cnt": _count(lines, "spoke"),
        "negative_feedback_cnt": _count(lines, "lost"),
        "new_apply_cnt": _count(lines, "applied"),
        "new_contact_cnt": _count(lines, "added"),
    }
    minutes = _reply_minutes(lines)
    if minutes:  # without a chat that a customer began both are absent
        answers = [value for value in minutes if value is not None]
        fields["reply_percentage"] = round(100 * len(answers) / len(minutes), 2)
        fields["avg_reply_time"] = round(sum(answers) / len(answers)) if answers else 0
    return fields


def _reply_minutes(lines: list[Line]) -> list[float | None]:
    """For each customer who wrote: how long the first answer of that day took; None without one."""
    minutes: list[float | None] = []
    for pair in sorted(_pairs(lines, "heard")):
        asked = min(line.at for line in lines if line.kind == "heard" and _pair(line) == pair)
        answers = [
            line.at for line in lines if line.kind == "spoke" and _pair(line) == pair and line.at >= asked
        ]
        minutes.append((min(answers) - asked).total_seconds() / 60 if answers else None)
    return minutes


def _pairs(lines: list[Line], kind: str) -> set[tuple[str, str]]:
    return {_pair(line) for line in lines if line.kind == kind}


def _pair(line: Line) -> tuple[str, str]:
    return line.userid.lower(), line.external_userid


def _count(lines: list[Line], kind: str) -> int:
    return sum(line.kind == kind for line in lines)
