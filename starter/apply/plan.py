"""What has to change in WeCom, decided from three pictures of each object. Pure.

desired   what the playbooks and the stores say now
applied   what we sent last time (table applied_objects)
actual    what WeCom holds; None: it is gone there
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Body = Mapping[str, Any]


class Action(StrEnum):
    """What `apply` would do with an object."""

    KEEP = "keep"  # WeCom holds what we want
    CREATE = "create"
    ADOPT = "adopt"  # WeCom has it already, made by somebody else or by a lost call: only note its id
    FOLLOW = "follow"  # WeCom holds it, but not all of our own groups, tags and to-dos have followed
    UPDATE = "update"  # we want something else than last time
    RESTORE = "restore"  # drift: somebody changed it in WeCom, we put it back
    UNUSED = "unused"  # we made it and want it no more; it is left alone, customers may still use it


@dataclass(frozen=True)
class Known:
    """An object as we applied it; `wecom_id` is None while a call's answer is unknown."""

    wecom_id: str | None
    body: Body
    followed: bool = True


@dataclass(frozen=True)
class Change:
    """One line of the preview. `differences` says field by field what WeCom has and what it is to have."""

    kind: str
    key: str
    action: Action
    desired: Body
    wecom_id: str | None = None
    differences: tuple[str, ...] = ()
    note: str = ""

    @property
    def needed(self) -> bool:
        return self.action not in (Action.KEEP, Action.UNUSED)


def decide(kind: str, key: str, desired: Body, known: Known | None, actual: Body | None) -> Change:
    """The change for one wanted object whose id we know, or do not."""
    if known is None or known.wecom_id is None:
        lost = known is not None
        note = "an earlier attempt had no answer and may have left one unused" if lost else ""
        return Change(kind, key, Action.CREATE, desired, note=note)
    if actual is None:
        return Change(kind, key, Action.CREATE, desired, note="it is gone in WeCom")
    fields = _differing(actual, desired)
    if not fields:
        return Change(kind, key, Action.KEEP if known.followed else Action.FOLLOW, desired, known.wecom_id)
    # What WeCom holds there is not what we sent: somebody changed it.
    drifted = any(actual.get(field) != known.body.get(field) for field in fields)
    action = Action.RESTORE if drifted else Action.UPDATE
    differences = tuple(f"{f}: {_shown(actual.get(f))} → {_shown(desired[f])}" for f in fields)
    return Change(kind, key, action, desired, known.wecom_id, differences)


def unused(kind: str, key: str, known: Known) -> Change:
    """We applied it once and nothing wants it now."""
    return Change(kind, key, Action.UNUSED, known.body, known.wecom_id)


def _differing(actual: Body, wanted: Body) -> list[str]:
    """Only of the fields that we set: WeCom adds others without notice."""
    return [field for field, value in sorted(wanted.items()) if actual.get(field) != value]


def _shown(value: Any) -> str:
    text = "nothing" if value in (None, "", [], ()) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
