"""From WeCom's and the till's words to ours: which fact, about whom; where the truth is to be read."""

import hashlib
from datetime import timedelta

from activities.courier import Parcel
from domain.addresses import customer_id, group_id, todo_of_card, todo_workflow_id
from domain.events import CardTap, Event, EventKind, GroupChange
from domain.shape import UtcTime
from integrations import pos, wecom
from storage.tables import TillHint

DIGEST_CHARS = 32
SECRETS = {"welcome_code", "response_code", "chat_key"}  # for a moment only; nothing keeps them

_CONTACT = {
    wecom.ContactChange.ADD: EventKind.FRIEND_ADDED,
    wecom.ContactChange.ADD_HALF: EventKind.FRIEND_HALF_ADDED,
    wecom.ContactChange.EDIT: EventKind.PROFILE_CHANGED,
    wecom.ContactChange.AUDIT_APPROVED: EventKind.AUDIT_APPROVED,
    wecom.ContactChange.DELETED_BY_EMPLOYEE: EventKind.FRIEND_REMOVED,
    wecom.ContactChange.DELETED_BY_CUSTOMER: EventKind.FRIEND_LEFT,
}


def digest(*parts: bytes) -> str:
    """The identity of a fact: all of its content. A repetition is identical (contract §3.1)."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:DIGEST_CHARS]


def wecom_fact(event: wecom.CallbackEvent, fact_id: str) -> tuple[str | None, Parcel]:
    """The subject and the fact of a callback. No subject: kept, and nobody's business here."""
    if isinstance(event, wecom.ContactEvent) and (kind := _CONTACT.get(event.change_type)):
        fact = Event(
            id=fact_id,
            kind=kind,
            at=event.create_time,
            userid=event.user_id,
            state=event.state or None,
            has_code=bool(event.welcome_code),
        )
        subject = customer_id(event.external_user_id)
        return subject, Parcel(event=fact, welcome_code=event.welcome_code or None)
    if isinstance(event, wecom.ChatEvent):
        change = GroupChange(
            id=fact_id,
            at=event.create_time,
            member_version=event.cur_mem_ver or None,
            dismissed=event.change_type is wecom.ChatChange.DISMISS,
        )
        return group_id(event.chat_id), Parcel(change=change)
    if isinstance(event, wecom.CardEvent) and (ours := todo_of_card(event.task_id)):
        todo_id, attempt = ours
        tap = CardTap(id=fact_id, at=event.create_time, attempt=attempt, key=event.event_key)
        return todo_workflow_id(todo_id), Parcel(tap=tap)
    return None, Parcel(raw=event.model_dump(mode="json", exclude=SECRETS))


def till_hint(event: pos.PosEvent, body: bytes | None, received_at: UtcTime) -> TillHint:
    """What is kept of a till's push: it says where to look, and the till is asked for the truth.

    `body`: as it came, sealed. What we do not know is kept as long, and settled.
    """
    ignored = event.kind is pos.EventKind.IGNORED
    return TillHint(
        provider=event.provider,
        dedupe_key=event.dedupe_key,
        kind=event.kind.value,
        facts=event.model_dump(mode="json", exclude_none=True, exclude={"provider", "dedupe_key", "kind"}),
        body=body,
        received_at=received_at,
        due_at=received_at + timedelta(seconds=event.refetch_after_s),
        settled_at=received_at if ignored else None,
        outcome=f"ignored: {event.provider_type or 'a type that we do not know'}" if ignored else "",
    )
