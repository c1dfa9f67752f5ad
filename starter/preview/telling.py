"""From rows to words: a life's own story, what was planned, refused and sent, and what she waits for."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.customer import CustomerState, Enrolment
from domain.messages import SaveLife
from domain.steps import path
from starter.preview.corp import Corp
from starter.preview.diary import Diary, Line
from starter.preview.player import Player
from starter.preview.town import Built
from storage.story import StoryLine, story

# What the life says and the touch says with more; and that she leaves Temporal, which a preview puts off.
_NOT_TOLD = re.compile(
    r"(message of .+|reminder|reinvitation|fallback) (planned|refused)"
    r"|welcome sent|welcome .+: planned|parked"
)
_SECONDS = re.compile(r"/\d{9,}")  # in a key: different in every run, as the next
_NUMBER = re.compile(r"^(order|answer|redeemed coupon) [\w/-]+$")


@dataclass(frozen=True)
class _Saved:
    at: datetime
    state: CustomerState
    until: datetime | None


class Teller:
    """Of everybody in one preview."""

    def __init__(self, corp: Corp, town: Built) -> None:
        self._corp = corp
        names = town.names | {chat_id: group.name for chat_id, group in town.groups.items()}
        ids = sorted(map(re.escape, names), key=len, reverse=True)
        self._names, self._ids = names, re.compile(rf"(?<![\w-])({'|'.join(ids)})(?![\w-])")
        self._saved: defaultdict[str, list[_Saved]] = defaultdict(list)

    def saved(self, what: SaveLife, now: datetime) -> None:
        """A life wrote down where it stands and what it waits for."""
        self._saved[what.state.external_userid].append(_Saved(now, what.state, what.next_at))

    async def whole(self, player: Player, more: list[Line]) -> Diary:
        """Her diary with her story and her waits, minute by minute; `more` happened around her.

        Of one minute: what she and the employees did and what she saw, then her life's story, then the
        messages in the ledger, then what comes next. What took the machine longer changes no order.
        """
        diary = player.diary
        diary.lines += more
        async with self._corp.database.transaction() as session:
            lines = await story(session, player.external_userid)
        lines.sort(key=lambda line: not line.key.startswith("log/"))
        for line in lines:
            if not _NOT_TOLD.fullmatch(line.what):
                diary.lines.append(self._line(line))
        diary.lines += self._waits(player, diary)
        diary.lines.sort(key=lambda line: line.at.replace(second=0, microsecond=0))
        return diary

    def _line(self, line: StoryLine) -> Line:
        what, why = _SECONDS.sub("", line.what), _NUMBER.sub("", line.reason)
        return Line(line.at, "story", self._named(what), self._named(why))

    def _named(self, text: str) -> str:
        return self._ids.sub(lambda found: self._names[found[1]], text)

    def _waits(self, player: Player, diary: Diary) -> Iterator[Line]:
        """Where she stands at the end of each minute in which something changed."""
        mine = self._saved[player.external_userid]
        last = {saved.at.replace(second=0, microsecond=0): saved for saved in mine}
        before = ""
        for saved in last.values():
            if (now := _wait(saved, diary)) != before:
                yield Line(saved.at, "wait", now)
            before = now


def _wait(saved: _Saved, diary: Diary) -> str:
    places = ", ".join(_place(enrolment) for enrolment in saved.state.active)
    behind = f" at {places}" if places else ""
    if saved.until is None:
        return f"waits until something happens{behind}"
    return f"waits until {diary.moment(saved.until)}{behind}"


def _place(enrolment: Enrolment) -> str:
    awaited = enrolment.waits_for or ""
    if not awaited:
        return path(enrolment)
    return f"{path(enrolment)} for {'its delivery' if '/' in awaited and awaited.count('/') > 1 else awaited}"
