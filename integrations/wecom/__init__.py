"""WeCom (企业微信) as a plain library: a typed client, and the callbacks that WeCom sends.

Facts are from the official pages as collected in the WeCom contract; "contract §…" names its section.
"""

from integrations.wecom.callback import DEFAULT_MAX_AGE_SECONDS, MAX_BODY_BYTES, open_callback, open_echo
from integrations.wecom.card_parts import (
    ActionMenu,
    CardAction,
    CardButton,
    CardLine,
    CardOption,
    CardSelect,
    CardSource,
    CardTitle,
    ContentKind,
    Jump,
    MenuAction,
    Opens,
    QuoteArea,
    SubmitButton,
)
from integrations.wecom.client import WeComClient
from integrations.wecom.crypto import (
    BadPayload,
    BadSignature,
    CallbackCrypto,
    CallbackRejected,
    StaleTimestamp,
    WrongReceiver,
)
from integrations.wecom.endpoints.acquisition import (
    AcquisitionChat,
    AcquisitionCustomer,
    AcquisitionLink,
    AcquisitionQuota,
    AcquisitionStatistic,
    ChatStatus,
    LinkRange,
    PriorityKind,
    PriorityOption,
    QuotaPart,
    with_channel,
)
from integrations.wecom.endpoints.app_messages import AppMessageSent
from integrations.wecom.endpoints.apps import AppDetail
from integrations.wecom.endpoints.contact_ways import (
    Conclusions,
    ContactWay,
    ContactWayCreated,
    ContactWayType,
    NewContactWay,
)
from integrations.wecom.endpoints.customers import (
    ContactDetail,
    ContactOf,
    ExternalContact,
    FollowInfo,
    FollowTag,
    FollowUser,
)
from integrations.wecom.endpoints.group_chats import (
    GroupAdmin,
    GroupChat,
    GroupChatRef,
    GroupMember,
    MemberType,
)
from integrations.wecom.endpoints.handover import (
    GroupNotTransferred,
    TransferAnswer,
    TransferResult,
    TransferStatus,
    Unassigned,
)
from integrations.wecom.endpoints.intercept import (
    InterceptRange,
    InterceptRule,
    InterceptRuleRef,
    InterceptType,
    NewInterceptRule,
    Semantics,
)
from integrations.wecom.endpoints.join_ways import JoinWay, NewJoinWay
from integrations.wecom.endpoints.mass_messages import (
    ChatType,
    GroupMsg,
    MassTask,
    MassTaskCreated,
    SendResult,
    SendStatus,
    TaskMember,
)
from integrations.wecom.endpoints.media import (
    AttachmentKind,
    DownloadedMedia,
    MediaKind,
    UploadedMedia,
    UploadJob,
    UploadStatus,
)
from integrations.wecom.endpoints.moments import (
    InvalidSenders,
    InvalidTags,
    JobStatus,
    ListedMoment,
    MomentJob,
    MomentLink,
    MomentMember,
    MomentOutcome,
    MomentReaction,
    MomentReactions,
    MomentTask,
)
from integrations.wecom.endpoints.staff import Department, Member, MemberRef, MemberStatus
from integrations.wecom.endpoints.statistics import (
    BehaviorDay,
    DayFigures,
    GroupFigures,
    GroupOrder,
    OwnerFigures,
)
from integrations.wecom.endpoints.tags import Tag, TagGroup
from integrations.wecom.endpoints.welcome_templates import NICKNAME, GroupWelcome
from integrations.wecom.errcodes import ERRCODES, Kind, Rule, rule_for
from integrations.wecom.errors import (
    BusinessState,
    InvalidMessage,
    Misconfigured,
    QuotaExceeded,
    Refused,
    TokenRejected,
    TooConcurrent,
    Transient,
    Unreachable,
    WeComError,
    error_for,
)
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
    SelectedItem,
    StaffChange,
    StaffEvent,
    StaffTagChange,
    StaffTagEvent,
    TagChange,
    TagEvent,
    UnknownEvent,
)
from integrations.wecom.events import MalformedEvent, parse_event
from integrations.wecom.governor import (
    CONCURRENCY,
    FREQUENCY,
    Admission,
    Closing,
    Governor,
    NoGovernor,
    Span,
    closed,
    closing,
    crowded,
)
from integrations.wecom.messages import Attachment, File, Image, Link, Message, MiniProgram, TextAndOne, Video
from integrations.wecom.template_cards import (
    ButtonInteraction,
    CardImage,
    Checkbox,
    MultipleInteraction,
    NewsNotice,
    TemplateCard,
    TextNotice,
    VoteInteraction,
)
from integrations.wecom.tokens import MemoryTokenStore, Token, TokenSource, TokenStore, WrongSecret

# fmt: off
__all__ = [
    "CONCURRENCY", "DEFAULT_MAX_AGE_SECONDS", "ERRCODES", "FREQUENCY", "MAX_BODY_BYTES", "NICKNAME",
    "AcquisitionChange", "AcquisitionChat", "AcquisitionCustomer", "AcquisitionEvent", "AcquisitionLink",
    "AcquisitionQuota", "AcquisitionStatistic", "ActionMenu", "Admission", "AgentEvent", "AppDetail",
    "AppMessageSent", "Attachment", "AttachmentKind", "BadPayload", "BadSignature", "BatchJobEvent",
    "BehaviorDay", "BusinessState", "ButtonInteraction", "CallbackCrypto", "CallbackEvent",
    "CallbackRejected", "CardAction", "CardButton", "CardEvent", "CardImage", "CardLine", "CardOption",
    "CardSelect", "CardSource", "CardTitle", "ChatChange", "ChatEvent", "ChatStatus", "ChatType", "Checkbox",
    "Closing", "Conclusions", "ContactChange", "ContactDetail", "ContactEvent", "ContactOf", "ContactWay",
    "ContactWayCreated", "ContactWayType", "ContentKind", "DayFigures", "Department", "DownloadedMedia",
    "ExternalContact", "File", "FollowInfo", "FollowTag", "FollowUser", "Governor", "GroupAdmin", "GroupChat",
    "GroupChatRef", "GroupFigures", "GroupMember", "GroupMsg", "GroupNotTransferred", "GroupOrder",
    "GroupWelcome", "Image", "InterceptRange", "InterceptRule", "InterceptRuleRef", "InterceptType",
    "InvalidMessage", "InvalidSenders", "InvalidTags", "JobStatus", "JoinWay", "Jump", "Kind", "Link",
    "LinkRange", "ListedMoment", "MalformedEvent", "MassTask", "MassTaskCreated", "MediaJobEvent",
    "MediaKind", "Member", "MemberRef", "MemberStatus", "MemberType", "MemoryTokenStore", "MenuAction",
    "Message", "MiniProgram", "Misconfigured", "MomentJob", "MomentLink", "MomentMember", "MomentOutcome",
    "MomentReaction", "MomentReactions", "MomentTask", "MultipleInteraction", "NewContactWay",
    "NewInterceptRule", "NewJoinWay", "NewsNotice", "NoGovernor", "Opens", "OwnerFigures", "PartyChange",
    "PartyEvent", "PriorityKind", "PriorityOption", "QuotaExceeded", "QuotaPart", "QuoteArea", "Refused",
    "Rule", "SelectedItem", "Semantics", "SendResult", "SendStatus", "Span", "StaffChange", "StaffEvent",
    "StaffTagChange", "StaffTagEvent", "StaleTimestamp", "SubmitButton", "Tag", "TagChange", "TagEvent",
    "TagGroup", "TaskMember", "TemplateCard", "TextAndOne", "TextNotice", "Token", "TokenRejected",
    "TokenSource", "TokenStore", "TooConcurrent", "TransferAnswer", "TransferResult", "TransferStatus",
    "Transient", "Unassigned", "UnknownEvent", "Unreachable", "UploadJob", "UploadStatus", "UploadedMedia",
    "Video", "VoteInteraction", "WeComClient", "WeComError", "WrongReceiver", "WrongSecret", "closed",
    "closing", "crowded", "error_for", "open_callback", "open_echo", "parse_event", "rule_for",
    "with_channel",
]
# fmt: on
