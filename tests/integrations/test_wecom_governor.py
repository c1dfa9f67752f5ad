"""What a call asks to be let in for, how long a 45009 closes an API, and where the client asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.wecom import (
    Admission,
    Closing,
    QuotaExceeded,
    Span,
    TooConcurrent,
    closed,
    closing,
    crowded,
)
from integrations.wecom.governor import admission
from integrations.wecom.wire import Call
from tests.integrations.fakes import START, FakeWeCom, client_on, error

MIDNIGHT_IN_CHINA = datetime(2026, 3, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("api", "reads"),
    [
        ("externalcontact/get", True),
        ("externalcontact/list", True),
        ("externalcontact/batch/get_by_user", True),
        ("externalcontact/groupchat/get_join_way", True),
        ("externalcontact/get_groupmsg_send_result", True),
        ("externalcontact/transfer_result", True),
        ("user/simplelist", True),
        ("externalcontact/mark_tag", False),
        ("externalcontact/remark", False),
        ("externalcontact/groupchat/update_join_way", False),
        ("externalcontact/send_welcome_msg", False),
        ("media/upload", False),
        ("one/of/tomorrow", False),
    ],
)
def test_a_call_reads_or_writes_by_its_name(api: str, reads: bool) -> None:
    assert admission(Call(api), 0.0).reads is reads


@pytest.mark.parametrize("api", ["externalcontact/mark_tag", "externalcontact/remark"])
def test_writes_to_a_pair_name_it_in_one_spelling(api: str) -> None:
    call = Call(api, body={"userid": "ZhangSan", "external_userid": "wm1"})
    assert admission(call, 0.0).pair == "zhangsan/wm1"


def test_other_calls_lock_no_pair() -> None:
    assert admission(Call("externalcontact/get", body={"userid": "a"}), 0.0).pair is None


def test_only_the_greeting_is_urgent() -> None:
    assert admission(Call("externalcontact/send_welcome_msg"), 0.0).urgent
    assert not admission(Call("externalcontact/add_msg_template"), 0.0).urgent


# ---- how long an API is closed


def test_the_first_time_it_is_a_minute() -> None:
    assert closing(START, None) == Closing(START + timedelta(minutes=1), Span.MINUTE)


def test_right_after_a_minute_it_is_an_hour_and_then_the_rest_of_the_day_in_china() -> None:
    first = closing(START, None)
    second = closing(first.until, first)
    assert second == Closing(first.until + timedelta(hours=1), Span.HOUR)
    third = closing(second.until, second)
    assert third == Closing(MIDNIGHT_IN_CHINA, Span.DAY)
    assert closing(third.until, third) == Closing(MIDNIGHT_IN_CHINA + timedelta(days=1), Span.DAY)


def test_what_was_in_flight_when_it_closed_makes_it_no_longer() -> None:
    first = closing(START, None)
    assert closing(START + timedelta(seconds=2), first) == first


@given(
    st.timedeltas(timedelta(), timedelta(days=2)),
    st.timedeltas(timedelta(), timedelta(days=400)),
    st.none() | st.sampled_from(Span),
)
def test_a_closing_always_ends_later_and_within_a_day(
    later: timedelta, ago: timedelta, span: Span | None
) -> None:
    now = START + later
    found = closing(now, Closing(now - ago, span) if span else None)
    assert now < found.until <= now + timedelta(days=1)


def test_calls_that_are_not_made_say_when_to_come_back() -> None:
    assert closed("externalcontact/get", 42.0).retry_after == 42.0
    assert crowded("externalcontact/get").retry_after
    assert crowded("externalcontact/get").errcode is None, "WeCom was not asked"


# ---- where the client asks


class Recorder:
    """A governor that writes down what it was asked, and what ended each call."""

    def __init__(self) -> None:
        self.asked: list[Admission] = []
        self.ended: list[str] = []

    @asynccontextmanager
    async def admit(self, what: Admission) -> AsyncIterator[None]:
        self.asked.append(what)
        try:
            yield
        except Exception as ended:
            self.ended.append(type(ended).__name__)
            raise
        self.ended.append("ok")


class Closed:
    @asynccontextmanager
    async def admit(self, what: Admission) -> AsyncIterator[None]:
        raise crowded(what.api)
        yield


@pytest.mark.anyio
async def test_every_call_asks_and_gettoken_does_not() -> None:
    fake = FakeWeCom().prepare("externalcontact/list", {"errcode": 0, "external_userid": []})
    fake.prepare("externalcontact/mark_tag", {"errcode": 0})
    governor = Recorder()
    client = client_on(fake, governor=governor)
    await client.list_external_contacts("zhangsan")
    await client.mark_tag("ZhangSan", "wm1", add=["et1"])
    assert [(a.api, a.reads, a.pair) for a in governor.asked] == [
        ("externalcontact/list", True, None),
        ("externalcontact/mark_tag", False, "zhangsan/wm1"),
    ]
    assert governor.ended == ["ok", "ok"]


@pytest.mark.anyio
async def test_the_governor_sees_what_ended_the_call_and_the_replay_asks_again() -> None:
    fake = FakeWeCom().prepare(
        "externalcontact/list", error(40014), {"errcode": 0, "external_userid": []}, error(45009)
    )
    governor = Recorder()
    client = client_on(fake, governor=governor)
    await client.list_external_contacts("zhangsan")
    with pytest.raises(QuotaExceeded):
        await client.list_external_contacts("zhangsan")
    assert governor.ended == ["TokenRejected", "ok", "QuotaExceeded"]


@pytest.mark.anyio
async def test_a_call_that_is_not_let_in_is_not_made() -> None:
    fake = FakeWeCom()
    with pytest.raises(TooConcurrent):
        await client_on(fake, governor=Closed()).list_external_contacts("zhangsan")
    assert [request.url.path for request in fake.requests] == ["/cgi-bin/gettoken"]
