"""From a callback's decrypted XML to its event. Contract §3.3–3.8; the shapes are in event_shapes.py.

An unknown event, or an unknown ChangeType of a known one, is an UnknownEvent and no error: WeCom adds them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from xml.etree.ElementTree import Element

from pydantic import ValidationError

from integrations.validation import places
from integrations.wecom.callback import parse_xml
from integrations.wecom.event_shapes import (
    AcquisitionChange,
    AcquisitionEvent,
    AgentEvent,
    BatchJobEvent,
    CallbackEvent,
    CardEvent,
    ChatChange,
    ChatEvent,
    ContactChange,
    ContactEvent,
    MediaJobEvent,
    PartyChange,
    PartyEvent,
    StaffChange,
    StaffEvent,
    StaffTagChange,
    StaffTagEvent,
    TagChange,
    TagEvent,
    UnknownEvent,
)


class MalformedEvent(ValueError):
    """Authentic, but not an event: not XML, or a known event without what it must have."""


# Of these events the ChangeType decides.
_CHANGES: dict[str, tuple[tuple[type[StrEnum], type[CallbackEvent]], ...]] = {
    "change_external_contact": ((ContactChange, ContactEvent),),
    "change_external_chat": ((ChatChange, ChatEvent),),
    "change_external_tag": ((TagChange, TagEvent),),
    "customer_acquisition": ((AcquisitionChange, AcquisitionEvent),),
    "change_contact": (
        (StaffChange, StaffEvent),
        (PartyChange, PartyEvent),
        (StaffTagChange, StaffTagEvent),
    ),
}
_PLAIN: dict[str, type[CallbackEvent]] = {
    "template_card_event": CardEvent,
    "template_card_menu_event": CardEvent,
    "subscribe": AgentEvent,
    "unsubscribe": AgentEvent,
    "enter_agent": AgentEvent,
    "click": AgentEvent,
    "view": AgentEvent,
    "upload_media_job_finish": MediaJobEvent,
    "batch_job_result": BatchJobEvent,
}

_NAMES = {
    "Event": "event",
    "ChangeType": "change_type",
    "CreateTime": "create_time",
    "UserID": "user_id",
    "NewUserID": "new_user_id",
    "ExternalUserID": "external_user_id",
    "State": "state",
    "WelcomeCode": "welcome_code",
    "Source": "source",
    "FailReason": "fail_reason",
    "ChatId": "chat_id",
    "UpdateDetail": "update_detail",
    "JoinScene": "join_scene",
    "QuitScene": "quit_scene",
    "MemChangeCnt": "mem_change_cnt",
    "MemChangeList": "mem_change_list",
    "LastMemVer": "last_mem_ver",
    "CurMemVer": "cur_mem_ver",
    "Id": "id",
    "TagType": "tag_type",
    "StrategyId": "strategy_id",
    "LinkId": "link_id",
    "ChatKey": "chat_key",
    "ExpireTime": "expire_time",
    "ExpireQuotaNum": "expire_quota_num",
    "Department": "department",
    "MainDepartment": "main_department",
    "Status": "status",
    "ParentId": "parent_id",
    "Name": "name",
    "TagId": "tag_id",
    "AddUserItems": "add_user_items",
    "DelUserItems": "del_user_items",
    "AddPartyItems": "add_party_items",
    "DelPartyItems": "del_party_items",
    "EventKey": "event_key",
    "TaskId": "task_id",
    "CardType": "card_type",
    "ResponseCode": "response_code",
    "AgentID": "agent_id",
    "JobId": "job_id",
    "JobType": "job_type",
    "ErrCode": "err_code",
    "ErrMsg": "err_msg",
    "MsgId": "msg_id",
}


def parse_event(xml: bytes) -> CallbackEvent:
    """The decrypted XML of one callback. Raises MalformedEvent."""
    try:
        root = parse_xml(xml)
    except ValueError as error:
        raise MalformedEvent(str(error)) from None
    if root.tag != "xml":
        raise MalformedEvent("the root is not <xml>")
    named = _named(root)
    shape = _shape(named)
    if shape is UnknownEvent:
        named["fields"] = {element.tag: _text(element) for element in root}
    try:
        return shape.model_validate(named)
    except ValidationError as error:
        raise MalformedEvent(f"{named.get('event')}: missing or wrong: {places(error)}") from None


def _shape(named: dict[str, Any]) -> type[CallbackEvent]:
    event = named.get("event", "")
    for changes, shape in _CHANGES.get(event, ()):
        if named.get("change_type") in set(changes):
            return shape
    return _PLAIN.get(event, UnknownEvent)


def _named(root: Element) -> dict[str, Any]:
    """What an app's event tells: who caused it is in FromUserName, a batch's facts are one level deeper."""
    elements = [*root, *root.iterfind("BatchJob/*")]
    named: dict[str, Any] = {_NAMES[one.tag]: _text(one) for one in elements if one.tag in _NAMES}
    who = root.findtext("FromUserName", "").strip()
    if named.get("event") in _PLAIN and who:
        named["user_id"] = who
    items = root.find("SelectedItems")
    if items is not None:
        named["selected_items"] = [_selected(item) for item in items]
    return named


def _selected(item: Element) -> dict[str, Any]:
    options = [(one.text or "").strip() for one in item.iterfind("OptionIds/OptionId")]
    return {"question_key": item.findtext("QuestionKey", "").strip(), "option_ids": options}


def _text(element: Element) -> str:
    """Makes one of the two forms of MemChangeList: `<Item>a</Item><Item>b</Item>` reads like `a,b`."""
    if len(element):
        return ",".join((child.text or "").strip() for child in element)
    return (element.text or "").strip()
