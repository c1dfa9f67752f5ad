"""What a persona can do, through the same buttons and pages as anybody: codes, groups, the till, forms."""

import functools
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from activities.composition import form_links
from activities.till_clients import till_client
from domain import links
from domain.customer import Command, CommandKind
from domain.events import FormName
from simulators.state.people import Relation
from simulators.state.till import Coupon
from simulators.tills import Told
from starter import lifelines
from starter.preview.agenda import Agenda
from starter.preview.corp import Corp
from starter.preview.diary import ZONE
from starter.preview.persona import Answer, Comes, Deed, PastOrder, Persona, Purchase
from starter.preview.town import Built
from starter.simulated_tills import remember

PAST = "PAST"  # the template of coupons that were used before the preview begins
SECOND_PUSH = timedelta(seconds=20)
_FORM_LINK = re.compile(r"/f/([A-Za-z0-9_-]+)")
_CODE_LINK = re.compile(r'href="/s/([^"/]+)"')
AT_NOON = timedelta(hours=12)


class Refusal(Exception):
    """The world says no: `wanted` is what she tried."""

    def __init__(self, wanted: str, reason: str) -> None:
        super().__init__(f"{wanted}: {reason}")
        self.wanted, self.reason = wanted, reason


class Deeds:
    """Every method tells what she did, in words, or raises Refusal."""

    def __init__(
        self, persona: Persona, external_userid: str, corp: Corp, town: Built, agenda: Agenda
    ) -> None:
        self.persona, self.external_userid, self.town = persona, external_userid, town
        self._corp, self._agenda = corp, agenda
        self.member_id: str | None = None
        self.invited_to: str | None = None
        self.came = corp.clock()

    async def born(self, number: int, start: datetime) -> None:
        """She exists, and if the till knows her, with her orders of the past."""
        unionid = f"o-{self.external_userid}"
        who = {"external_userid": self.external_userid, "unionid": unionid}
        nickname = self.persona.nickname + (str(number) if number else "")
        await self._corp.street.do("people", nickname=nickname, **who)
        if self.persona.member:
            self.member_id = self._corp.world.till.new_id("member")
            await self._corp.street.do("till/members", member_id=self.member_id, unionid=unionid)
        for order in self.persona.orders:
            await self._paid_before(order, start)
        if self.member_id:
            await self._remembered(self.member_id)

    async def _remembered(self, member_id: str) -> None:
        corp = self._corp
        till = till_client(corp.settings, corp.http, corp.clock)
        await remember(corp.database, till, self.external_userid, member_id, corp.clock())

    async def do(self, deed: Deed) -> str:
        """Whatever the deed is."""
        simple: dict[str, Callable[[], Awaitable[str]]] = {
            "join": self.join,
            "leave_group": self.leave_group,
            "chat": self.chat,
            "delete": self.delete,
            "opt_out": self.opt_out,
        }
        if deed.buy:
            return await self.buy(deed.buy)
        if deed.answer:
            return await self.answer(deed.answer)
        if deed.scan:
            return await self.scan(deed.scan)
        if deed.tagged:
            return await self.tagged(deed.tagged)
        return await simple[deed.kind]()

    # ---- codes and groups

    async def scan(self, comes: Comes) -> str:
        """She scans a code, and becomes the friend of whoever it shows."""
        state = self.town.state(comes)
        wanted = f"she scans {state}"
        if comes.latitude is not None:
            state = await self._nearest(state, comes)
            wanted = f"she opens the page of {wanted.rpartition(' ')[2]} and takes the nearest, {state}"
        added = await self._press(wanted, "scan", external_userid=self.external_userid, state=state)
        return f"{wanted}: {self.name_of(added['userid'])} is her friend"

    async def _nearest(self, state: str, comes: Comes) -> str:
        """She opens a code's page, tells where she is, and takes the first store of the list (M12)."""
        here = {"lat": str(comes.latitude), "lon": str(comes.longitude)}
        page = await self._corp.http.post(f"{self._corp.gateway_url}/s/{state}/nearest", data=here)
        return unquote(next(iter(_CODE_LINK.findall(page.text)), state))

    async def join(self) -> str:
        """The group that she was invited to."""
        if self.invited_to is None:
            raise Refusal("she wants to join a group", "nobody has invited her")
        return await self._join(self.invited_to)

    async def join_kind(self, kind: str) -> str:
        """The group of this kind of the store where she comes."""
        store = self.town.code(self.persona.comes)[0]
        mine = [chat_id for chat_id, group in self.town.groups.items() if group.kind == kind]
        near = [chat_id for chat_id in mine if self.town.groups[chat_id].store_id == store]
        if not mine:
            raise Refusal(f"she wants to join a group of the kind {kind!r}", "the town has none")
        return await self._join((near or mine)[0])

    async def _join(self, chat_id: str) -> str:
        group = self.town.groups[chat_id]
        wanted = f"she joins {group.name}"
        await self._press(
            wanted, "join", external_userid=self.external_userid, config_id=group.join_config_id
        )
        return wanted

    async def leave_group(self) -> str:
        """Every group that she is in."""
        groups = [g for g in self._corp.world.groups.all.values() if g.has(self.external_userid)]
        wanted = f"she leaves {'、'.join(g.name for g in groups) or 'the group'}"
        if not groups:
            raise Refusal(wanted, "she is in none")
        for group in groups:
            await self._press(wanted, "leave", external_userid=self.external_userid, chat_id=group.chat_id)
        return wanted

    # ---- her employee

    async def chat(self) -> str:
        friend = self._friend("she writes to her employee")
        pair = {"userid": friend.userid, "external_userid": self.external_userid}
        await self._press("she writes", "chat", **pair)
        return f"she writes to {self.name_of(friend.userid)}"

    async def delete(self) -> str:
        """As customers leave: without a word."""
        friend = self._friend("she deletes her employee")
        pair = {"userid": friend.userid, "external_userid": self.external_userid}
        wanted = f"she deletes {self.name_of(friend.userid)}"
        await self._press(wanted, "delete", by="customer", **pair)
        return wanted

    async def opt_out(self) -> str:
        """An operator writes it down for her."""
        command = Command(
            id=f"opt-out-{self.external_userid}", kind=CommandKind.OPT_OUT, by="preview", reason="she asked"
        )
        await lifelines.order(self._corp.env.client, self.external_userid, command)
        return "she wants no more messages"

    async def tagged(self, names: list[str]) -> str:
        """By hand, in the employee's client; WeCom tells no app of it."""
        friend = self._friend("her employee tags her")
        tags = self._corp.world.tags
        known = {tag.name: tag.tag_id for group in tags.living() for tag in group.tags if not tag.deleted}
        if missing := [name for name in names if name not in known]:
            made = await self._corp.street.do("console/tags", group_name="员工标签", tags=missing)
            known |= made["tag_ids"]
        friend.tag_ids = list(dict.fromkeys([*friend.tag_ids, *(known[name] for name in names)]))
        return f"{self.name_of(friend.userid)} gives her the tag {'、'.join(names)} by hand"

    # ---- the till and the forms

    async def buy(self, purchase: Purchase) -> str:
        store = self.town.store(purchase.store or self.town.code(self.persona.comes)[0])
        coupon = self._coupon(purchase.coupon) if purchase.coupon else None
        wanted = f"she pays {purchase.yuan} yuan at {store.name}"
        order = _order(store.store, int(purchase.yuan * 100), purchase.category, self.member_id)
        paid = await self._press(wanted, "till/orders", **order, coupon_id=coupon, push=False)
        await self._push("order.paid", paid["order_id"])
        if coupon:
            # The two pushes would race; here the first has had its effect before the second comes.
            later = functools.partial(self._push, "coupon.redeemed", paid["order_id"], coupon)
            await self._agenda.at(self._corp.clock() + SECOND_PUSH, later)
        return wanted + (f" with the coupon {purchase.coupon}" if coupon else "")

    async def answer(self, answer: Answer) -> str:
        """Through the link in a message, else through one that she was given by hand."""
        wanted = f"she answers the form {answer.form}"
        token = self._link(answer.form)
        url = f"{self._corp.gateway_url}{links.PATH}{token}" if token else self._by_hand(answer.form)
        page = await self._corp.http.post(url, data=_fields(answer, self.came))
        if page.is_error:
            raise Refusal(wanted, f"the form says no ({page.status_code})")
        return wanted

    def name_of(self, userid: str) -> str:
        return self.town.names.get(userid, userid)

    async def _paid_before(self, order: PastOrder, start: datetime) -> None:
        store = order.store or self.town.code(self.persona.comes)[0]
        body = _order(store, int(order.yuan * 100), order.category, self.member_id)
        paid_at = (start - timedelta(days=order.days_ago) + AT_NOON).isoformat()
        coupon = None
        if order.coupon and self.member_id:
            key = f"{self.external_userid}/{order.days_ago}"
            coupon = self._corp.world.till.issue(PAST, self.member_id, key)[0].coupon_id
        await self._corp.street.do("till/orders", **body, paid_at=paid_at, coupon_id=coupon, push=False)

    def _link(self, form: FormName) -> str | None:
        """The newest that she has on her phone."""
        inbox = self._corp.world.inboxes.by_customer.get(self.external_userid, [])
        key = self._corp.settings.link_key.get_secret_value().encode()
        for message in reversed(inbox):
            for token in _FORM_LINK.findall(message.text or ""):
                if links.read(token, key, message.at).form is form:
                    return str(token)
        return None

    def _by_hand(self, form: FormName) -> str:
        return form_links(self._corp.settings).link(self.external_userid, form, self._corp.clock())

    async def _push(self, what: str, order_id: str, coupon_id: str | None = None) -> None:
        """The till tells us."""
        world = self._corp.world
        coupon = world.till.coupon(coupon_id) if coupon_id else None
        world.till_push.tell(Told(what, world.till.order(order_id), coupon))

    def _coupon(self, template: str) -> str | None:
        open_ones = (
            c.coupon_id
            for c in self._corp.world.till.coupons.values()
            if c.member_id == self.member_id and self.template_of(c) == template and c.status == "issued"
        )
        return next(open_ones, None)

    def template_of(self, coupon: Coupon) -> str:
        """As the playbook calls it."""
        known = self._corp.world.till.templates.get(coupon.template_id)
        return known.name if known else coupon.template_id

    def _friend(self, wanted: str) -> Relation:
        relations = self._corp.world.people.followers(self.external_userid)
        friend = next((one for one in relations if not one.deleted_by_customer), None)
        if friend is None:
            raise Refusal(wanted, "she has no employee")
        return friend

    async def _press(self, wanted: str, what: str, **body: Any) -> Any:
        try:
            return await self._corp.street.do(what, **body)
        except RuntimeError as error:
            raise Refusal(wanted, str(error)) from None


def _order(store_id: str, fen: int, category: str, member_id: str | None) -> dict[str, Any]:
    line = {
        "product_id": "p1",
        "name": category or "商品",
        "category": category,
        "paid": {"amount_minor": fen},
    }
    return {"store_id": store_id, "amount_minor": fen, "member_id": member_id, "lines": [line]}


def _fields(answer: Answer, came: datetime) -> dict[str, str]:
    day = (came.astimezone(ZONE) + timedelta(days=answer.in_days)).date()
    if answer.form is FormName.BIRTHDAY:
        return {"month": str(day.month), "day": str(day.day)}
    if answer.form in (FormName.DUE_DATE, FormName.CHILD_BIRTHDAY):
        return {answer.form.value: day.isoformat(), "agreed": "yes"}
    return {"rating": str(answer.rating), "text": answer.text}
