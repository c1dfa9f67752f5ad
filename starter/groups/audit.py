"""`journeys groups audit` and `checklist`: what only a group's owner can set, and has she (M40, M43)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlmodel import col, select

from activities.composition import todo_planner
from activities.todo_planner import TodoPlanner
from domain import group_audit, todos
from domain.group_audit import NAMES, State, What
from domain.group_calendar import GroupCalendar, digest_of
from domain.todos import TodoKind
from playbooks.group_calendars import load_calendars
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.output import JsonOption, print_json, show
from starter.runtime import CommandFailed, console, run
from storage import group_checks
from storage.database import Database
from storage.tables import Employee, Group
from workflows.connection import connect

# The to-do for the welcome is `journeys apply`'s.
ASKED_FOR = (What.RULES, What.ANTI_SPAM, What.KEYWORDS)


@dataclass(frozen=True)
class Audited:
    """One group: what is wanted in it, and how that stands. `owner` is None when nobody at work owns it."""

    group: Group
    owner: str | None
    wanted: Mapping[What, str]
    states: Mapping[What, State]

    @property
    def due(self) -> list[What]:
        return [what for what in ASKED_FOR if self.states[what] in (State.NOT_SET, State.CHANGED)]


def audit(
    store: Annotated[str | None, typer.Option("--store", help="only this store's groups")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="send the owners a to-do for what is not set, once for each text")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show for each group whether welcome, rules, anti-spam and keyword replies are set in it.

    WeCom shows that to no program and lets none set it: owners do, and say so by 已处理 on their to-do.
    The texts stand in playbooks/groups/*.yaml; when one changes, it is to be set again. `journeys groups
    checklist KIND` prints what to hand to the owners. The welcome's to-do is planned by `journeys apply`.
    """
    run(_audit(store, plan, as_json))


def checklist(
    kind: Annotated[str, typer.Argument(help="of groups, such as store")],
    as_json: JsonOption = False,
) -> None:
    """Print, in Chinese, what the owner of such a group sets by hand, and where: to be handed to owners.

    With the table of keyword replies to type in.
    """
    run(_checklist(kind, as_json))


async def _audit(store: str | None, plan: bool, as_json: bool) -> None:
    settings = context.quiet_settings()
    policy = load_policy(settings.playbooks_dir)
    calendars = load_calendars(settings.playbooks_dir, policy)
    by_kind = {kind: one.calendar for kind, one in calendars.items()}
    async with context.database() as database:
        async with database.transaction() as session:
            await context.known(session, stores=[store])
        audited = await look(database, by_kind, store)
        asked: Sequence[str] = ()
        if plan:
            temporal = await connect(settings)
            asked = await ask(todo_planner(settings, database, temporal, policy, utc_now), audited)
    rows = [_row(one) for one in audited]
    if as_json:
        print_json({"groups": rows, "asked": asked})
        return
    show(rows, False, empty="no groups of stores")
    if plan:
        console.print(f"{len(asked)} owners were sent a to-do; hand them `journeys groups checklist KIND`")


async def look(
    database: Database, calendars: Mapping[str, GroupCalendar], store: str | None = None
) -> list[Audited]:
    """All groups of stores, and what is set in them."""
    async with database.transaction() as session:
        query = select(Group, Employee.userid).outerjoin(
            Employee, (col(Employee.userid) == Group.owner) & col(Employee.active)
        )
        query = query.where(col(Group.dismissed_at).is_(None), col(Group.store_id).is_not(None))
        query = query.where(Group.store_id == store) if store else query
        ordered = query.order_by(col(Group.store_id), col(Group.chat_id))
        found: Sequence[tuple[Group, str | None]] = (await session.exec(ordered)).all()
        said = await group_checks.known(session, [group.chat_id for group, _ in found])
        welcomes = await group_checks.welcomes(session, [group for group, _ in found])
    audited = []
    for group, owner in found:
        wanted = group_audit.texts(calendars.get(group.kind), welcomes.get(group.chat_id))
        digests = {w.value: said[key].digest for w in What if (key := (group.chat_id, w.value)) in said}
        audited.append(Audited(group, owner, wanted, group_audit.states(wanted, digests)))
    return audited


async def ask(planner: TodoPlanner, audited: Sequence[Audited]) -> list[str]:
    """One to-do for each group with something to set; the groups whose owners had not been asked before."""
    asked = []
    for one in audited:
        if not one.due or one.owner is None:
            continue
        checks = {what.value: digest_of(one.wanted[what]) for what in one.due}
        card = todos.group_settings(one.group.name, [NAMES[what] for what in one.due])
        occasion = hashlib.sha256(repr(sorted(checks.items())).encode()).hexdigest()
        subject = f"{group_checks.SUBJECT}{one.group.chat_id}"
        kind = TodoKind.GROUP_SETTINGS
        if await planner.want(kind, subject, occasion, one.owner, card, checks=checks):
            asked.append(one.group.chat_id)
    return asked


def _row(one: Audited) -> dict[str, object]:
    group = one.group
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "store": group.store_id,
        "kind": group.kind,
        "owner": one.owner,
        **{what.value: state.value for what, state in one.states.items()},
    }


async def _checklist(kind: str, as_json: bool) -> None:
    folder = context.quiet_settings().playbooks_dir
    found = load_calendars(folder, load_policy(folder)).get(kind)
    async with context.database() as database, database.transaction() as session:
        one = (await session.exec(select(Group).where(Group.kind == kind).limit(1))).first()
        welcome = (await group_checks.welcomes(session, [one])).get(one.chat_id) if one else None
    wanted = group_audit.texts(found.calendar if found else None, welcome)
    if not wanted:
        raise CommandFailed(f"nothing is to be set in groups of the kind {kind!r}: write groups/{kind}.yaml")
    if as_json:
        keywords = found.calendar.keywords if found else []
        print_json({"texts": wanted, "keywords": [one.model_dump() for one in keywords]})
        return
    print(group_audit.checklist(found.calendar if found else None, wanted, kind))
