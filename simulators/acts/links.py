"""What happens by an acquisition link; the events are those of contract §3.7."""

from simulators.callbacks import AcquisitionChange
from simulators.state.links import Link, Lot, expiry_day
from simulators.state.people import Relation
from simulators.world import World

# At these messages of the customer a ChatKey is handed out.
KEY_MESSAGES = (3, 5, 10)
CHANNEL_BYTES = 64


def cut(channel: str) -> str:
    """§13.18: at 64 bytes, without a word; half a character is none."""
    return channel.encode()[:CHANNEL_BYTES].decode(errors="ignore")


def tell(world: World, link: Link, change: AcquisitionChange, **fields: str) -> None:
    world.callbacks.acquisition(change, link.app, LinkId=link.link_id, **fields)


def added(world: World, relation: Relation) -> None:
    link = _link(world, relation)
    if link is None:
        return
    link.adds.append((world.clock(), relation.external_userid))
    if world.config.acquisition_charged == "add":
        charge(world)


def heard(world: World, relation: Relation) -> None:
    link = _link(world, relation)
    if link is None:
        return
    if relation.messages_received == 1:
        tell(
            world,
            link,
            "customer_start_chat",
            UserID=relation.userid,
            ExternalUserID=relation.external_userid,
        )
        if world.config.acquisition_charged == "first_message":
            charge(world)
    if relation.messages_received in KEY_MESSAGES:
        tell(world, link, "message_from_customer", ChatKey=world.links.chat_key(link, relation))


def left(world: World, relation: Relation) -> None:
    link = _link(world, relation)
    if link is not None:
        tell(world, link, "del_follow_user", UserID=relation.userid, ExternalUserID=relation.external_userid)


def charge(world: World) -> None:
    before = world.links.balance
    world.links.charge()
    _tell_balance(world, before)


def buy(world: World, lot: Lot) -> None:
    """After `world.links.buy`: told only when there was nothing before."""
    if world.links.balance == lot.balance:
        world.callbacks.acquisition("balance_increased")


def settle(world: World) -> None:
    before = world.links.balance
    if world.links.expire():
        _tell_balance(world, before)
    for lot in world.links.to_warn():
        world.callbacks.acquisition(
            "quota_expire_soon", ExpireTime=expiry_day(lot.expires_at), ExpireQuotaNum=lot.balance
        )


def _tell_balance(world: World, before: int) -> None:
    now, low = world.links.balance, world.config.acquisition_low
    if now == 0 < before:
        world.callbacks.acquisition("balance_exhausted")
    elif now < low <= before:
        world.callbacks.acquisition("balance_low")


def _link(world: World, relation: Relation) -> Link | None:
    """None: she came another way, or the link was deleted."""
    return world.links.all.get(relation.link_id or "")
