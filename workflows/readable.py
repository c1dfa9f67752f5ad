"""What the Temporal UI shows of a life: search attributes to filter by, and details that say what is next."""

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

from domain.customer import CustomerState
from domain.stages import Stage

with workflow.unsafe.imports_passed_through():
    from activities import attributes


class Readable:
    """Remembers what it has shown, so that only changes cost an event.

    A life starts with the stage "new" on it; the rest is shown with her first step out of that stage.
    """

    def __init__(self) -> None:
        self._shown: dict[str, object] = {"stage": Stage.NEW.value}

    def show(self, state: CustomerState, until: datetime | None, why: str) -> None:
        workflow.set_current_details(_details(state, until, why))
        if state.stage is Stage.NEW and self._shown["stage"] == Stage.NEW.value:
            return
        entry = next((f.entry for f in state.follows.values() if f.entry.store_id), None)
        wanted = {
            "stage": (attributes.STAGE, state.stage.value),
            "playbooks": (attributes.PLAYBOOKS, [e.pinned.playbook for e in state.active]),
            "store": (attributes.STORE, entry.store_id if entry else None),
            "region": (attributes.REGION, entry.region_id if entry else None),
            "tier": (attributes.TIER, state.tier),
        }
        updates: list[SearchAttributeUpdate[Any]] = [
            key.value_set(value) if value else key.value_unset()  # type: ignore[attr-defined]
            for name, (key, value) in wanted.items()
            if (value or self._shown.get(name)) and self._shown.get(name) != value
        ]
        if updates:
            workflow.upsert_search_attributes(updates)
        self._shown = {name: value for name, (_, value) in wanted.items()}


def _details(state: CustomerState, until: datetime | None, why: str) -> str:
    friends = ", ".join(f.userid for f in state.friends) or "none"
    when = f"at {until:%F %T}Z" if until else "when something happens"
    lines = [
        f"**{state.stage}** since {state.stage_since:%F %T}Z: {state.stage_reason}"
        if state.stage_since
        else f"**{state.stage}**",
        f"next: {when} ({why})",
        f"friends: {friends} · groups: {len(state.in_groups)} · orders: {state.orders}",
    ]
    lines += [f"- {e.pinned.playbook} v{e.pinned.number}: {e.phase} {e.cursor or ''}" for e in state.active]
    return "\n\n".join(lines)
