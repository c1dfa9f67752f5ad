"""`journeys groups allow`, `disallow`, `allowances`: what a kind forbids, by name and reason (M20)."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.days import begin_of
from domain.group_policy import Leave, forbidden
from domain.playbook import ContentClass
from playbooks.loader import load_policy
from settings import utc_now
from starter import context
from starter.output import JsonOption, print_json, show
from starter.runtime import CommandFailed, console, run
from storage import directory, overrides
from storage.tables import Group, GroupOverride

Chat = Annotated[str, typer.Argument(metavar="CHAT_ID", help="of the group; `journeys groups list` shows it")]
What = Annotated[ContentClass, typer.Option(help="what its messages are about")]
By = Annotated[str, typer.Option(help="your name; it is recorded, and `explain` shows it")]
Why = Annotated[str, typer.Option(help="why; `explain` shows it beside every message")]


def allow(
    chat_id: Chat,
    by: By,
    reason: Why,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="the last day, by the clock of the group's store")
    ],
    content: What = ContentClass.DISCOUNT,
    as_json: JsonOption = False,
) -> None:
    """Let one group be told what its kind forbids, until a day (M20). What was refused already stays so."""
    run(_allow(chat_id, content, until.date(), by, reason, as_json))


def disallow(
    chat_id: Chat, by: By, reason: Why, content: What = ContentClass.DISCOUNT, as_json: JsonOption = False
) -> None:
    """Take it back before its day. What waits for its window is refused; tasks that exist go on."""
    run(_disallow(chat_id, content, by, reason, as_json))


def allowances(
    chat_id: Annotated[str | None, typer.Option("--group", help="only this chat_id's")] = None,
    every: Annotated[bool, typer.Option("--all", help="those that are over as well")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which groups may be told what their kind forbids, who allowed it, why, and until when."""
    run(_allowances(chat_id, every, as_json))


async def _allow(
    chat_id: str, content: ContentClass, last: date, by: str, reason: str, as_json: bool
) -> None:
    policy = load_policy(context.quiet_settings().playbooks_dir)
    async with context.database() as database, database.transaction() as session:
        group = await _group(session, chat_id)
        if forbidden(group.kind, content, policy) is None:
            raise CommandFailed(f"groups of the kind {group.kind} may be told {content} without it")
        zone = await directory.zone_of(session, group.store_id)
        until = begin_of(last + timedelta(days=1), zone)
        leave = Leave(content=content, by=_said(by, "by"), reason=_said(reason, "reason"), until=until)
        try:
            await overrides.allow(session, chat_id, leave, utc_now())
        except ValueError as error:
            raise CommandFailed(str(error)) from None
    if as_json:
        print_json({"chat_id": chat_id, "content": content, "until": until, "by": by, "reason": reason})
    else:
        told = f"{group.name or chat_id} may be told {content} up to the end of {last}, allowed by {by}"
        console.print(told, markup=False)


async def _disallow(chat_id: str, content: ContentClass, by: str, reason: str, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        await _group(session, chat_id)
        ended = await overrides.disallow(
            session, chat_id, content, _said(by, "by"), _said(reason, "reason"), utc_now()
        )
    if not ended:
        raise CommandFailed(f"nothing allows {content} in {chat_id}: `journeys groups allowances` shows all")
    if as_json:
        print_json({"chat_id": chat_id, "content": content, "ended": ended})
    else:
        console.print(f"{content} is not allowed in {chat_id} any more", markup=False)


async def _allowances(chat_id: str | None, every: bool, as_json: bool) -> None:
    async with context.database() as database, database.transaction() as session:
        found = await overrides.listed(session, utc_now(), chat_id=chat_id, all_of_them=every)
        rows = [_row(*one, await directory.zone_of(session, one[1].store_id)) for one in found]
    show(rows, as_json, empty="nothing is allowed beyond what the kinds of groups say")


def _row(leave: GroupOverride, group: Group, zone: str) -> dict[str, object]:
    """Times are those of the group's store."""
    taken_back = f"{leave.ended_by}: {leave.ended_reason}" if leave.ended_at else ""
    return {
        "chat_id": leave.chat_id,
        "name": group.name,
        "kind": group.kind,
        "content": leave.content,
        "since": _local(leave.since, zone),
        "until": _local(leave.ended_at or leave.until, zone),
        "by": leave.by,
        "reason": leave.reason,
        "taken_back": taken_back,
    }


async def _group(session: AsyncSession, chat_id: str) -> Group:
    group = await session.get(Group, chat_id)
    if group is None:
        raise CommandFailed(f"there is no group {chat_id}: `journeys groups list` shows all")
    return group


def _said(value: str, option: str) -> str:
    if not value.strip():
        raise CommandFailed(f"--{option} says nothing: it is what whoever asks later will read")
    return value.strip()


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
