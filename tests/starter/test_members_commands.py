"""`journeys members …`: what operators see of accounts, and how they decide between them."""

from typing import Any

import httpx
import pytest

from activities.courier import Courier
from domain.errors import Explained
from domain.events import Event, EventKind
from integrations import pos
from settings import Settings, utc_now
from starter import context, customers_commands, members_commands
from starter.doctor import member_area
from starter.doctor.findings import Status
from starter.doctor.setup import Setup
from starter.preview.corp import made_up_settings
from storage import inbound, orders
from storage.member_keys import MemberKeys
from storage.member_links import LinkRefused
from tests.storage import accounts
from tests.storage.chain import NOON, Chain

pytestmark = pytest.mark.anyio
PHONE = "+8613800138000"


class Till:
    """It has an account of which no push and no walk has told."""

    provider = accounts.TILL

    async def find_members(self, key: pos.MemberKey) -> list[pos.Member]:
        return [pos.Member(member_id="m9")] if key.value == "m9" else []


@pytest.fixture
def settings(database_url: str) -> Settings:
    return made_up_settings(database_url, 0, 0, {"pos_provider": accounts.TILL})


@pytest.fixture
async def chain(
    database: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Chain:
    """wm1 matches two accounts; wm2 is a third. Commands run in this process, on this database."""
    monkeypatch.setattr(context, "quiet_settings", lambda: settings)
    chain = await Chain(database).open()
    for name in ("wm1", "wm2"):
        await chain.befriend(name, "chen")
    keys = MemberKeys.of(settings.member_key.get_secret_value())
    await accounts.keep(chain, "m1", keys=keys, phone=PHONE, level="金卡")
    await accounts.keep(chain, "m2", keys=keys, phone=PHONE)
    await accounts.keep(chain, "m3")
    monkeypatch.setattr(members_commands, "till_client", lambda *_: Till())
    await accounts.place(chain, "wm1", "m1", "m2")
    await accounts.place(chain, "wm2", "m3")
    return chain


async def test_conflicts_are_listed_until_an_operator_links(
    chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    await members_commands._conflicts(False)
    listed = capsys.readouterr().out
    assert all(word in listed for word in ("wm1", "m1, m2", "phone"))
    await members_commands._link("wm1", "m2", "Li", "by her card")
    assert "wm1 is member m2" in capsys.readouterr().out
    await members_commands._conflicts(False)
    assert "no conflicts" in capsys.readouterr().out
    with pytest.raises(LinkRefused, match=r"wm1 is member m2 since .* by Li"):
        await members_commands._link("wm1", "m1", "Wang", "too late")


async def test_the_doctor_points_at_conflicts_until_they_are_settled(
    chain: Chain, settings: Settings
) -> None:
    async with httpx.AsyncClient() as http:
        setup = Setup(settings, {}, http, utc_now, database=chain.database)
        [finding] = await member_area.conflicts(setup)
        assert (finding.status, "journeys members conflicts" in finding.fix) == (Status.WARN, True)
        await accounts.link(chain, "wm1", "m2")
        [finding] = await member_area.conflicts(setup)
        assert finding.status is Status.OK


async def test_an_account_is_shown_with_its_history_and_no_phone_in_full(
    chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    await members_commands._merge("m1", "m2", "Li", "one phone")
    capsys.readouterr()
    for who in ("wm1", "m2", "m1"):
        await members_commands._show(who, False)
        shown = capsys.readouterr().out
        assert "one phone" in shown
        assert "…00" in shown
        assert "8000" not in shown
        await members_commands._show(who, True)
        assert "8000" not in capsys.readouterr().out
    await members_commands._unlink("wm1", "m2", "Wang", "it is her husband's")
    await members_commands._show("m2", False)
    assert "it is her husband's" in capsys.readouterr().out, "also when it is nobody's now"


async def test_what_waited_is_delivered_when_she_is_linked(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[str] = []

    async def connected(settings: Settings) -> None:
        return None

    async def send(self: Courier, subject: str, parcel: object) -> None:
        sent.append(subject)

    monkeypatch.setattr(members_commands, "connect", connected)
    monkeypatch.setattr(Courier, "send", send)
    event = Event(id="order/till/o1/paid", kind=EventKind.ORDER_PAID, at=NOON, order_id="o1")
    async with chain.database.transaction() as session:
        body = {"event": event.model_dump(mode="json")}
        await inbound.store(session, digest="d", source="pos", subject="member/m1", body=body, now=NOON)
    await members_commands._link("wm1", "m1", "Li", "by her card")
    assert sent == ["customer/wm1"]
    assert "what waited was delivered to wm1: 1" in capsys.readouterr().out


async def test_an_account_that_only_the_till_knows_is_read_there(
    chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    await members_commands._link("wm1", "m9", "Li", "by her card")
    await members_commands._show("m9", False)
    assert "wm1 is member m9" in capsys.readouterr().out


async def test_what_nobody_knows_is_an_error(chain: Chain) -> None:
    for work in (
        members_commands._show("nobody", False),
        members_commands._link("wm1", "nobody", "Li", "?"),
        members_commands._link("nobody", "m1", "Li", "?"),
        members_commands._unlink("nobody", "m1", "Li", "?"),
        members_commands._merge("m1", "nobody", "Li", "?"),
    ):
        with pytest.raises(Explained, match=r"no (member|customer) .nobody."):
            await work


async def test_what_her_orders_say_stands_with_her(chain: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    for number, category in enumerate(("拿铁", "烘焙", "拿铁")):
        told = accounts.order(f"o{number}", "m3", paid_at=utc_now(), categories={category: 1800})
        async with chain.database.transaction() as session:
            await orders.apply(session, told, NOON)
    await customers_commands._show("wm2", False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "prefers │ 拿铁, 烘焙" in shown
    assert "visits_most │ S1" in shown
    assert "ticket │ 18.00" in shown
