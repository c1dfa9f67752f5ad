"""QR pictures of groups: uploaded once, renewed, and never the reason why nothing is sent."""

from datetime import timedelta

import pytest

from activities.composition import wecom_client
from activities.media import MediaCache
from domain.customer import WelcomeOutcome
from domain.messages import SweepStart
from domain.step_messages import PlanTouch
from domain.task_messages import FlushBatch, TaskRef
from domain.touches import TouchStatus
from integrations import wecom
from storage import directory
from storage.tables import Group, GroupPicture
from tests.activities.shop import Shop

pytestmark = pytest.mark.anyio

INVITED = "invited to the store group of the scanned store"

SEND, UPLOAD = "externalcontact/send_welcome_msg", "media/upload"
CREATE = "externalcontact/add_msg_template"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


async def greet(shop: Shop) -> tuple[str, WelcomeOutcome, str | None, str]:
    she = await shop.newcomer()
    settled = await shop.run(shop.activities.welcomes.greet, await shop.added(she))
    return she, settled.outcome, settled.chat_id, settled.reason


async def pictures_of(shop: Shop, customer: str) -> list[str]:
    """The media ids of the pictures that she got."""
    [message] = await shop.received(customer)
    return [a["image"]["media_id"] for a in message["attachments"]]


def forget(shop: Shop) -> None:
    """WeCom forgets every file, early and without a word."""
    shop.world.media._media.clear()


async def sweep(shop: Shop) -> int:
    return (await shop.run(shop.activities.upkeep.sweep, SweepStart())).media


async def change(shop: Shop, store: str = "S002", **fields: object) -> None:
    async with shop.database.transaction() as session:
        group = await session.get_one(Group, shop.groups[store])
        for name, value in fields.items():
            setattr(group, name, value)


# ---- a content is uploaded once


async def test_the_same_content_is_uploaded_once_for_all_processes(shop: Shop) -> None:
    other = wecom_client(shop.settings, shop.http, shop.database, shop.clock)
    caches = [MediaCache(shop.database, client, shop.clock) for client in (shop.client, other)]
    ids = {await cache.media_id("image", name, PNG) for cache in caches for name in ("a.png", "b.png")}
    assert (len(ids), shop.calls(UPLOAD)) == (1, 1)
    shop.clock.forward(days=2, hours=13)
    assert await caches[0].media_id("image", "a.png", PNG) not in ids
    assert await caches[1].media_id("file", "a.png", PNG) not in ids
    assert shop.calls(UPLOAD) == 3


async def test_the_upload_goes_through_a_sweep_without_fetching_the_picture_again(shop: Shop) -> None:
    shop.clock.forward(days=2, hours=13)
    fetched = len([c for c in shop.world.traffic.log if "qr" in c.api])
    assert await sweep(shop) == 2
    assert await sweep(shop) == 0
    assert shop.calls(UPLOAD) == 2
    assert len([c for c in shop.world.traffic.log if "qr" in c.api]) == fetched


# ---- WeCom has forgotten one


async def test_a_forgotten_picture_is_uploaded_anew_and_the_greeting_sent_with_it(shop: Shop) -> None:
    forget(shop)
    she, outcome, chat_id, reason = await greet(shop)
    assert (outcome, chat_id, reason) == (WelcomeOutcome.SENT, shop.groups["S002"], INVITED)
    assert len(await pictures_of(shop, she)) == 1
    assert (shop.calls(SEND), shop.calls(UPLOAD)) == (2, 1)
    _, outcome, chat_id, _ = await greet(shop)
    assert (outcome, chat_id, shop.calls(SEND)) == (WelcomeOutcome.SENT, shop.groups["S002"], 3)


@pytest.mark.parametrize("kind", ["http_500", "delay"])
async def test_without_a_new_picture_in_time_she_is_greeted_without_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("activities.welcomes.PICTURE_SECONDS", 0.3)
    forget(shop)
    await shop.fault(UPLOAD, kind, seconds=3)
    she, outcome, chat_id, reason = await greet(shop)
    assert (outcome, chat_id) == (WelcomeOutcome.SENT, None)
    assert "without the group's QR" in reason
    [message] = await shop.received(she)
    assert message["attachments"] == []
    assert "我是望京店的福利官李薇" in message["text"]


async def test_a_picture_that_wecom_refuses_again_is_left_out(shop: Shop) -> None:
    await shop.fault(SEND, "errcode", errcode=40007, times=2)
    she, outcome, chat_id, _ = await greet(shop)
    assert (outcome, chat_id) == (WelcomeOutcome.SENT, None)
    assert await pictures_of(shop, she) == []
    assert shop.calls(SEND) == 3


async def test_a_greeting_without_a_picture_that_is_refused_so_has_failed(shop: Shop) -> None:
    await shop.fault(SEND, "errcode", errcode=40007, times=3)
    _, outcome, _, reason = await greet(shop)
    assert outcome is WelcomeOutcome.FAILED
    assert "40007" in reason


async def test_the_answer_to_the_second_call_may_be_lost_like_any_other(shop: Shop) -> None:
    """Sent with the new picture, no answer: the next attempt learns from the code that it was."""
    she = await shop.newcomer()
    what = await shop.added(she)
    await shop.fault(SEND, "errcode", errcode=40007)
    await shop.fault(SEND, "timeout_after")
    with pytest.raises(Exception, match="504"):
        await shop.run(shop.activities.welcomes.greet, what)
    settled = await shop.run(shop.activities.welcomes.greet, what)
    assert settled.outcome is WelcomeOutcome.SENT
    assert len(await shop.received(she)) == 1


async def invite_in_a_batch(shop: Shop) -> tuple[str, str]:
    """A mass task that invites to the group; its msgid and the customer."""
    she = await shop.friend()
    plan = PlanTouch(
        key=f"{she}/1", external_userid=she, userid="li", text="群里见", invite_to=shop.groups["S002"]
    )
    planned = await shop.run(shop.activities.touches.plan_touch, plan)
    batch_id = planned.batch_id or 0
    shop.clock.forward(hours=1)
    await shop.run(shop.activities.staff_tasks.flush_batch, FlushBatch(batch_id=batch_id))
    state = await shop.run(shop.activities.staff_tasks.create_task, TaskRef(batch_id=batch_id))
    return state.msgid or "", she


def pictures_in_task(shop: Shop, msgid: str) -> int:
    return len(shop.world.mass.all[msgid].content.attachments)


async def test_a_task_gets_a_new_picture_too(shop: Shop) -> None:
    forget(shop)
    msgid, she = await invite_in_a_batch(shop)
    assert pictures_in_task(shop, msgid) == 1
    assert (await shop.touch(f"{she}/1")).status == TouchStatus.TASKED
    assert len(shop.world.mass.all) == 1


@pytest.mark.parametrize("fault", [{"kind": "http_500"}, {"kind": "errcode", "errcode": 45001}])
async def test_a_task_goes_out_without_a_picture_rather_than_not_at_all(
    shop: Shop, fault: dict[str, object]
) -> None:
    forget(shop)
    await shop.fault(UPLOAD, **fault)  # type: ignore[arg-type]
    msgid, _ = await invite_in_a_batch(shop)
    assert pictures_in_task(shop, msgid) == 0


async def test_a_task_whose_new_picture_is_refused_goes_out_without_it(shop: Shop) -> None:
    await shop.fault(CREATE, "errcode", errcode=40007, times=2)
    msgid, _ = await invite_in_a_batch(shop)
    assert pictures_in_task(shop, msgid) == 0


# ---- pictures exported by hand


async def export(shop: Shop, content: bytes = PNG, *, days_ago: float = 0) -> None:
    """The group has no join way; headquarters imports a picture that the owner has exported."""
    at = shop.clock() - timedelta(days=days_ago)
    await change(shop, join_config_id=None, hand_qr=content, hand_qr_exported_at=at)


@pytest.mark.parametrize(("days", "invited"), [(0.5, True), (5.9, True), (6.5, False), (7.5, False)])
async def test_a_picture_exported_by_hand_is_sent_for_six_days(
    shop: Shop, days: float, invited: bool
) -> None:
    """peer-failures §3, check 9: its code dies after seven days, perhaps in her hand."""
    await export(shop, days_ago=days)
    assert await sweep(shop) == (1 if invited else 0)
    she, outcome, chat_id, _ = await greet(shop)
    assert outcome is WelcomeOutcome.SENT
    assert chat_id == (shop.groups["S002"] if invited else None)
    sent = [shop.world.media.get(media_id).content for media_id in await pictures_of(shop, she)]
    assert sent == ([PNG] if invited else [])


async def test_it_stops_being_sent_by_itself(shop: Shop) -> None:
    await export(shop, days_ago=5)
    await sweep(shop)
    assert (await greet(shop))[2] == shop.groups["S002"]
    shop.clock.forward(days=1, seconds=1)
    await sweep(shop)
    assert (await greet(shop))[2] is None


async def test_a_newer_export_takes_its_place(shop: Shop) -> None:
    await export(shop, days_ago=5)
    await sweep(shop)
    await export(shop, PNG + b"newer")
    assert (await greet(shop))[2] is None, "the old one is not sent any more"
    assert await sweep(shop) == 1
    she, _, chat_id, _ = await greet(shop)
    assert chat_id == shop.groups["S002"]
    [media_id] = await pictures_of(shop, she)
    assert shop.world.media.get(media_id).content == PNG + b"newer"


async def test_the_picture_of_a_join_way_never_expires(shop: Shop) -> None:
    for _ in range(5):
        shop.clock.forward(days=2, hours=13)
        await sweep(shop)
    assert (await greet(shop))[2] == shop.groups["S002"]


async def test_a_join_way_that_is_gone_is_found_out(shop: Shop) -> None:
    await shop.client.delete_join_way(shop.join_ways["S002"])
    shop.clock.forward(days=3)
    assert await sweep(shop) == 1, "the other store's"
    assert (await greet(shop))[2] is None


async def test_a_fuller_group_without_a_picture_hides_no_other(shop: Shop) -> None:
    await shop.put(
        Group(
            chat_id="wr-broken",
            store_id="S002",
            members=150,
            join_config_id="0" * 32,
            created_at=shop.clock(),
        )
    )
    assert (await greet(shop))[2] == shop.groups["S002"]


async def test_what_is_kept_of_a_picture_can_be_uploaded_in_one_call(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        kept = await session.get_one(GroupPicture, shop.groups["S002"])
        assert kept.content.startswith(b"\x89PNG")
        await directory.ensure_employee(session, "li")
    assert isinstance(await shop.client.upload_media("image", "a.png", kept.content), wecom.UploadedMedia)
