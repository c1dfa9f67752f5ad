"""The shapes of callback events, contract §3.4–3.8. What is absent is None; what is empty stays empty."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from integrations.wecom.types import Moment, OptionalMoment, UserId


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


class AcquisitionChange(StrEnum):
    BALANCE_LOW = "balance_low"
    BALANCE_EXHAUSTED = "balance_exhausted"
    BALANCE_INCREASED = "balance_increased"
    LINK_UNAVAILABLE = "link_unavailable"
    LINK_DELETED = "delete_link"
    QUOTA_EXPIRES_SOON = "quota_expire_soon"
    PROFILE_OPENED = "open_profile"
    FRIEND_REQUESTED = "friend_request"
    CHAT_STARTED = "customer_start_chat"
    MESSAGE_RECEIVED = "message_from_customer"
    DELETED_BY_CUSTOMER = "del_follow_user"


class StaffChange(StrEnum):
    CREATED = "create_user"
    UPDATED = "update_user"
    DELETED = "delete_user"


class PartyChange(StrEnum):
    CREATED = "create_party"
    UPDATED = "update_party"
    DELETED = "delete_party"


class StaffTagChange(StrEnum):
    UPDATED = "update_tag"


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _in_lower_case(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.lower() for one in ids)


OptionalInt = Annotated[int | None, BeforeValidator(_none_if_empty)]
Ids = Annotated[tuple[str, ...], BeforeValidator(_split)]
UserIds = Annotated[Ids, AfterValidator(_in_lower_case)]
Numbers = Annotated[tuple[int, ...], BeforeValidator(_split)]


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ContactEvent(Event):
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


class ChatEvent(Event):
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


class TagEvent(Event):
    """`id` is a tag's or, by `tag_type`, a tag_group's; absent when the groups were re-ordered."""

    event: Literal["change_external_tag"]
    change_type: TagChange
    create_time: Moment
    id: str | None = None
    tag_type: str | None = None
    strategy_id: str | None = None


class AcquisitionEvent(Event):
    """获客助手. `chat_key` opens get_acquisition_chat for 30 minutes; quota_expire_soon has the two last."""

    event: Literal["customer_acquisition"]
    change_type: AcquisitionChange
    create_time: Moment
    link_id: str | None = None
    state: str | None = None
    user_id: UserId | None = None
    external_user_id: str | None = None
    chat_key: str | None = Field(None, repr=False)
    expire_time: OptionalMoment = None
    expire_quota_num: OptionalInt = None


class StaffEvent(Event):
    """An employee came, changed or left. After an update `new_user_id`, if any, is the id from now on.

    `department` is None when the update left it alone; `status` as in MemberStatus.
    """

    event: Literal["change_contact"]
    change_type: StaffChange
    create_time: Moment
    user_id: UserId
    new_user_id: UserId | None = None
    department: Numbers | None = None
    main_department: OptionalInt = None
    status: OptionalInt = None


class PartyEvent(Event):
    """A department came, changed or went."""

    event: Literal["change_contact"]
    change_type: PartyChange
    create_time: Moment
    id: int
    parent_id: OptionalInt = None
    name: str | None = None


class StaffTagEvent(Event):
    """Employees and departments that got or lost a tag of the directory (no customers' tag)."""

    event: Literal["change_contact"]
    change_type: StaffTagChange
    create_time: Moment
    tag_id: str
    add_user_items: UserIds = ()
    del_user_items: UserIds = ()
    add_party_items: Numbers = ()
    del_party_items: Numbers = ()


class SelectedItem(Event):
    question_key: str
    option_ids: tuple[str, ...] = ()


class CardEvent(Event):
    """An employee pressed something on a template card: `event_key` is the button's or the menu action's key.

    `response_code` is good for one update_template_card.
    """

    event: Literal["template_card_event", "template_card_menu_event"]
    create_time: Moment
    user_id: UserId
    event_key: str = ""
    task_id: str = ""
    card_type: str = ""
    response_code: str = Field("", repr=False)
    selected_items: tuple[SelectedItem, ...] = ()
    agent_id: OptionalInt = None


class AgentEvent(Event):
    """What an employee does with the app: subscribes, opens it, or clicks on its menu."""

    event: Literal["subscribe", "unsubscribe", "enter_agent", "click", "view"]
    create_time: Moment
    user_id: UserId
    event_key: str = ""
    agent_id: OptionalInt = None


class MediaJobEvent(Event):
    """An upload_by_url has ended, well or badly: ask get_upload_by_url_result."""

    event: Literal["upload_media_job_finish"]
    create_time: Moment
    job_id: str


class BatchJobEvent(Event):
    """A batch of the directory has ended."""

    event: Literal["batch_job_result"]
    create_time: Moment
    job_id: str
    job_type: str = ""
    err_code: int = 0
    err_msg: str = ""


class UnknownEvent(Event):
    """`fields` has every element's text by its name; nested elements are joined with commas. `msg_id` is a
    text: a number in old apps, base64-like in new ones."""

    event: str | None = None
    change_type: str | None = None
    create_time: OptionalMoment = None
    msg_id: str | None = None
    fields: dict[str, str] = Field(repr=False)


CallbackEvent = (
    ContactEvent
    | ChatEvent
    | TagEvent
    | AcquisitionEvent
    | StaffEvent
    | PartyEvent
    | StaffTagEvent
    | CardEvent
    | AgentEvent
    | MediaJobEvent
    | BatchJobEvent
    | UnknownEvent
)
