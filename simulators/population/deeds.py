"""What people do, one deed each, through the control API. The detail that is returned goes into the log."""

from collections.abc import Awaitable, Callable

from simulators.population import chance
from simulators.population.door import Door
from simulators.population.story import Person, Story, What
from simulators.state.refused import Refused
from simulators.world import World


class Deeds:
    def __init__(self, world: World, story: Story, door: Door) -> None:
        self._world, self._story, self._door = world, story, door
        self._by_name: dict[What, Callable[[Person], Awaitable[str]]] = {
            "buy": self.buy,
            "chat": self.chat,
            "drift": self.drift,
            "return": self.come_back,
            "complain": self.complain,
            "leave": self.leave,
        }

    async def do(self, what: What, person: Person) -> None:
        self.tell(person.nickname, what, await self.attempt(self._by_name[what](person)))

    async def attempt(self, deed: Awaitable[str]) -> str:
        """The world may say no, as when a group is full: that is a part of the story."""
        try:
            return await deed
        except Refused as error:
            return f"refused: {error.reason}"

    def tell(self, who: str, what: str, detail: str = "") -> None:
        self._story.tell(who, what, detail)

    async def arrive(self) -> Person:
        person = chance.newcomer(self._story)
        self._story.people[person.number] = person
        ids = {"external_userid": person.external_userid, "unionid": person.unionid}
        await self._door.do("people", nickname=person.nickname, **ids)
        await self.scan(person)
        return person

    async def scan(self, person: Person) -> None:
        """In front of a code: adds the employee, or only looks."""
        if person.dice.random() >= self._story.plan.adds:
            person.mood = "looking"
            self.tell(person.nickname, "look")
            return
        self.tell(person.nickname, "scan", await self.attempt(self._scan(person)))
        if person.mood == "friend":
            await self.settle_in(person)

    async def settle_in(self, person: Person) -> None:
        """The rest of the first visit."""
        plan, dice = self._story.plan, person.dice
        deeds: list[What] = []
        if dice.random() < plan.chats_at_once:
            deeds.append("chat")
        if dice.random() < plan.joins_group and person.chat_id is None:
            self.tell(person.nickname, "join", await self.attempt(self._join(person)))
        if dice.random() < plan.becomes_member and person.member_id is None:
            self.tell(person.nickname, "enrol", await self.attempt(self._enrol(person)))
        if dice.random() < plan.buys_at_once and self.stores():
            deeds.append("buy")
        for deed in deeds:
            await self.do(deed, person)

    def stores(self) -> list[str]:
        return self._story.plan.stores or list(self._world.till.stores)

    async def _scan(self, person: Person) -> str:
        states = self._story.plan.states
        ways = [way.config_id for way in self._world.ways.contact_ways.values() if not way.spec.is_temp]
        if not (states or ways):
            raise Refused("there is no contact way")
        code = {"state": person.dice.choice(states)} if states else {"config_id": person.dice.choice(ways)}
        added = await self._door.do("scan", external_userid=person.external_userid, **code)
        userid = person.userid = str(added["userid"])
        relation = self._world.people.relation(userid, person.external_userid)
        waits = relation is None or relation.half or relation.deleted_by_customer
        person.mood = "waiting" if waits else "friend"
        if waits:
            self._await_confirmation(person)
        return userid

    def _await_confirmation(self, person: Person) -> None:
        story = self._story
        occasion = f"half add of {person.number} after {story.thoughts}"
        delay = chance.reaction(story, story.plan.confirms_half_adds, occasion)
        if delay is not None:
            at = story.now + delay
            person.thought = story.expect(at, "confirm_half_add", person=person.number)

    async def _join(self, person: Person) -> str:
        ways = self._story.plan.join_ways or list(self._world.ways.join_ways)
        if not ways:
            raise Refused("there is no join way")
        way = person.dice.choice(ways)
        joined = await self._door.do("join", external_userid=person.external_userid, config_id=way)
        person.chat_id = joined["chat_id"]
        return self._world.groups.known(person.chat_id).name

    async def _enrol(self, person: Person) -> str:
        made = await self._door.do("till/members", unionid=person.unionid, name=person.nickname)
        person.member_id = made["member_id"]
        return ""

    # ---- later

    async def buy(self, person: Person) -> str:
        plan, dice = self._story.plan, person.dice
        store, amount = dice.choice(self.stores()), dice.randint(*plan.spends_minor)
        coupon = self._open_coupon(person) if dice.random() < plan.redeems else None
        body = {"store_id": store, "amount_minor": amount, "member_id": person.member_id, "coupon_id": coupon}
        await self._door.do("till/orders", **body)
        return f"{store} {amount}" + (" with a coupon" if coupon else "")

    def _open_coupon(self, person: Person) -> str | None:
        coupons = self._world.till.coupons.values()
        mine = (one for one in coupons if one.member_id == person.member_id and one.status == "issued")
        return next((one.coupon_id for one in mine), None)

    async def chat(self, person: Person) -> str:
        await self._door.do("chat", userid=person.userid, external_userid=person.external_userid)
        return person.userid or ""

    async def drift(self, person: Person) -> str:
        person.mood = "drifted"
        return ""

    async def come_back(self, person: Person) -> str:
        """Who deleted the employee, or only looked, stands before a code again."""
        if person.mood == "drifted":
            person.mood = "friend"
        else:
            await self.scan(person)
        return ""

    async def complain(self, person: Person) -> str:
        pair = {"userid": person.userid, "external_userid": person.external_userid}
        person.mood = "gone"
        await self._door.do("delete", by="customer", **pair)
        return person.userid or ""

    async def leave(self, person: Person) -> str:
        chat_id, person.chat_id = person.chat_id, None
        await self._door.do("leave", external_userid=person.external_userid, chat_id=chat_id)
        return ""

    # ---- the employee, whom a half add waits for

    async def confirm_half_add(self, person: Person) -> None:
        self.tell(person.userid or "", "confirm_half_add", await self.attempt(self._confirm(person)))
        if person.mood == "friend":
            await self.settle_in(person)

    async def _confirm(self, person: Person) -> str:
        pair = {"userid": person.userid, "external_userid": person.external_userid}
        await self._door.do("confirm_half_add", **pair)
        person.mood = "friend"
        return person.nickname
