"""Who comes to the opening and what she does. Every role is a small script that waits for what she sees."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from starter.demo.street import Street
from starter.demo.town import Town

PATIENCE = 90.0  # seconds a role waits for something to reach her phone before she gives up


@dataclass
class Guest:
    """One customer of the story."""

    role: str
    nickname: str
    play: Callable[["Guest", Street, Town], Coroutine[None, None, None]]
    external_userid: str = ""
    unionid: str = ""
    member_id: str = ""
    did: list[str] = field(default_factory=list)

    async def until_received(self, street: Street, part: str) -> dict[str, str]:
        """Wait until a message that holds `part` is on her phone. Raises TimeoutError if it never is."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            for message in await street.received(self.external_userid):
                if part in (message["text"] or ""):
                    return message
            await asyncio.sleep(0.3)
        raise TimeoutError(f"{self.nickname} ({self.role}) never received {part!r}")


async def scan(guest: Guest, street: Street, code: str, **how: bool) -> str:
    """Scan a printed code; the employee who became her friend."""
    answer = await street.do("scan", external_userid=guest.external_userid, state=code, **how)
    guest.did.append("scanned")
    return str(answer["userid"])


async def join(guest: Guest, street: Street, town: Town, store_id: str) -> None:
    await street.do("join", external_userid=guest.external_userid, config_id=town.join_ways[store_id])
    guest.did.append("joined")


async def buy(guest: Guest, street: Street, store_id: str, coupon_id: str | None = None) -> None:
    await street.do(
        "till/orders",
        member_id=guest.member_id,
        store_id=store_id,
        amount_minor=3200,
        **({"coupon_id": coupon_id} if coupon_id else {}),
    )
    guest.did.append("bought")


async def heroine(guest: Guest, street: Street, town: Town) -> None:
    """Scans in the new store, but her own is another; joins, buys, drifts away, comes back by coupon."""
    guest.member_id = await _member(guest, street)
    for _ in range(3):  # three earlier visits: S001 is where she goes
        await street.do(
            "till/orders", member_id=guest.member_id, store_id="S001", amount_minor=2800, push=False
        )
    await town.remember(guest.external_userid, guest.member_id)
    await scan(guest, street, "S002-cashier")
    await guest.until_received(street, "开业首杯立减")
    await asyncio.sleep(1)
    await join(guest, street, town, "S001")
    await guest.until_received(street, "新品上架")
    await buy(guest, street, "S001")
    await guest.until_received(street, "10 元回归券")
    till = await street.see("till")
    coupon = next(c for c in till["coupons"] if c["member_id"] == guest.member_id)
    await buy(guest, street, "S001", coupon["coupon_id"])


async def regular(guest: Guest, street: Street, town: Town) -> None:
    """Joins the scanned store's group, buys once, and is not seen again."""
    guest.member_id = await _member(guest, street)
    await scan(guest, street, "S002-table")
    await guest.until_received(street, "开业首杯立减")
    await join(guest, street, town, "S002")
    await asyncio.sleep(2)
    await buy(guest, street, "S002")


async def needs_reminder(guest: Guest, street: Street, town: Town) -> None:
    """Does not join until she is reminded."""
    await scan(guest, street, "S002-table")
    await guest.until_received(street, "还给您留着位置")
    await join(guest, street, town, "S002")


async def already_greeted(guest: Guest, street: Street, town: Town) -> None:
    """Another app takes her welcome code first; the fallback brings her into the group."""
    await scan(guest, street, "S002-table", other_app_first=True)
    await guest.until_received(street, "门店群在这里")
    await join(guest, street, town, "S002")


async def console_greeting(guest: Guest, street: Street, town: Town) -> None:
    """The console has a greeting of its own: no code for us."""
    await scan(guest, street, "S002-cashier", welcome_code=False)
    await guest.until_received(street, "门店群在这里")


async def half_friend(guest: Guest, street: Street, town: Town) -> None:
    """The employee confirms her a moment later; she is greeted once."""
    userid = await scan(guest, street, "S002-table", half=True)
    await guest.until_received(street, "开业首杯立减")
    await street.do("confirm_half_add", userid=userid, external_userid=guest.external_userid)
    await join(guest, street, town, "S002")


async def leaver(guest: Guest, street: Street, town: Town) -> None:
    """Deletes the employee after the greeting."""
    userid = await scan(guest, street, "S002-table")
    await guest.until_received(street, "开业首杯立减")
    await asyncio.sleep(1)
    await street.do("delete", userid=userid, external_userid=guest.external_userid, by="customer")
    guest.did.append("left")


async def objector(guest: Guest, street: Street, town: Town) -> None:
    """Is greeted and asks for no more messages; the demo's operator records it."""
    await scan(guest, street, "S002-table")
    await guest.until_received(street, "开业首杯立减")
    guest.did.append("objected")


async def _member(guest: Guest, street: Street) -> str:
    """She has been a member at the till since before today."""
    member = await street.do("till/members", unionid=guest.unionid, name=guest.nickname)
    return str(member["member_id"])


def cast() -> list[Guest]:
    """The people of the opening; the first is the one whose timeline is shown."""
    return [
        Guest("heroine", "林小满", heroine),
        Guest("regular", "周舟", regular),
        Guest("regular", "吴桐", regular),
        Guest("needs reminder", "何田", needs_reminder),
        Guest("already greeted", "沈星", already_greeted),
        Guest("console greeting", "陆遥", console_greeting),
        Guest("half friend", "许诺", half_friend),
        Guest("leaver", "钱多多", leaver),
        Guest("objector", "安静", objector),
    ]
