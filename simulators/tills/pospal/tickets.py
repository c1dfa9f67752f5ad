"""Tickets: each sale, and each return with amounts below zero. Of the store alone whose keys are used."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulators.state.till import Line, Order, Refund, Till
from simulators.tills.pospal.members import member
from simulators.tills.pospal.refusals import Refusal
from simulators.tills.pospal.route import V1, Answer, StoreDep, ok, pospal_router
from simulators.tills.pospal.wire import Asked, local, moment, paged, uid, whole, yuan
from simulators.world import WorldDep

router = pospal_router()

LONGEST = timedelta(days=31)
MODULE = f"{V1}/ticketOpenApi"


@dataclass(frozen=True)
class Ticket:
    order: Order
    back: Refund | None = None

    @property
    def sn(self) -> str:
        return self.back.refund_id if self.back else self.order.order_id

    @property
    def at(self) -> datetime:
        return whole(self.back.at if self.back else self.order.paid_at)

    def record(self) -> dict[str, Any]:
        order, back = self.order, self.back
        return {
            "uid": uid(self.sn),
            "sn": self.sn,
            "customerUid": uid(order.member_id) if order.member_id else 0,
            "datetime": local(self.at),
            "totalAmount": yuan(-back.amount.amount_minor if back else order.paid.amount_minor),
            "ticketType": "SELL_RETURN" if back else "SELL",
            "invalid": int(order.status == "cancelled"),
            "items": [] if back else [_item(order.store_id, line) for line in order.lines],
        }


class InTime(Asked):
    """`startTime` is exclusive, `endTime` inclusive."""

    startTime: str
    endTime: str
    noLimitTimeRange: int = 0

    def among(self, tickets: Iterator[Ticket]) -> list[Ticket]:
        start, end = moment(self.startTime), moment(self.endTime)
        if end - start > LONGEST and self.noLimitTimeRange != 1:
            raise Refusal(2006)
        return sorted((one for one in tickets if start < one.at <= end), key=lambda one: one.at)


class OfMember(InTime):
    customerUid: Any


class BySn(Asked):
    sn: str


class ByReturn(Asked):
    refunTcketSn: str


@router.post(f"{MODULE}/queryTicketPages")
async def query_ticket_pages(world: WorldDep, store: StoreDep, asked: InTime) -> Answer:
    return ok(paged(asked, asked.among(_tickets(world.till, store)), Ticket.record))


@router.post(f"{MODULE}/queryCustomerHistoryTicketsByUid")
async def query_customer_history_tickets(world: WorldDep, store: StoreDep, asked: OfMember) -> Answer:
    who = member(world.till, asked.customerUid).member_id
    mine = (one for one in _tickets(world.till, store) if one.order.member_id == who)
    return ok(paged(asked, asked.among(mine), Ticket.record))


@router.post(f"{MODULE}/queryTicketBySn")
async def query_ticket_by_sn(world: WorldDep, store: StoreDep, asked: BySn) -> Answer:
    return ok(_ticket(world.till, store, asked.sn).record())


@router.post(f"{MODULE}/querySellTicketByRefunTicketSn")
async def query_sell_ticket_by_return(world: WorldDep, store: StoreDep, asked: ByReturn) -> Answer:
    return ok(Ticket(_ticket(world.till, store, asked.refunTcketSn).order).record())


def _tickets(till: Till, store: str) -> Iterator[Ticket]:
    yield from (Ticket(order) for order in till.orders.values() if order.store_id == store)
    for back in till.refunds.values():
        if (order := till.orders[back.order_id]).store_id == store:
            yield Ticket(order, back)


def _ticket(till: Till, store: str, sn: str) -> Ticket:
    found = next((one for one in _tickets(till, store) if one.sn == sn), None)
    if found is None:
        raise Refusal(2002)
    return found


def _item(store: str, line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "productUid": product_uid(store, line.product_id),
        "productBarcode": line.product_id,
        "quantity": float(line.quantity),
        "totalAmount": yuan(line.paid.amount_minor),
        "isWeighing": int("." in line.quantity),
    }


def product_uid(store: str | None, product_id: str) -> int:
    """Each store has records of its own; the barcode is what they share."""
    return uid(f"{store} {product_id}")
