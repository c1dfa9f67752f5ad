"""The events inside callbacks, contract §3.3–3.6. What is absent is None; what is there but empty stays so.

An unknown event, or an unknown ChangeType of a known one, is an UnknownEvent and no error: WeCom adds them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from xml.etree.ElementTree import Element

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from integrations.validation import places
from integrations.wecom.callback import parse_xml
from integrations.wecom.types import Moment, OptionalMoment, UserId


class MalformedEvent(ValueError):
    """Authentic, but not an event: not XML, or a known event without what it must have."""


class ContactChange(StrEnum):
    ADD = "add_external_contact"
    ADD_HALF = "add_half_external_contact"
    EDIT = "edit_external_contact"
    DELETED_BY_EMPLOYEE = "del_external_contact"
    DELETED_BY_CUSTOMER = "del_follow_user"
    TRANSFER_FAIL = "transfer_fail"
    AUDIT_APPROVED = "msg_audit_approved"


class ChatChange(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DISMISS = "dismiss"


class TagChange(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SHUFFLE = "shuffle"


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


OptionalInt = Annotated[int | None, BeforeValidator(_none_if_empty)]
Ids = Annotated[tuple[str, ...], BeforeValidator(_split)]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ContactEvent(_Event):
    """`user_id` is in lower case: userids are case-insensitive. `welcome_code` is a secret for its 20 s."""

    event: Literal["change_external_contact"]
    change_type: ContactChange
    create_time: Moment
    user_id: UserId
    external_user_id: str
    state: str | None = None
    welcome_code: str | None = Field(None, repr=False)
    source: str | None = None
    fail_reason: str | None = None


class ChatEvent(_Event):
    """`join_scene` 0 invited, 3 by QR; `quit_scene` 0 left, 1 removed. `mem_change_list` has userids and
    external_userids as sent, may be None, and need not have `mem_change_cnt` items."""

    event: Literal["change_external_chat"]
    change_type: ChatChange
    create_time: Moment
    chat_id: str
    update_detail: str | None = None
    join_scene: OptionalInt = None
    quit_scene: OptionalInt = None
    mem_change_cnt: OptionalInt = None
    mem_change_list: Ids | None = None
    last_mem_ver: str | None = None
    cur_mem_ver: str | None = None


class TagEvent(_Event):
    """`id` is a tag's or, by `tag_type`, a tag_group's; absent when the groups were re-ordered."""

    event: Literal["change_external_tag"]
    change_type: TagChange
    create_time: Moment
    id: str | None = None
    tag_type: str | None = None
    strategy_id: str | None = None


class UnknownEvent(_Event):
    """`fields` has every element's text by its name; nested elements are joined with commas."""

    event: str | None = None
    change_type: str | None = None
    create_time: OptionalMoment = None
    fields: dict[str, str] = Field(repr=False)


CallbackEvent = ContactEvent | ChatEvent | TagEvent | UnknownEvent

_KNOWN: dict[str, tuple[type[ContactEvent | ChatEvent | TagEvent], type[StrEnum]]] = {
    "change_external_contact": (ContactEvent, ContactChange),
    "change_external_chat": (ChatEvent, ChatChange),
    "change_external_tag": (TagEvent, TagChange),
}

_NAMES = {
    "Event": "event",
    "ChangeType": "change_type",
    "CreateTime": "create_time",
    "UserID": "user_id",
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
}


def parse_event(xml: bytes) -> CallbackEvent:
    """The decrypted XML of one callback. Raises MalformedEvent."""
    try:
        root = parse_xml(xml)
    except ValueError as error:
        raise MalformedEvent(str(error)) from None
    if root.tag != "xml":
        raise MalformedEvent("the root is not <xml>")
    fields = {element.tag: _text(element) for element in root}
    named = {_NAMES[tag]: text for tag, text in fields.items() if tag in _NAMES}
    shape, changes = _KNOWN.get(named.get("event", ""), (UnknownEvent, None))
    known = changes is not None and named.get("change_type") in set(changes)
    try:
        return (
            shape.model_validate(named) if known else UnknownEvent.model_validate({**named, "fields": fields})
        )
    except ValidationError as error:
        raise MalformedEvent(f"{named.get('event')}: missing or wrong: {places(error)}") from None


def _text(element: Element) -> str:
    """Makes one of the two forms of MemChangeList: `<Item>a</Item><Item>b</Item>` reads like `a,b`."""
    if len(element):
        return ",".join((child.text or "").strip() for child in element)
    return (element.text or "").strip()
