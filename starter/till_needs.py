"""What files ask of the till that the one of POS_PROVIDER cannot do: refused before anybody is in them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.events import EventKind
from domain.places import Place, combined, conditions_of, coupons_of, steps_of
from domain.playbook import Condition, Playbook
from integrations import pos
from settings import Settings
from starter.runtime import CommandFailed

Problem = tuple[Place, str]

# By which pushes of a till we hear of an event. That a coupon has expired we find out ourselves.
_TOLD_BY = {
    EventKind.ORDER_PAID: {pos.EventKind.ORDER_PAID, pos.EventKind.ORDER_CHANGED},
    EventKind.COUPON_REDEEMED: {pos.EventKind.COUPON_REDEEMED, pos.EventKind.COUPON_CHANGED},
}


@dataclass(frozen=True)
class Till:
    """`provider` is the one that POS_PROVIDER names."""

    provider: str
    can: pos.Capabilities

    @classmethod
    def of(cls, settings: Settings) -> "Till":
        """Raises CommandFailed for a provider that there is not."""
        try:
            return cls(settings.pos_provider, pos.capabilities(settings.pos_provider))
        except pos.AccessError as error:
            raise CommandFailed(str(error)) from None

    def cannot(self, what: str) -> str:
        return f"the till ({self.provider}) {what}: take it out, or connect a till that does (POS_PROVIDER)"


def of_playbook(book: Playbook, till: Till, *, stores_placed: bool = True) -> Iterator[Problem]:
    """`stores_placed`: some of our own stores have coordinates; who cannot look takes it for granted."""
    if not till.can.issue_coupon:
        yield from ((at, till.cannot("issues no coupons")) for at, _ in coupons_of(book))
    for at, kind in _events(book):
        if kind is EventKind.COUPON_EXPIRED and not till.can.issue_coupon:
            yield at, till.cannot("issues no coupons that could expire")
        if kind in _TOLD_BY and not _hears(till.can, kind):
            yield at, till.cannot(f"does not tell of {kind}")
    yield from of_conditions(conditions_of(book), till)
    if not till.can.store_geo and not stores_placed:
        for number, route in enumerate(book.groups):
            if route.of == "nearest_store":
                why = "no store has coordinates, and the till tells none: `journeys stores import` takes them"
                yield ("groups", number, "of"), why


def of_condition(at: Place, condition: Condition, till: Till) -> Iterator[Problem]:
    yield from of_conditions(combined(at, condition), till)


def of_conditions(conditions: Iterable[tuple[Place, Condition]], till: Till) -> Iterator[Problem]:
    """Nobody can match what no order ever says."""
    if till.can.line_category != "none":
        return
    for at, condition in conditions:
        if condition.prefers is not None:
            yield (*at, "prefers"), till.cannot("has no categories")
        if condition.bought is not None and condition.bought.category is not None:
            yield (*at, "bought", "category"), till.cannot("has no categories")


def _events(book: Playbook) -> Iterator[tuple[Place, EventKind | None]]:
    for number, goal in enumerate(book.goals):
        yield ("goals", number, "event"), goal.event
    for number, rule in enumerate(book.exits):
        yield ("exits", number, "event"), rule.event
    for at, step in steps_of(book):
        if step.wait_for:
            yield (*at, "wait_for", "event"), step.wait_for.event


def _hears(can: pos.Capabilities, kind: EventKind) -> bool:
    """By a push, or for redemptions by the nightly list of them."""
    return bool(_TOLD_BY[kind] & can.events) or (kind is EventKind.COUPON_REDEEMED and can.redemptions)
