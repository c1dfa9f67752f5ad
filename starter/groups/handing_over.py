"""Groups pass to another owner: what WeCom would refuse is told before, its lost answers are looked up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from integrations import wecom
from integrations.wecom.endpoints.handover import MAX_GROUPS
from settings import Clock
from starter.patience import patiently
from starter.runtime import CommandFailed
from storage import handovers
from storage.database import Database
from storage.tables import Employee, Group, GroupHandover

SETTLING = timedelta(minutes=1)  # WeCom may still be about to do what it gave no answer to
LEFT, AT_WORK = 90502, 90500  # the owner has left already; has not left yet: the other API is meant
_WORDS = {
    40128: "it changed hands twice in the last 90 days",
    45009: "300 groups a day is all that WeCom lets a person hand over: go on tomorrow",
    49008: "it was dismissed",
    90501: "it is no customer group",
    90503: "it is full: the new owner must be in it before",
    90504: "it is theirs already",
    90507: "it is being handed over already",
    90508: "it was handed over already",
}


@dataclass(frozen=True)
class Move:
    """One group's way. `problem`: why it is not tried, or was not moved; else it is empty."""

    chat_id: str
    name: str = ""
    old_owner: str = ""
    on_job: bool = True
    problem: str = ""
    status: str = "planned"


class HandOver:
    """For one new owner."""

    def __init__(self, database: Database, client: wecom.WeComClient, clock: Clock, new_owner: str) -> None:
        self._database, self._client, self._clock, self._to = database, client, clock, new_owner.lower()

    async def preview(self, chat_ids: Sequence[str]) -> list[Move]:
        """What would be done. Asks WeCom only about groups whose last handover had no answer."""
        wanted, now = list(dict.fromkeys(chat_ids)), self._clock()
        async with self._database.transaction() as session:
            taker = await session.get(Employee, self._to)
            unclear = await handovers.unclear(session, wanted)
        if taker is None or not taker.active:
            raise CommandFailed(f"there is no active employee {self._to!r}; see `journeys employees list`")
        for chat_id in unclear:
            await self._look(chat_id)
        async with self._database.transaction() as session:
            known = await handovers.owners(session, wanted)
            unclear = await handovers.unclear(session, wanted)
            often = await handovers.too_often(session, wanted, now)
            people = {self._to, *(group.owner or "" for group, _ in known.values())}
            room = {one: handovers.PER_DAY - await handovers.today(session, one, now) for one in people}
        moves = [self._planned(chat_id, known, set(unclear), often) for chat_id in wanted]
        return list(self._within_the_day(moves, room))

    def _planned(
        self, chat_id: str, known: Mapping[str, tuple[Group, bool]], unclear: set[str], often: set[str]
    ) -> Move:
        if chat_id not in known:
            return Move(chat_id, problem="there is no such group here; see `journeys groups list`")
        group, at_work = known[chat_id]
        move = Move(chat_id, group.name, group.owner or "", on_job=at_work)
        if group.dismissed_at:
            return replace(move, problem=_WORDS[49008])
        if group.owner == self._to:
            return replace(move, problem=_WORDS[90504])
        if chat_id in unclear:
            return replace(move, problem="WeCom has not answered the last handover yet: wait a minute")
        return replace(move, problem=_WORDS[40128]) if at_work and chat_id in often else move

    def _within_the_day(self, moves: Sequence[Move], room: dict[str, int]) -> Iterator[Move]:
        for move in moves:
            people = (self._to, move.old_owner)
            if move.problem:
                yield move
            elif min(room[one] for one in people) <= 0:
                yield replace(move, problem=_WORDS[45009])
            else:
                for one in people:
                    room[one] -= 1
                yield move

    async def carry_out(self, moves: Sequence[Move], by: str, why: str) -> list[Move]:
        """Hand over what can be; the groups whose owners turn out to have left, or not, by the other API."""
        done = {move.chat_id: move for move in moves if move.problem}
        waiting = [move for move in moves if not move.problem]
        for _ in range(2):
            again: list[Move] = []
            for on_job in (True, False):
                mine = [move for move in waiting if move.on_job is on_job]
                for start in range(0, len(mine), MAX_GROUPS):
                    some = mine[start : start + MAX_GROUPS]
                    for move, errcode in await self._hand_over(some, by, why, on_job=on_job):
                        done[move.chat_id] = move
                        if errcode == (LEFT if on_job else AT_WORK):
                            again.append(replace(move, on_job=not on_job, problem=""))
            waiting = again
        return [done[move.chat_id] for move in moves]

    async def _hand_over(
        self, some: Sequence[Move], by: str, why: str, *, on_job: bool
    ) -> list[tuple[Move, int | None]]:
        """One call. Every group of it with what came of it, and WeCom's number if it refused."""
        ids = [move.chat_id for move in some]
        async with self._database.transaction() as session:
            rows = await handovers.claim(session, ids, self._to, by, why, on_job=on_job, now=self._clock())
        results: dict[str, tuple[str, str, int | None]] = {}
        if rows:
            results = await self._ask(list(rows), on_job=on_job)
            await self._settle(rows, results)
        busy = handovers.REFUSED, "somebody else is just handing it over", None
        told = []
        for move in some:
            status, reason, errcode = results.get(move.chat_id, busy)
            told.append((replace(move, status=status, problem=reason), errcode))
        return told

    async def _ask(self, ids: list[str], *, on_job: bool) -> dict[str, tuple[str, str, int | None]]:
        """By group: the status, the reason, WeCom's number. Its answer names only those that it refused."""
        transfer = self._client.transfer_groups if on_job else self._client.transfer_resigned_groups
        try:
            failed = await patiently(lambda: transfer(ids, self._to))
        except wecom.Unreachable as error:
            unknown = (
                handovers.UNKNOWN,
                "WeCom gave no answer: run it again in a minute, it looks who owns it",
            )
            never = handovers.REFUSED, f"WeCom was not reached: {error}"
            status, reason = unknown if error.maybe_done else never
            return dict.fromkeys(ids, (status, reason, None))
        except wecom.WeComError as error:
            return dict.fromkeys(ids, (handovers.REFUSED, str(error)[:200], None))
        moved: dict[str, tuple[str, str, int | None]] = dict.fromkeys(ids, (handovers.DONE, "", None))
        return moved | {
            one.chat_id: (
                handovers.REFUSED,
                _WORDS.get(one.errcode, f"{one.errcode} {one.errmsg}"),
                one.errcode,
            )
            for one in failed
        }

    async def _settle(
        self, rows: Mapping[str, GroupHandover], results: Mapping[str, tuple[str, str, int | None]]
    ) -> None:
        async with self._database.transaction() as session:
            for chat_id, (status, reason, _) in results.items():
                await handovers.settle(session, rows[chat_id], status, reason, self._clock())

    async def _look(self, chat_id: str) -> None:
        """Who owns a group whose handover had no answer."""
        owner = (await patiently(lambda: self._client.get_group_chat(chat_id, need_name=False))).owner
        async with self._database.transaction() as session:
            await handovers.seen(session, chat_id, owner, self._clock(), SETTLING)
            (await session.get_one(Group, chat_id)).owner = owner
