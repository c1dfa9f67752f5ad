"""One copy of a persona, living: she comes, does what her file says, and reacts to what reaches her."""

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import PurePath
from random import Random

from simulators.state.received import Received
from simulators.state.till import Coupon
from starter.preview.agenda import Agenda
from starter.preview.corp import Corp
from starter.preview.deeds import PAST, Deeds, Refusal
from starter.preview.diary import ZONE, Diary
from starter.preview.persona import Deed, Occasion, Persona
from starter.preview.town import Built
from storage.tables import Batch, Touch

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")  # signed, and of a port that is free today
_OCCASIONS: dict[str, Occasion] = {
    "welcome": "greeting",
    "single": "message",
    "personal": "message",
    "group": "group_message",
    "group_welcome": "group_message",
    "moment": "moment",
}


class Player:
    """`number` 0 is the persona herself; the others are her copies, with draws of their own."""

    def __init__(
        self, persona: Persona, number: int, seed: str, corp: Corp, town: Built, agenda: Agenda
    ) -> None:
        self.persona, self.number = persona, number
        self._seed = f"{seed}/{persona.persona}/{number}"
        self._corp, self._agenda = corp, agenda
        self.deeds = Deeds(persona, f"wm-{persona.persona}-{number}", corp, town, agenda)
        self.diary = Diary(corp.clock())
        self._seen = self._coupons = 0
        self._tags: set[str] = set()
        self._done: Counter[int] = Counter()

    @property
    def external_userid(self) -> str:
        return self.deeds.external_userid

    async def born(self, start: datetime, spread_days: int = 0) -> None:
        """She exists, with her past at the till; her arrival and her dated deeds are on the agenda."""
        await self.deeds.born(self.number, start)
        self._coupons = len(self._coupons_of_hers())  # those of the past are no news
        dice = self._dice("comes", 0)
        day = start.astimezone(ZONE) + timedelta(days=dice.randrange(spread_days) if spread_days else 0)
        at = self.persona.comes.at
        came = day.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
        if spread_days:
            came += timedelta(minutes=dice.randrange(8 * 60))
        self.deeds.came = self.diary.began = came
        await self._agenda.at(came, self._come)
        for number, deed in enumerate(self.persona.does):
            for moment in _moments(deed, came):
                await self._plan(number, deed, moment)

    async def news(self) -> None:
        """What has reached her since the last look."""
        inbox = self._corp.world.inboxes.by_customer.get(self.external_userid, [])
        while self._seen < len(inbox):
            message = inbox[self._seen]
            self._seen += 1
            self._read(message)
            step = await self._step_of(message)
            await self.react(_OCCASIONS.get(message.channel, "message"), step)
            if chat_id := self._invitation(message):
                self.deeds.invited_to = chat_id
                await self.react("invitation", step)
        for coupon in self._coupons_of_hers()[self._coupons :]:
            self._coupons += 1
            name = self.deeds.template_of(coupon)
            self.diary.note(self._corp.clock(), "sent", f"coupon {name} is in her account")
            await self.react("coupon")

    def _coupons_of_hers(self) -> list[Coupon]:
        return [
            c
            for c in self._corp.world.till.coupons.values()
            if c.member_id == self.deeds.member_id and c.template_id != PAST
        ]

    def look_at_tags(self) -> None:
        """Whoever put them on or took them off."""
        world = self._corp.world
        relations = world.people.followers(self.external_userid)
        now = {world.tags.get(tag_id).name for one in relations for tag_id in one.tag_ids}
        at = self._corp.clock()
        if new := sorted(now - self._tags):
            self.diary.note(at, "story", f"tag {'、'.join(new)} put on")
        if gone := sorted(self._tags - now):
            self.diary.note(at, "story", f"tag {'、'.join(gone)} taken off")
        self._tags = now

    async def react(self, occasion: Occasion, step: str | None = None) -> None:
        """Put on the agenda whatever she does after this."""
        for number, deed in enumerate(self.persona.does):
            if deed.after == occasion and deed.step in (None, step):
                await self._plan(number, deed, self._corp.clock())

    def _dice(self, what: str, number: int) -> Random:
        return Random(f"{self._seed}/{what}/{number}")  # noqa: S311 - a persona draws lots, not secrets

    async def _plan(self, number: int, deed: Deed, moment: datetime) -> None:
        self._done[number] += 1
        dice = self._dice(f"deed {number}", self._done[number])
        happens, share = dice.random() < deed.chance, dice.random()
        if not happens or (deed.most is not None and self._done[-1 - number] >= deed.most):
            return
        self._done[-1 - number] += 1  # how often she really does it
        delay = deed.within * share if deed.within else deed.delay or timedelta(0)

        async def carry_out() -> None:
            await self._do(deed)

        await self._agenda.at(moment + delay, carry_out)

    async def _come(self) -> None:
        comes = self.persona.comes
        kind = self.deeds.town.door(comes)
        await self._carry_out(self.deeds.join_kind(kind) if kind else self.deeds.scan(comes))
        if kind:
            await self.react("join")

    async def _do(self, deed: Deed) -> None:
        await self._carry_out(self.deeds.do(deed))
        if deed.join:
            await self.react("join")

    async def _carry_out(self, doing) -> None:  # type: ignore[no-untyped-def]
        at = self._corp.clock()
        try:
            self.diary.note(at, "she", await doing)
        except Refusal as refusal:
            self.diary.note(at, "she", refusal.wanted, f"not possible: {refusal.reason}")

    def _read(self, message: Received) -> None:
        what = {
            "welcome": "greeting",
            "single": "message",
            "group": "message in the group",
            "group_welcome": "welcome in the group",
            "moment": "Moments",
        }.get(message.channel, message.channel)
        attached = ", ".join(self._attachment(one) for one in message.attachments)
        sender = self.deeds.name_of(message.userid)
        why = f"with {attached}" if attached else ""
        text = _ADDRESS.sub("(a link of her own)", message.text or "")
        self.diary.note(message.at, "sent", f"{what} from {sender}", why, text)

    def _attachment(self, attached: dict[str, dict[str, str]]) -> str:
        kind = str(attached.get("msgtype", ""))
        body = attached.get(kind, {})
        if chat_id := self._picture_of(body.get("media_id", "")):
            return f"the QR of {self.deeds.town.groups[chat_id].name}"
        if (stem := self._stem(body.get("media_id", ""))) in self.deeds.town.codes:
            return f"the QR of the code {stem}"
        return " ".join(part for part in (kind, body.get("title", "")) if part)

    def _invitation(self, message: Received) -> str | None:
        """The group whose QR picture is attached."""
        ids = [str(one.get("image", {}).get("media_id", "")) for one in message.attachments]
        return next((chat_id for one in ids if (chat_id := self._picture_of(one))), None)

    def _picture_of(self, media_id: str) -> str | None:
        chat_id = self._stem(media_id)
        return chat_id if chat_id in self.deeds.town.groups else None

    def _stem(self, media_id: str) -> str:
        """Of the file that was brought to WeCom."""
        medium = self._corp.world.media.ever(media_id)
        return PurePath(medium.filename).stem if medium else ""

    async def _step_of(self, message: Received) -> str | None:
        """The `id` of the step that sent it; asked only if somebody minds."""
        if message.msgid is None or not any(deed.step for deed in self.persona.does):
            return None
        from sqlmodel import col, select

        query = select(Touch.step).join(Batch, col(Batch.id) == col(Touch.batch_id))
        async with self._corp.database.transaction() as session:
            found = await session.exec(
                query.where(Batch.msgid == message.msgid, col(Touch.step).is_not(None))
            )
            return found.first()


def _moments(deed: Deed, came: datetime) -> list[datetime]:
    """When a deed is due that depends on no message."""
    days = deed.day or []
    if deed.every:
        last, apart = deed.until if deed.until is not None else 365, deed.every / timedelta(days=1)
        days = [round(apart * n) for n in range(1, int(last / apart) + 1)]
    local = came.replace(hour=deed.at.hour, minute=deed.at.minute)
    return [moment for day in days if (moment := local + timedelta(days=day)) >= came]
