"""The official samples of contract §3.4–3.6, and what is missing, empty, unknown or broken."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from integrations.wecom import (
    CallbackEvent,
    ChatChange,
    ChatEvent,
    ContactChange,
    ContactEvent,
    MalformedEvent,
    TagChange,
    TagEvent,
    UnknownEvent,
    parse_event,
)

AT = datetime.fromtimestamp(1403610513, UTC)
HEAD = (
    "<ToUserName><![CDATA[toUser]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>1403610513</CreateTime><MsgType><![CDATA[event]]></MsgType>"
)


def xml(event: str, change: str, rest: str = "") -> bytes:
    names = f"<Event><![CDATA[{event}]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>"
    return f"<xml>{HEAD}{names}{rest}</xml>".encode()


def contact(change: str, rest: str = "") -> ContactEvent:
    pair = (
        "<UserID><![CDATA[ZhangSan]]></UserID><ExternalUserID><![CDATA[woAJ2GCAAAXtWyujaWJHDDGi0mAAAA]]>"
        "</ExternalUserID>"
    )
    event = parse_event(xml("change_external_contact", change, pair + rest))
    assert isinstance(event, ContactEvent)
    return event


def chat(rest: str) -> ChatEvent:
    event = parse_event(xml("change_external_chat", "update", "<ChatId>wr1</ChatId>" + rest))
    assert isinstance(event, ChatEvent)
    return event


@pytest.mark.parametrize("change", list(ContactChange))
def test_every_contact_change_is_read(change: ContactChange) -> None:
    event = contact(change)
    assert event.change_type is change
    assert event.create_time == AT
    assert event.user_id == "zhangsan"
    assert event.external_user_id == "woAJ2GCAAAXtWyujaWJHDDGi0mAAAA"


def test_what_comes_with_an_add() -> None:
    event = contact(
        "add_external_contact",
        "<State><![CDATA[teststate]]></State><WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode>",
    )
    assert (event.state, event.welcome_code) == ("teststate", "WELCOMECODE")


def test_absent_is_none_and_empty_is_empty() -> None:
    event = contact("add_external_contact", "<State><![CDATA[]]></State>")
    assert event.state == ""
    assert event.welcome_code is None


def test_the_reasons_of_a_loss() -> None:
    assert (
        contact("del_external_contact", "<Source>DELETE_BY_TRANSFER</Source>").source == "DELETE_BY_TRANSFER"
    )
    assert (
        contact("transfer_fail", "<FailReason>customer_refused</FailReason>").fail_reason
        == "customer_refused"
    )


def test_the_official_group_sample() -> None:
    event = parse_event(
        b"<xml><ToUserName><![CDATA[ww55ca070cb9b7eb22]]></ToUserName><FromUserName><![CDATA[sys]]>"
        b"</FromUserName><CreateTime>1403610513</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        b"<Event><![CDATA[change_external_chat]]></Event><ChatId><![CDATA[wrx7HUARsKwGRaQBVKPBTcEyzdHA4HrQ]]>"
        b"</ChatId><ChangeType><![CDATA[update]]></ChangeType><UpdateDetail><![CDATA[add_member]]>"
        b"</UpdateDetail><JoinScene>1</JoinScene><QuitScene>0</QuitScene><MemChangeCnt>10</MemChangeCnt>"
        b"<MemChangeList><Item>Jack</Item><Item>Rose</Item></MemChangeList>"
        b"<LastMemVer>9c3f97c2ada667dfb5f6d03308d963e1</LastMemVer>"
        b"<CurMemVer>71217227bbd112ecfe3a49c482195cb4</CurMemVer></xml>"
    )
    assert event == ChatEvent(
        event="change_external_chat",
        change_type=ChatChange.UPDATE,
        create_time=AT,
        chat_id="wrx7HUARsKwGRaQBVKPBTcEyzdHA4HrQ",
        update_detail="add_member",
        join_scene=1,
        quit_scene=0,
        mem_change_cnt=10,
        mem_change_list=("Jack", "Rose"),
        last_mem_ver="9c3f97c2ada667dfb5f6d03308d963e1",
        cur_mem_ver="71217227bbd112ecfe3a49c482195cb4",
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ("<MemChangeList><Item>a</Item><Item>wmB</Item></MemChangeList>", ("a", "wmB")),
        (
            "<MemChangeList><Item><![CDATA[a]]></Item><Item><![CDATA[wmB]]></Item></MemChangeList>",
            ("a", "wmB"),
        ),
        ("<MemChangeList>\n <Item>a</Item>\n <Item>wmB</Item>\n</MemChangeList>", ("a", "wmB")),
        ("<MemChangeList><![CDATA[a,wmB]]></MemChangeList>", ("a", "wmB")),
        ("<MemChangeList><![CDATA[a]]></MemChangeList>", ("a",)),
        ("<MemChangeList></MemChangeList>", ()),
        ("", None),
    ],
)
def test_both_wire_forms_of_the_member_list(members: str, expected: tuple[str, ...] | None) -> None:
    assert chat("<UpdateDetail>add_member</UpdateDetail>" + members).mem_change_list == expected


def test_a_new_update_detail_and_empty_numbers_are_accepted() -> None:
    event = chat("<UpdateDetail>change_colour</UpdateDetail><JoinScene></JoinScene>")
    assert (event.update_detail, event.join_scene, event.mem_change_cnt) == ("change_colour", None, None)


def test_a_tag_event() -> None:
    body = "<Id>et1</Id><TagType>tag_group</TagType><StrategyId>12</StrategyId>"
    event = parse_event(xml("change_external_tag", "shuffle", body))
    assert isinstance(event, TagEvent)
    assert (event.change_type, event.id, event.tag_type, event.strategy_id) == (
        TagChange.SHUFFLE,
        "et1",
        "tag_group",
        "12",
    )


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("change_external_contact", "brand_new"),
        ("customer_acquisition", "brand_new"),
        ("change_contact", "brand_new"),
        ("open_approval_change", ""),
    ],
)
def test_what_is_unknown_is_kept_raw(event: str, change: str) -> None:
    body = "<LinkId>ca1</LinkId><BatchJob><JobId>7</JobId><JobType>sync</JobType></BatchJob>"
    found = parse_event(xml(event, change, body))
    assert isinstance(found, UnknownEvent)
    assert (found.event, found.change_type, found.create_time) == (event, change, AT)
    assert found.fields["LinkId"] == "ca1"
    assert found.fields["BatchJob"] == "7,sync"
    assert found.fields["ToUserName"] == "toUser"


def test_a_message_is_an_unknown_event_without_a_name() -> None:
    found = parse_event(b"<xml><MsgType>text</MsgType><Content>hello</Content></xml>")
    assert isinstance(found, UnknownEvent)
    assert (found.event, found.change_type, found.create_time) == (None, None, None)


def test_blanks_around_are_tolerated() -> None:
    raw = b" \n" + xml("change_external_chat", "dismiss", "<ChatId>wr1</ChatId>") + b" \n"
    assert parse_event(raw) == parse_event(raw.strip())


PAIR = "<UserID>a</UserID><ExternalUserID>wm1</ExternalUserID>"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not xml",
        b"<html/>",
        xml("change_external_contact", "add_external_contact")[:-10],
        xml("change_external_contact", "add_external_contact", "<UserID>a</UserID>"),
        xml("change_external_chat", "create"),
        xml("change_external_contact", "add_external_contact", PAIR).replace(b"1403610513", b"soon"),
        xml("change_external_contact", "add_external_contact", PAIR).replace(b"1403610513", b"9" * 40),
        b"<!DOCTYPE xml><xml/>",
    ],
)
def test_what_cannot_be_an_event_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedEvent):
        parse_event(raw)


def test_a_malformed_event_names_the_place_and_not_the_values() -> None:
    body = "<WelcomeCode>the-code</WelcomeCode>"
    with pytest.raises(MalformedEvent, match="external_user_id, user_id") as caught:
        parse_event(xml("change_external_contact", "add_external_contact", body))
    assert "the-code" not in str(caught.value)


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=300))
def test_arbitrary_bytes_do_no_harm(raw: bytes) -> None:
    with suppress(MalformedEvent):
        parse_event(raw)


@pytest.mark.parametrize(
    "raw",
    [
        xml("change_external_contact", "add_external_contact", PAIR),
        xml("change_external_chat", "create", "<ChatId>wr1</ChatId>"),
        xml("change_external_tag", "create"),
        xml("open_approval_change", ""),
    ],
)
def test_events_survive_being_stored_as_json(raw: bytes) -> None:
    event = parse_event(raw)
    adapter: TypeAdapter[CallbackEvent] = TypeAdapter(CallbackEvent)
    assert adapter.validate_json(adapter.dump_json(event)) == event
