"""WeCom (企业微信) as a plain library: a typed client, and the callbacks that WeCom sends.

Facts are from the official pages as collected in the WeCom contract; "contract §…" names its section.
"""

from integrations.wecom.callback import (
    DEFAULT_MAX_AGE_SECONDS,
    MAX_BODY_BYTES,
    open_callback,
    open_echo,
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
from integrations.wecom.endpoints.contact_ways import (
    ContactWay,
    ContactWayCreated,
    ContactWayType,
    NewContactWay,
)
from integrations.wecom.endpoints.customers import ContactDetail, ExternalContact, FollowTag, FollowUser
from integrations.wecom.endpoints.group_chats import (
    GroupAdmin,
    GroupChat,
    GroupChatRef,
    GroupMember,
    JoinWay,
    MemberType,
    NewJoinWay,
)
from integrations.wecom.endpoints.mass_messages import (
    ChatType,
    GroupMsg,
    MassTask,
    MassTaskCreated,
    SendResult,
    SendStatus,
    TaskMember,
)
from integrations.wecom.endpoints.media import MediaKind, UploadedMedia
from integrations.wecom.endpoints.staff import AppMessageSent
from integrations.wecom.endpoints.tags import Tag, TagGroup
from integrations.wecom.errcodes import ERRCODES, Kind, Rule
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
from integrations.wecom.events import (
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
from integrations.wecom.messages import Attachment, File, Image, Link, Message, MiniProgram, Video
from integrations.wecom.tokens import MemoryTokenStore, Token, TokenSource, TokenStore

__all__ = [
    "DEFAULT_MAX_AGE_SECONDS",
    "ERRCODES",
    "MAX_BODY_BYTES",
    "AppMessageSent",
    "Attachment",
    "BadPayload",
    "BadSignature",
    "BusinessState",
    "CallbackCrypto",
    "CallbackEvent",
    "CallbackRejected",
    "ChatChange",
    "ChatEvent",
    "ChatType",
    "ContactChange",
    "ContactDetail",
    "ContactEvent",
    "ContactWay",
    "ContactWayCreated",
    "ContactWayType",
    "ExternalContact",
    "File",
    "FollowTag",
    "FollowUser",
    "GroupAdmin",
    "GroupChat",
    "GroupChatRef",
    "GroupMember",
    "GroupMsg",
    "Image",
    "InvalidMessage",
    "JoinWay",
    "Kind",
    "Link",
    "MalformedEvent",
    "MassTask",
    "MassTaskCreated",
    "MediaKind",
    "MemberType",
    "MemoryTokenStore",
    "Message",
    "MiniProgram",
    "Misconfigured",
    "NewContactWay",
    "NewJoinWay",
    "QuotaExceeded",
    "Refused",
    "Rule",
    "SendResult",
    "SendStatus",
    "StaleTimestamp",
    "Tag",
    "TagChange",
    "TagEvent",
    "TagGroup",
    "TaskMember",
    "Token",
    "TokenRejected",
    "TokenSource",
    "TokenStore",
    "TooConcurrent",
    "Transient",
    "UnknownEvent",
    "Unreachable",
    "UploadedMedia",
    "Video",
    "WeComClient",
    "WeComError",
    "WrongReceiver",
    "error_for",
    "open_callback",
    "open_echo",
    "parse_event",
]
