"""The events of contract §3.7 and §3.8: acquisition links, the directory, cards, and jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from integrations.wecom import (
    AcquisitionChange,
    AcquisitionEvent,
    AgentEvent,
    BatchJobEvent,
    CallbackEvent,
    CardEvent,
    MalformedEvent,
    MediaJobEvent,
    PartyChange,
    PartyEvent,
    SelectedItem,
    StaffChange,
    StaffEvent,
    StaffTagEvent,
    UnknownEvent,
    parse_event,
)
from tests.integrations.test_wecom_events import AT, xml


def app(event: str, rest: str = "", sender: str = "ZhangSan") -> bytes:
    """What an employee does with the app; a change of type is unknown here."""
    raw = xml(event, "", rest).replace(b"<ChangeType><![CDATA[]]></ChangeType>", b"")
    return raw.replace(b"<![CDATA[sys]]>", f"<![CDATA[{sender}]]>".encode())


@pytest.mark.parametrize("change", list(AcquisitionChange))
def test_every_acquisition_change_is_read(change: AcquisitionChange) -> None:
    event = parse_event(xml("customer_acquisition", change))
    assert isinstance(event, AcquisitionEvent)
    assert (event.change_type, event.create_time, event.link_id) == (change, AT, None)


def test_what_acquisition_events_bring() -> None:
    message = parse_event(
        xml("customer_acquisition", "message_from_customer", "<LinkId>ca1</LinkId><ChatKey>key</ChatKey>")
    )
    assert isinstance(message, AcquisitionEvent)
    assert (message.link_id, message.chat_key) == ("ca1", "key")
    assert "'key'" not in repr(message)
    started = parse_event(
        xml(
            "customer_acquisition",
            "customer_start_chat",
            "<UserID>ZhangSan</UserID><ExternalUserID>wmA</ExternalUserID>",
        )
    )
    assert isinstance(started, AcquisitionEvent)
    assert (started.user_id, started.external_user_id) == ("zhangsan", "wmA")
    quota = "<ExpireTime>1403610513</ExpireTime><ExpireQuotaNum>200</ExpireQuotaNum>"
    expiring = parse_event(xml("customer_acquisition", "quota_expire_soon", quota))
    assert isinstance(expiring, AcquisitionEvent)
    assert (expiring.expire_time, expiring.expire_quota_num) == (AT, 200)


def test_an_employee_who_gets_another_userid() -> None:
    body = (
        "<UserID>ZhangSan</UserID><NewUserID>ZhangSan001</NewUserID><Name>张三</Name>"
        "<Department>1,2,3</Department><MainDepartment>1</MainDepartment><Mobile>13800000001</Mobile>"
        "<Status>1</Status>"
    )
    event = parse_event(xml("change_contact", "update_user", body))
    assert event == StaffEvent(
        event="change_contact",
        change_type=StaffChange.UPDATED,
        create_time=AT,
        user_id="zhangsan",
        new_user_id="zhangsan001",
        department=(1, 2, 3),
        main_department=1,
        status=1,
    )
    assert "13800000001" not in event.model_dump_json()


@pytest.mark.parametrize("change", list(StaffChange))
def test_an_update_says_only_what_changed(change: StaffChange) -> None:
    event = parse_event(xml("change_contact", change, "<UserID>a</UserID>"))
    assert isinstance(event, StaffEvent)
    assert (event.user_id, event.new_user_id, event.department, event.status) == ("a", None, None, None)


@pytest.mark.parametrize("change", list(PartyChange))
def test_departments(change: PartyChange) -> None:
    body = "<Id>2</Id><Name><![CDATA[华东区]]></Name><ParentId><![CDATA[1]]></ParentId><Order>1</Order>"
    event = parse_event(xml("change_contact", change, body))
    assert isinstance(event, PartyEvent)
    assert (event.id, event.parent_id, event.name) == (2, 1, "华东区")


def test_tags_of_the_directory() -> None:
    body = (
        "<TagId>1</TagId><AddUserItems>ZhangSan,lisi</AddUserItems><DelUserItems></DelUserItems>"
        "<AddPartyItems>1,2</AddPartyItems>"
    )
    event = parse_event(xml("change_contact", "update_tag", body))
    assert isinstance(event, StaffTagEvent)
    assert (event.tag_id, event.add_user_items, event.del_user_items) == ("1", ("zhangsan", "lisi"), ())
    assert (event.add_party_items, event.del_party_items) == ((1, 2), ())


PRESSED = (
    "<EventKey><![CDATA[key111]]></EventKey><TaskId><![CDATA[taskid111]]></TaskId>"
    "<CardType><![CDATA[multiple_interaction]]></CardType>"
    "<ResponseCode><![CDATA[the-response-code]]></ResponseCode><AgentID>1</AgentID>"
)
SELECTED = (
    "<SelectedItems><SelectedItem><QuestionKey><![CDATA[q1]]></QuestionKey><OptionIds>"
    "<OptionId><![CDATA[a]]></OptionId><OptionId><![CDATA[b]]></OptionId></OptionIds></SelectedItem>\n"
    "<SelectedItem><QuestionKey><![CDATA[q2]]></QuestionKey><OptionIds></OptionIds></SelectedItem>"
    "</SelectedItems>"
)


@pytest.mark.parametrize("name", ["template_card_event", "template_card_menu_event"])
def test_a_press_on_a_card(name: str) -> None:
    event = parse_event(app(name, PRESSED + SELECTED))
    assert isinstance(event, CardEvent)
    assert (event.event, event.user_id, event.create_time) == (name, "zhangsan", AT)
    assert (event.event_key, event.task_id, event.agent_id) == ("key111", "taskid111", 1)
    assert (event.card_type, event.response_code) == ("multiple_interaction", "the-response-code")
    assert event.selected_items == (
        SelectedItem(question_key="q1", option_ids=("a", "b")),
        SelectedItem(question_key="q2"),
    )
    assert "the-response-code" not in repr(event)


def test_a_button_without_questions() -> None:
    event = parse_event(app("template_card_event", PRESSED))
    assert isinstance(event, CardEvent)
    assert event.selected_items == ()


@pytest.mark.parametrize("name", ["subscribe", "unsubscribe", "enter_agent", "click"])
def test_what_an_employee_does_with_the_app(name: str) -> None:
    event = parse_event(app(name, "<EventKey></EventKey><AgentID>1</AgentID>"))
    assert isinstance(event, AgentEvent)
    assert (event.event, event.user_id, event.event_key, event.agent_id) == (name, "zhangsan", "", 1)


def test_jobs_that_end() -> None:
    upload = parse_event(app("upload_media_job_finish", "<JobId>job1</JobId>", sender="sys"))
    assert isinstance(upload, MediaJobEvent)
    assert upload.job_id == "job1"
    batch = (
        "<BatchJob><JobId><![CDATA[job2]]></JobId><JobType><![CDATA[sync_user]]></JobType>"
        "<ErrCode>0</ErrCode><ErrMsg><![CDATA[ok]]></ErrMsg></BatchJob>"
    )
    done = parse_event(app("batch_job_result", batch, sender="sys"))
    assert isinstance(done, BatchJobEvent)
    assert (done.job_id, done.job_type, done.err_code, done.err_msg) == ("job2", "sync_user", 0, "ok")


@pytest.mark.parametrize("msg_id", ["4561255354251345929", "CAIQg/PKxgYY2sC9tpuAgAMg9/zKaw=="])
def test_the_id_of_a_message_stays_a_text(msg_id: str) -> None:
    raw = f"<xml><MsgType>text</MsgType><Content>hello</Content><MsgId>{msg_id}</MsgId></xml>"
    event = parse_event(raw.encode())
    assert isinstance(event, UnknownEvent)
    assert event.msg_id == msg_id


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (xml("change_contact", "update_user"), "user_id"),
        (xml("change_contact", "create_party", "<Id>two</Id>"), "id"),
        (app("template_card_event", PRESSED, sender=""), "user_id"),
        (app("upload_media_job_finish"), "job_id"),
    ],
)
def test_without_what_it_must_have_it_is_malformed(raw: bytes, place: str) -> None:
    with pytest.raises(MalformedEvent, match=place):
        parse_event(raw)


@pytest.mark.parametrize(
    "raw",
    [
        xml("customer_acquisition", "link_unavailable", "<LinkId>ca1</LinkId>"),
        xml("change_contact", "update_user", "<UserID>a</UserID><Department>1,2</Department>"),
        xml("change_contact", "delete_party", "<Id>2</Id>"),
        xml("change_contact", "update_tag", "<TagId>2</TagId><AddPartyItems>1,2</AddPartyItems>"),
        app("template_card_event", PRESSED + SELECTED),
        app("enter_agent", "<AgentID>1</AgentID>"),
        app("upload_media_job_finish", "<JobId>j</JobId>"),
        app("batch_job_result", "<BatchJob><JobId>j</JobId></BatchJob>"),
    ],
)
def test_events_survive_being_stored_as_json(raw: bytes) -> None:
    event = parse_event(raw)
    assert not isinstance(event, UnknownEvent)
    adapter: TypeAdapter[CallbackEvent] = TypeAdapter(CallbackEvent)
    assert adapter.validate_json(adapter.dump_json(event)) == event


NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1).map(str.capitalize)


@settings(deadline=None, max_examples=50)  # a busy machine is no failure
@given(st.dictionaries(NAMES, st.text("<>&'\"汉a1 ", max_size=5), max_size=5), st.integers(0, 2**31))
def test_what_wecom_adds_one_day_is_ignored(added: dict[str, str], at: int) -> None:
    more = "".join(f"<New{name}><![CDATA[{value}]]></New{name}>" for name, value in added.items())
    raw = xml("change_contact", "delete_user", "<UserID>a</UserID>" + more)
    event = parse_event(raw.replace(b"1403610513", str(at).encode()))
    assert isinstance(event, StaffEvent)
    assert (event.user_id, event.create_time) == ("a", datetime.fromtimestamp(at, UTC))
