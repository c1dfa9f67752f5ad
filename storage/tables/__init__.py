"""All tables. Shapes that travel live in domain/; a row never leaves this layer as a message."""

from storage.tables.chain import (
    Employee,
    EntryCode,
    EntryCodeWay,
    Group,
    GroupMember,
    Region,
    ScanCount,
    Store,
)
from storage.tables.columns import Utc
from storage.tables.customers import Consent, Coupon, Customer, Follow, FormAnswer, LogEntry, Order, Snapshot
from storage.tables.messages import Batch, InboundEvent, PlaybookVersion, Touch
from storage.tables.wecom import (
    AccessToken,
    ApiLimit,
    AppliedObject,
    GroupPicture,
    Lease,
    Media,
    Tag,
    Todo,
    WrongSecret,
)

__all__ = [
    "AccessToken",
    "ApiLimit",
    "AppliedObject",
    "Batch",
    "Consent",
    "Coupon",
    "Customer",
    "Employee",
    "EntryCode",
    "EntryCodeWay",
    "Follow",
    "FormAnswer",
    "Group",
    "GroupMember",
    "GroupPicture",
    "InboundEvent",
    "Lease",
    "LogEntry",
    "Media",
    "Order",
    "PlaybookVersion",
    "Region",
    "ScanCount",
    "Snapshot",
    "Store",
    "Tag",
    "Todo",
    "Touch",
    "Utc",
    "WrongSecret",
]
