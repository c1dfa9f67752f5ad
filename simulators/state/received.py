"""What every customer has received: the truth that a delivery claim is tested against."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass
class Received:
    at: datetime
    channel: Literal[
        "welcome", "conclusion", "single", "group", "personal", "group_welcome", "moment", "handover"
    ]
    userid: str
    text: str | None
    attachments: list[dict[str, Any]]
    chat_id: str | None = None
    msgid: str | None = None


class Inboxes:
    def __init__(self) -> None:
        self.by_customer: defaultdict[str, list[Received]] = defaultdict(list)

    def deliver(self, external_userid: str, message: Received) -> None:
        self.by_customer[external_userid].append(message)
