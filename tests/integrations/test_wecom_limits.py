"""More limits that are checked before a call: every one of these would cost a call and bring an errcode."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from integrations.wecom import (
    Conclusions,
    ContactWayType,
    GroupWelcome,
    InterceptRange,
    InvalidMessage,
    Link,
    LinkRange,
    MassTask,
    Message,
    MomentLink,
    MomentTask,
    NewContactWay,
    NewInterceptRule,
    NewJoinWay,
    PriorityKind,
    PriorityOption,
    Video,
    WeComClient,
    with_channel,
)
from tests.integrations.fakes import START, FakeWeCom, client_on

Refused = Callable[[WeComClient], Awaitable[object]]
MANY = tuple(f"id{n}" for n in range(1001))
HELLO = Message(text="hello")
TODAY = date(2026, 3, 1)
STAFF = InterceptRange(user_list=("a",))


def temporary(**fields: Any) -> NewContactWay:
    return NewContactWay(**{"user": ("a",), "type": ContactWayType.SINGLE, "is_temp": True} | fields)


def tagged(*tags: tuple[str, ...], **fields: Any) -> MassTask:
    return MassTask(**{"chat_type": "single", "message": HELLO, "tag_filter": tags} | fields)


def rule(**fields: Any) -> NewInterceptRule:
    return NewInterceptRule(**{"rule_name": "r", "word_list": ("w",), "applicable_range": STAFF} | fields)


WAYS: dict[str, Refused] = {
    "is_temp": lambda c: c.add_contact_way(NewContactWay(user=("a",), expires_in=60)),
    "is_temp with conclusions": lambda c: c.add_contact_way(
        NewContactWay(user=("a",), conclusions=Conclusions(text="bye"))
    ),
    "is_temp for several": lambda c: c.add_contact_way(temporary(type=ContactWayType.MULTIPLE)),
    "expires_in": lambda c: c.add_contact_way(temporary(expires_in=14 * 86_400 + 1)),
    "chat_expires_in": lambda c: c.add_contact_way(temporary(chat_expires_in=0)),
    "conclusions": lambda c: c.add_contact_way(temporary(conclusions=Conclusions())),
    "conclusions.text": lambda c: c.add_contact_way(temporary(conclusions=Conclusions(text="a" * 4001))),
    "conclusions.attachment": lambda c: c.add_contact_way(
        temporary(conclusions=Conclusions(attachment=Video(media_id="m")))
    ),
    "scene": lambda c: c.add_contact_way(NewContactWay(user=("a",), scene=3)),
    "state": lambda c: c.update_contact_way("c1", state="s" * 31),
    "user": lambda c: c.update_contact_way("c1", user=MANY[:101]),
    "expires_in later": lambda c: c.update_contact_way("c1", expires_in=-1),
    "remark": lambda c: c.add_join_way(NewJoinWay(chat_id_list=("wr1",), remark="r" * 31)),
    "scene of a join way": lambda c: c.update_join_way("c1", NewJoinWay(chat_id_list=("wr1",), scene=0)),
    "template": lambda c: c.add_group_welcome(GroupWelcome()),
    "template.text": lambda c: c.add_group_welcome(GroupWelcome(text="a" * 3001)),
    "template.attachment.title": lambda c: c.edit_group_welcome(
        "t1", GroupWelcome(attachment=Link(title="a" * 129, url="https://example.com"))
    ),
    "link_name": lambda c: c.create_acquisition_link("", LinkRange(user_list=("a",))),
    "range": lambda c: c.create_acquisition_link("l", LinkRange()),
    "range.user_list": lambda c: c.update_acquisition_link("ca1", reach=LinkRange(user_list=MANY[:501])),
    "priority_option": lambda c: c.update_acquisition_link(
        "ca1", priority_option=PriorityOption(priority_type=PriorityKind.NAMED)
    ),
    "end": lambda c: c.get_acquisition_statistic("ca1", TODAY, TODAY + timedelta(days=30)),
}
CUSTOMERS: dict[str, Refused] = {
    "remark": lambda c: c.remark_customer("a", "wm1", remark="r" * 21),
    "description": lambda c: c.remark_customer("a", "wm1", description="d" * 151),
    "company": lambda c: c.remark_customer("a", "wm1", company="c" * 21),
    "remark none": lambda c: c.remark_customer("a", "wm1"),
    "remark only emptied": lambda c: c.remark_customer("a", "wm1", remark=""),
    "unionid": lambda c: c.unionid_to_external_userid("", "o1"),
    "name": lambda c: c.edit_corp_tag("et1"),
    "name long": lambda c: c.edit_corp_tag("et1", name="n" * 31),
    "name empty": lambda c: c.edit_strategy_tag("st1", name=""),
    "order": lambda c: c.edit_corp_tag("et1", order=2**32),
    "order negative": lambda c: c.add_corp_tags("g", ["a"], order=-1),
    "group_name": lambda c: c.add_strategy_tags(1, "g" * 31, ["a"]),
    "names": lambda c: c.add_corp_tags("", [], group_id="et1"),
    "tag_ids": lambda c: c.delete_corp_tags(),
    "tag_ids of a rule group": lambda c: c.delete_strategy_tags(),
    "userids": lambda c: c.get_user_behavior([], TODAY, TODAY),
    "userids many": lambda c: c.get_user_behavior(MANY[:101], TODAY, TODAY),
    "departments": lambda c: c.get_user_behavior([], TODAY, TODAY, departments=range(101)),
    "end": lambda c: c.get_user_behavior(["a"], TODAY, TODAY - timedelta(days=1)),
    "owners": lambda c: c.group_statistic_by_day([], TODAY, TODAY),
    "owners many": lambda c: anext(c.group_statistic(MANY[:101], TODAY, TODAY)),
}
MESSAGES: dict[str, Refused] = {
    "tag_filter": lambda c: c.add_msg_template(tagged(("et1",), external_userids=("wm1",))),
    "tag_filter of a group": lambda c: c.add_msg_template(tagged(("et1",), chat_type="group", sender="a")),
    "tag_filter long": lambda c: c.add_msg_template(tagged(*[("et1",)] * 101)),
    "tag_filter[1]": lambda c: c.add_msg_template(tagged(("et1",), ())),
    "tag_filter[0]": lambda c: c.add_msg_template(tagged(MANY[:101])),
    "text": lambda c: c.add_moment_task(MomentTask()),
    "text long": lambda c: c.add_moment_task(MomentTask(text="a" * 2001)),
    "images": lambda c: c.add_moment_task(MomentTask(images=MANY[:10])),
    "images and video": lambda c: c.add_moment_task(MomentTask(images=("m",), video="m")),
    "link.title": lambda c: c.add_moment_task(
        MomentTask(link=MomentLink(title="汉" * 22, url="https://example.com", media_id="m"))
    ),
    "end": lambda c: anext(c.list_moments(START, START + timedelta(days=31))),
    "message": lambda c: c.transfer_customers("a", "b", ["wm1"], message="m" * 201),
    "takeover": lambda c: c.transfer_customers("A", "a", ["wm1"]),
    "external_userids": lambda c: c.transfer_resigned_customers("a", "b", []),
    "external_userids many": lambda c: c.transfer_customers("a", "b", MANY[:101]),
    "chat_ids": lambda c: c.transfer_groups([], "a"),
    "chat_ids many": lambda c: c.transfer_resigned_groups(MANY[:101], "a"),
    "rule_name": lambda c: c.add_intercept_rule(rule(rule_name="r" * 21)),
    "word_list": lambda c: c.add_intercept_rule(rule(word_list=("w" * 33,))),
    "word_list none": lambda c: c.add_intercept_rule(rule(word_list=())),
    "word_list many": lambda c: c.update_intercept_rule("r1", word_list=MANY[:301]),
    "applicable_range": lambda c: c.add_intercept_rule(rule(applicable_range=InterceptRange())),
    "applicable_range.user_list": lambda c: c.add_intercept_rule(
        rule(applicable_range=InterceptRange(user_list=MANY))
    ),
    "add_range": lambda c: c.update_intercept_rule("r1", add_range=InterceptRange()),
    "rule_name none": lambda c: c.update_intercept_rule("r1"),
    "content": lambda c: c.upload_permanent_image("a.png", bytes(2 * 1024 * 1024 + 1)),
    "content of a voice": lambda c: c.upload_media("voice", "a.amr", bytes(2 * 1024 * 1024 + 1)),
    "content of a moment": lambda c: c.upload_attachment("image", "a.png", bytes(5)),
    "md5": lambda c: c.upload_by_url("file", "a.pdf", "https://example.com/a.pdf", "no md5"),
    "title": lambda c: c.send_text_card(["a"], title="t" * 129, description="d", url="u"),
    "description": lambda c: c.send_text_card(["a"], title="t", description="d" * 513, url="u"),
    "url": lambda c: c.send_text_card(["a"], title="t", description="d", url=""),
    "btntxt": lambda c: c.send_text_card(["a"], title="t", description="d", url="u", btntxt="更多更多更"),
    "duplicate_check_seconds": lambda c: c.send_app_text(["a"], "hi", duplicate_check_seconds=14_401),
    "replace_name": lambda c: c.update_template_card("code", ["a"]),
    "userids": lambda c: c.update_template_card("code", MANY, replace_name="ok"),
}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("field", "call"),
    [(field, call) for some in (WAYS, CUSTOMERS, MESSAGES) for field, call in some.items()],
)
async def test_what_wecom_would_refuse_is_not_sent(field: str, call: Refused) -> None:
    fake = FakeWeCom()
    with pytest.raises(InvalidMessage) as caught:
        await call(client_on(fake))
    assert caught.value.field == field.split()[0]
    assert caught.value.remedy
    assert fake.requests == []


def test_a_channel_is_encoded_and_appended() -> None:
    assert with_channel("https://x/ca/1", "抖音 1") == (
        "https://x/ca/1?customer_channel=%E6%8A%96%E9%9F%B3%201"
    )
    assert with_channel("https://x/ca/1?a=b", "c") == "https://x/ca/1?a=b&customer_channel=c"
    with_channel("https://x/ca/1", "c" * 64)
    for channel in ("", "c" * 65, "汉" * 8):  # 9 bytes for each Chinese character, encoded
        with pytest.raises(InvalidMessage):
            with_channel("https://x/ca/1", channel)
