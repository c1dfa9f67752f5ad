"""Telling customers' lives that a message has its outcome."""

from collections.abc import Iterable
from datetime import datetime

from activities.courier import Courier, Parcel
from domain.addresses import customer_id
from domain.events import Event, EventKind
from storage.tables import Touch


async def tell_settled(courier: Courier, source: str, touches: Iterable[Touch], now: datetime) -> None:
    """Settled touches whose lives wait to hear of it; the others cost no signal."""
    for touch in touches:
        event = Event(
            id=f"{touch.key}/settled",
            kind=EventKind.TOUCH_SETTLED,
            at=touch.settled_at or now,
            touch_key=touch.key,
            outcome=touch.status,
            reason=touch.rule,
        )
        await courier.post(source, customer_id(touch.external_userid), Parcel(event=event))
