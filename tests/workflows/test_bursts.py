"""WeCom refuses for a while: calls back off, nothing is lost, greetings go first.

peer-failures §3, check 7.
"""

import asyncio

import pytest

from integrations import wecom
from tests.corp import Corp

pytestmark = pytest.mark.anyio

MARK, SEND, GET = (f"externalcontact/{api}" for api in ("mark_tag", "send_welcome_msg", "get"))
CUSTOMERS = 8


async def press(corp: Corp, api: str, errcode: int, times: int) -> None:
    await corp.street.do("faults", api=api, kind="errcode", errcode=errcode, times=times)


async def scan_all(corp: Corp, number: int = CUSTOMERS) -> list[str]:
    customers = [await corp.newcomer(f"客{n}") for n in range(number)]
    await asyncio.gather(*(corp.scan(she) for she in customers))
    return customers


async def greeted(corp: Corp, customers: list[str]) -> bool:
    return all([[m["channel"] for m in await corp.received(she)] == ["welcome"] for she in customers])


def tagged(corp: Corp, customers: list[str]) -> int:
    return sum(len(r.tag_ids) == 2 for r in corp.world.people.relations() if r.external_userid in customers)


async def until_tagged(corp: Corp, customers: list[str]) -> None:
    for _ in range(40):
        if tagged(corp, customers) == len(customers):
            return
        await corp.sleep(minutes=5)
    raise AssertionError(f"only {tagged(corp, customers)} are tagged")


async def test_a_burst_of_45033_delays_tags_and_loses_none(corp: Corp) -> None:
    await press(corp, MARK, 45033, times=5)
    customers = await scan_all(corp)
    await corp.until(lambda: greeted(corp, customers))
    await until_tagged(corp, customers)
    assert corp.world.traffic.counts[MARK] == CUSTOMERS + 5, "each refusal is repeated once"
    assert corp.world.traffic.counts[SEND] == CUSTOMERS


async def test_a_closed_api_is_left_alone_and_loses_nothing(corp: Corp) -> None:
    """45009 twice: closed for a minute, then for an hour; greetings are another API."""

    async def unpressed() -> bool:
        return not corp.world.faults.pressed

    await press(corp, MARK, 45009, times=1)
    early = await scan_all(corp, 1)
    await corp.until(unpressed)
    await press(corp, MARK, 45009, times=1)  # what she meets after the minute
    await corp.until(lambda: greeted(corp, early))
    await corp.sleep(minutes=10)
    assert await unpressed()
    before = corp.world.traffic.counts[MARK]
    assert tagged(corp, early) == 0, "it is closed"
    late = await scan_all(corp, 3)
    await corp.until(lambda: greeted(corp, late))
    await corp.sleep(minutes=10)
    assert corp.world.traffic.counts[MARK] == before, "nobody calls it meanwhile"
    await until_tagged(corp, early + late)
    assert corp.world.traffic.counts[MARK] == len(early + late) + 2


async def test_a_sync_does_not_keep_a_greeting_waiting(corp: Corp) -> None:
    """Its own API, and some of the reading places: her name is looked up in spite of the storm."""
    known = (await scan_all(corp, 1))[0]
    await corp.until(lambda: greeted(corp, [known]))
    over = asyncio.Event()

    async def sync() -> None:
        while not over.is_set():
            try:
                await corp.client.get_external_contact(known)
            except wecom.TooConcurrent:
                continue  # it waits for its turn

    storm = [asyncio.create_task(sync()) for _ in range(30)]
    customers = await scan_all(corp)
    await corp.until(lambda: greeted(corp, customers))
    over.set()
    await asyncio.gather(*storm)
    for number, she in enumerate(customers):
        assert f"客{number}，您好" in (await corp.received(she))[0]["text"]
    await until_tagged(corp, customers)
