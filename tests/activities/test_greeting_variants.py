"""What a greeting says to whom: variants, attachments, Wi-Fi, promises; and playbooks that greet nobody."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

from domain.customer import WelcomeOutcome
from domain.events import EventKind
from domain.messages import SweepStart, WelcomeSettled
from domain.playbook import LinkKind, Playbook
from playbooks.loader import load_playbook
from settings import ROOT
from starter.codes import Codes, WantedCode
from storage import directory, media, playbook_pictures
from storage.tables import Media, Store
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

SEND = "externalcontact/send_welcome_msg"
PNG = b"\x89PNG\r\n\x1a\n" + b"a poster"
DIGEST = hashlib.sha256(PNG).hexdigest()


async def publish(shop: Shop, changes: dict[str, Any] | None = None, **welcome: Any) -> None:
    """The coffee chain's playbook with another greeting, or otherwise changed."""
    body = load_playbook(ROOT / "playbooks" / "coffee-welcome.yaml").model_dump(mode="json")
    body["welcome"] |= welcome
    async with shop.database.transaction() as session:
        playbook = Playbook.model_validate(body | (changes or {}))
        await directory.publish(session, playbook, author="test", now=shop.clock())


async def greeted(shop: Shop, state: str = "S002-cashier") -> tuple[WelcomeSettled, list[dict[str, Any]]]:
    she = await shop.newcomer("小满")
    settled = await shop.run(shop.activities.welcomes.greet, await shop.added(she, state))
    return settled, await shop.received(she)


def kinds(message: dict[str, Any]) -> Sequence[str]:
    return [attachment["msgtype"] for attachment in message["attachments"]]


async def test_a_variant_by_placement_and_what_it_leaves_out_is_as_in_the_greeting(shop: Shop) -> None:
    coupon = {"template": "T5", "name": "五元券"}
    link = {"link": {"title": "菜单", "url": "https://j.example.com/menu"}}
    variants = [
        {"when": {"placement": "table"}, "text": "桌边好"},
        {"when": {"placement": "cashier"}, "text": "收银台好，{{ benefit }}", "coupon": coupon},
    ]
    await publish(shop, variants=variants, attachments=[link])
    settled, [message] = await greeted(shop)
    assert message["text"] == "收银台好，首杯立减 5 元"
    assert kinds(message) == ["image", "link"]
    assert settled.coupon
    assert settled.coupon.template == "T5"
    assert "variant 1: came by placement cashier" in settled.reason
    [told] = shop.courier.events(EventKind.WELCOME_SETTLED)
    assert told.coupon
    assert told.coupon.name == "五元券"


async def test_a_variant_by_the_hour_of_her_store(shop: Shop) -> None:
    """Noon in Shanghai is the small hours in Lisbon."""
    variants = [{"when": {"hours": {"start": "11:00", "end": "14:00"}}, "text": "午安"}]
    await publish(shop, variants=variants)
    assert (await greeted(shop))[1][0]["text"] == "午安"
    await shop.put(Store(id="S002", name="望京店", region_id="bj", zone="Europe/Lisbon"))
    assert (await greeted(shop))[1][0]["text"].startswith("小满，您好")


async def test_a_variant_for_a_tier_needs_what_the_till_says(shop: Shop) -> None:
    await publish(shop, variants=[{"when": {"orders": {"least": 1}}, "text": "欢迎回来"}])
    she = await shop.newcomer()
    await shop.buys(await shop.member(she))
    await shop.run(shop.activities.welcomes.greet, await shop.added(she))
    assert (await shop.received(she))[0]["text"] == "欢迎回来"
    assert (await greeted(shop))[1][0]["text"] != "欢迎回来"


async def test_the_wifi_is_that_of_the_store_where_she_is(shop: Shop) -> None:
    """Her group is that of the store where she mostly goes; a store without a password leaves no gap."""
    await publish(shop, text="{{ store.name }}的 Wi-Fi：{{ store.wifi }}")
    await shop.put(Store(id="S002", name="望京店", region_id="bj", wifi="latte2026"))
    she = await shop.newcomer()
    await shop.buys(await shop.member(she), "S001")
    settled = await shop.run(shop.activities.welcomes.greet, await shop.added(she))
    assert settled.chat_id == shop.groups["S001"]
    assert (await shop.received(she))[0]["text"] == "望京店的 Wi-Fi：latte2026"
    assert (await greeted(shop, "S001-cashier"))[1][0]["text"] == "中关村店的 Wi-Fi：请问店员"


# ---- pictures of the playbook


async def with_poster(shop: Shop, *more: dict[str, Any]) -> None:
    async with shop.database.transaction() as session:
        await playbook_pictures.keep(session, DIGEST, "image/png", PNG)
    poster = {"picture": {"file": "poster.png", "digest": DIGEST}}
    await publish(shop, attachments=[poster, *more])


async def test_a_picture_is_sent_once_the_sweep_has_brought_it(shop: Shop) -> None:
    await with_poster(shop)
    assert kinds((await greeted(shop))[1][0]) == ["image"], (
        "the group's alone: nothing is uploaded on the way"
    )
    assert (await shop.run(shop.activities.upkeep.sweep, SweepStart())).media == 1
    assert kinds((await greeted(shop))[1][0]) == ["image", "image"]
    assert (await shop.run(shop.activities.upkeep.sweep, SweepStart())).media == 0


async def test_a_mini_program_goes_with_its_picture_or_not_at_all(shop: Shop) -> None:
    program = {"title": "点单", "appid": "wx1", "page": "pages/menu", "picture": "p.png", "digest": DIGEST}
    await with_poster(shop, {"miniprogram": program})
    assert kinds((await greeted(shop))[1][0]) == ["image"]
    await shop.run(shop.activities.upkeep.sweep, SweepStart())
    assert kinds((await greeted(shop))[1][0]) == ["image", "image", "miniprogram"]


async def test_a_picture_that_wecom_forgot_is_left_out_and_the_greeting_goes(shop: Shop) -> None:
    await with_poster(shop)
    async with shop.database.transaction() as session:
        await media.remember(session, DIGEST, media.IMAGE, "long-gone", shop.clock())
    settled, [message] = await greeted(shop)
    assert settled.outcome is WelcomeOutcome.SENT
    assert settled.chat_id == shop.groups["S002"], "the group's picture still goes"
    assert kinds(message) == ["image"]
    assert "had forgotten one" in settled.reason
    async with shop.database.transaction() as session:
        assert await session.get(Media, (DIGEST, media.IMAGE)) is None, "the sweep brings it anew"


# ---- promises, and no greeting


async def test_what_is_promised_is_known_to_whoever_settles_it(shop: Shop) -> None:
    await publish(shop, coupon={"template": "T5", "name": "五元券"})
    she = await shop.newcomer()
    what = await shop.added(she)
    first = await shop.run(shop.activities.welcomes.greet, what)
    again = await shop.run(shop.activities.welcomes.greet, what)
    assert first == again
    assert again.coupon
    assert shop.calls(SEND) == 1


async def test_a_playbook_may_greet_nobody_and_that_is_said(shop: Shop) -> None:
    await publish(shop, {"link": "group_only", "welcome": None})
    settled, received = await greeted(shop)
    assert (settled.outcome, received) == (WelcomeOutcome.REFUSED, [])
    assert "greets nobody" in settled.reason
    assert shop.calls(SEND) == 0
    [told] = shop.courier.events(EventKind.WELCOME_SETTLED)
    assert told.outcome == "refused"


async def test_friend_only_never_invites_whatever_its_greeting_says(shop: Shop) -> None:
    await publish(shop, {"link": LinkKind.FRIEND_ONLY.value}, invite_to_group=True)
    settled, [message] = await greeted(shop)
    assert (settled.outcome, settled.chat_id) == (WelcomeOutcome.SENT, None)
    assert message["attachments"] == []


# ---- codes without a playbook


async def test_a_code_without_a_playbook_is_greeted_as_the_best_rule_says(shop: Shop) -> None:
    rules = [{"placements": ["door"]}]
    await publish(shop, {"playbook": "at-the-door", "enter": {"codes": rules}}, text="门口好")
    in_store = [{"placements": ["door"], "stores": ["S002"]}]
    await publish(shop, {"playbook": "this-very-door", "enter": {"codes": in_store}}, text="望京门口好")
    codes = Codes(shop.database, shop.client, shop.clock)
    for store, employee in (("S001", "chen"), ("S002", "li")):
        await codes.create(WantedCode(store, "door", None, (employee,), "spring"))
        await codes.create(WantedCode(store, "window", None, (employee,)))
    assert (await greeted(shop, "S002-door-spring"))[1][0]["text"] == "望京门口好"
    assert (await greeted(shop, "S001-door-spring"))[1][0]["text"] == "门口好"
    assert "福利官李薇" in (await greeted(shop, "S002-window"))[1][0]["text"], "the policy's default"
