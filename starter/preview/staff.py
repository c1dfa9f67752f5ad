"""The employees of a preview: they confirm messages, publish moments and tap to-dos, or do not."""

from datetime import timedelta
from random import Random

from simulators.state.staff_messages import StaffMessage
from starter.preview.agenda import Agenda
from starter.preview.corp import Corp
from starter.preview.diary import Line
from starter.preview.persona import Staff
from starter.preview.town import Built

DONE = "done"  # the button 已处理


class Employees:
    """All of a town; what each does with one message is drawn from the seed and the message's number."""

    def __init__(self, staff: Staff, corp: Corp, agenda: Agenda, town: Built, seed: str) -> None:
        self._staff, self._corp, self._agenda, self._seed = staff, corp, agenda, seed
        self._names = town.names
        self.lines: list[Line] = []
        self._tasks: set[tuple[str, str]] = set()
        self._moments: set[tuple[str, str]] = set()
        self._cards = 0
        self._known = (0, 0, 0)

    async def news(self) -> None:
        """Whatever is new for anybody."""
        world = self._corp.world
        there = (len(world.mass.all), len(world.moments.all), len(world.staff_messages.all))
        if there == self._known:
            return
        self._known = there
        for msgid, task in world.mass.all.items():
            for part in task.parts.values():
                if (msgid, part.userid) not in self._tasks:
                    self._tasks.add((msgid, part.userid))
                    await self._confirm("tasks/confirm", "msgid", msgid, part.userid, len(self._tasks))
        for moment_id, moment in world.moments.all.items():
            for publication in moment.parts.values():
                if (moment_id, publication.userid) not in self._moments:
                    self._moments.add((moment_id, publication.userid))
                    number = -len(self._moments)
                    await self._confirm("moments/publish", "moment_id", moment_id, publication.userid, number)
        for message in world.staff_messages.all[self._cards :]:
            self._cards += 1
            await self._tap(message)

    async def _confirm(self, what: str, field: str, found: str, userid: str, number: int) -> None:
        dice = Random(f"{self._seed}/staff/{number}")  # noqa: S311 - a made-up town draws lots, not secrets
        if dice.random() >= self._staff.confirms:
            self._note(f"{self._names[userid]} is asked to confirm a message, and does not")
            return
        delay = self._delay(dice)
        self._note(f"{self._names[userid]} is asked to confirm a message")

        async def confirm() -> None:
            await _unless_over(self._corp.street.do(what, **{field: found, "userid": userid}))

        await self._agenda.at(self._corp.clock() + delay, confirm)

    async def _tap(self, message: StaffMessage) -> None:
        sent = self._corp.world.staff_messages.sent[message.msgid]
        dice = Random(f"{self._seed}/card/{self._cards}")  # noqa: S311
        title = sent.card.main_title.title if sent.card and sent.card.main_title else ""
        self._note(f"to-do for {self._names.get(message.userid, message.userid)}", title)
        if sent.card is None or DONE not in sent.card.pressable() or dice.random() >= self._staff.todos:
            return

        async def tap() -> None:
            body = {"userid": message.userid, "key": DONE, "msgid": message.msgid}
            await _unless_over(self._corp.street.do("cards/tap", **body))

        await self._agenda.at(self._corp.clock() + self._delay(dice), tap)

    def _note(self, what: str, why: str = "") -> None:
        self.lines.append(Line(self._corp.clock(), "staff", what, why))

    def _delay(self, dice: Random) -> timedelta:
        return self._staff.within * dice.random() if self._staff.within else self._staff.after


async def _unless_over(doing) -> None:  # type: ignore[no-untyped-def]
    """A task may be cancelled, and a card replaced, before she comes to it."""
    try:
        await doing
    except RuntimeError:
        return
