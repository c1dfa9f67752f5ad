"""Contact ways, many of them, each made exactly once: written down first, looked for before a second try."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from integrations import wecom
from settings import Clock
from starter.patience import patiently
from starter.progress import each
from storage import codes
from storage.codes import Key, Way, key_of
from storage.database import Database
from storage.tables import EntryCode

UNKNOWN_WAY = 41044
WHOLE_APP = {41045, 48001, 48002, 60020, 40013, 40056, 41057}  # the next code would fare no better
SILENCE = 8  # calls without an answer, one after the other: WeCom is not there
PASSES = 3  # the second and third are for calls whose answer was lost
SKEW = timedelta(minutes=5)  # our clock and WeCom's
LOOKS_AT_ONCE = 8
REMARK_CHARS = 30  # contract §2.1


@dataclass
class Failure:
    """One way that was not made. `error` is what WeCom said, if it was asked."""

    key: Key
    reason: str
    error: Exception | None = None


@dataclass
class Made:
    """`found`: made by an earlier call, whose answer was lost."""

    made: set[Key] = field(default_factory=set)
    found: set[Key] = field(default_factory=set)
    failures: dict[Key, Failure] = field(default_factory=dict)


class WayMaker:
    """For one list of ways. `answer_seconds`: so long after a claim WeCom may still be about to make it."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        clock: Clock,
        *,
        at_once: int,
        answer_seconds: float,
    ) -> None:
        self._database, self._client, self._clock = database, client, clock
        self._at_once, self._answer = at_once, timedelta(seconds=answer_seconds)
        self._done = Made()
        self._silent = 0
        self._stop = ""

    async def make(self, ways: Sequence[Way], claimed: set[Key], label: str) -> Made:
        """`claimed` are those that an earlier call began. What cannot be made is told; the others go on."""
        unclear = {key_of(way) for way in ways} & claimed
        missing = list(ways)
        for _ in range(PASSES):
            missing = await self._look_for(missing, unclear)
            await each(missing, self._make, label=label, at_once=self._at_once)
            missing = [way for way in missing if not way.config_id and key_of(way) not in self._done.failures]
            unclear = {key_of(way) for way in missing}
            if not missing:
                break
        for way in missing:
            reason = "WeCom's answer was lost, three times: run it again, it looks for what was made"
            self._fail(way, self._stop or reason)
        return self._done

    async def _look_for(self, ways: Sequence[Way], unclear: set[Key]) -> list[Way]:
        """Settle what was made after all; returns what was not."""
        lost = [way for way in ways if key_of(way) in unclear]
        if not lost or self._stop:
            return list(ways)
        youngest = max(way.created_at for way in lost) + self._answer - self._clock()
        await asyncio.sleep(max(0.0, youngest.total_seconds()))
        there = await self._strangers(min(way.created_at for way in lost) - SKEW)
        for way in lost:
            if found := there.get(key_of(way)):
                if isinstance(way, EntryCode):
                    way.userids = [userid.lower() for userid in found.user]
                await self._write(codes.settle, way, found.config_id, found.qr_code)
                self._done.found.add(key_of(way))
        return [way for way in ways if not way.config_id]

    async def _strangers(self, start: Any) -> dict[Key, wecom.ContactWay]:
        """The ways that WeCom made since then and that we do not know: one list for all lost answers."""
        async with self._database.transaction() as session:
            ours = await codes.config_ids(session)
        listed = [one async for one in self._client.list_contact_ways(start=start) if one not in ours]
        found: dict[Key, wecom.ContactWay] = {}

        async def look(config_id: str) -> None:
            try:
                way = await patiently(lambda: self._client.get_contact_way(config_id))
            except wecom.WeComError as error:
                if error.errcode != UNKNOWN_WAY:
                    raise
                return  # deleted meanwhile
            single = way.type is wecom.ContactWayType.SINGLE
            found.setdefault((way.state, way.user[0].lower() if single else None), way)

        await each(listed, look, label="looking for lost answers", at_once=LOOKS_AT_ONCE)
        return found

    async def _make(self, way: Way) -> None:
        if self._stop:
            self._fail(way, f"not tried: {self._stop}")
            return
        if not await self._write(codes.claim, way, self._clock()):
            self._fail(way, "somebody else has just made it: look at it again")
            return
        try:
            made = await patiently(lambda: self._client.add_contact_way(_new(way)))
        except wecom.Unreachable as error:
            await self._unreachable(way, error)
        except (wecom.WeComError, wecom.InvalidMessage) as error:
            self._silent = 0
            await self._write(codes.release, way)
            if isinstance(error, wecom.TokenRejected) or getattr(error, "errcode", None) in WHOLE_APP:
                self._stop = str(error)
            self._fail(way, str(error), error)
        else:
            self._silent = 0
            await self._write(codes.settle, way, made.config_id, made.qr_code)
            self._done.made.add(key_of(way))

    async def _unreachable(self, way: Way, error: wecom.Unreachable) -> None:
        """It may have been made all the same: then its claim stays, and the next pass looks for it."""
        self._silent += 1
        if self._silent >= SILENCE:
            self._stop = f"WeCom does not answer ({error}): run it again later, it goes on from here"
        if not error.maybe_done:
            await self._write(codes.release, way)
            self._fail(way, str(error), error)

    async def _write(self, write: Callable[..., Any], *arguments: Any) -> Any:
        async with self._database.transaction() as session:
            return await write(session, *arguments)

    def _fail(self, way: Way, reason: str, error: Exception | None = None) -> None:
        self._done.failures[key_of(way)] = Failure(key_of(way), reason, error)


def _new(way: Way) -> wecom.NewContactWay:
    if isinstance(way, EntryCode):
        kind, users = wecom.ContactWayType.MULTIPLE, tuple(way.userids)
    else:
        kind, users = wecom.ContactWayType.SINGLE, (way.userid,)
    return wecom.NewContactWay(type=kind, user=users, state=way.state, remark=way.state[:REMARK_CHARS])
