"""What happened at the opening: every stage with its evidence, a funnel, and where to look."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from rich.table import Table
from sqlmodel import select

from starter.demo.cast import Guest
from starter.demo.street import Street
from starter.runtime import console
from starter.stack import Stack
from storage.database import Database
from storage.tables import Coupon, Customer, Follow, GroupMember, LogEntry, Order, Touch


@dataclass(frozen=True)
class Evidence:
    """What the database and her phone say of the opening."""

    customers: dict[str, Customer]
    touches: Sequence[Touch]
    follows: Sequence[Follow]
    members: Sequence[GroupMember]
    orders: Sequence[Order]
    coupons: Sequence[Coupon]
    log: Sequence[LogEntry]
    phones: dict[str, list[dict[str, str]]]
    tags: dict[str, dict[str, list[str]]]


async def print_report(up: Stack, street: Street, database: Database, guests: list[Guest]) -> bool:
    """Print everything; True only if every stage happened and nobody was greeted twice."""
    evidence = await _gather(street, database, guests)
    ok = _print_stages(_stages(evidence, {g.role: g for g in guests}))
    _print_funnel(evidence, guests)
    star = quote(f"customer/{guests[0].external_userid}", safe="")
    console.print("\nIn the Temporal UI (while the stack is up; `journeys demo --stay` keeps it up):")
    console.print(f"  her life      {up.ui}/namespaces/default/workflows/{star}", soft_wrap=True)
    console.print(f"  all who are back  {up.ui}/namespaces/default/workflows?query=JourneyStage%3D%22back%22")
    return ok


async def _gather(street: Street, database: Database, guests: list[Guest]) -> Evidence:
    ids = [g.external_userid for g in guests]
    async with database.transaction() as session:
        customers = (await session.exec(select(Customer))).all()
        return Evidence(
            customers={c.external_userid: c for c in customers},
            touches=(await session.exec(select(Touch))).all(),
            follows=(await session.exec(select(Follow))).all(),
            members=(await session.exec(select(GroupMember))).all(),
            orders=(await session.exec(select(Order))).all(),
            coupons=(await session.exec(select(Coupon))).all(),
            log=(await session.exec(select(LogEntry))).all(),
            phones={i: await street.received(i) for i in ids},
            tags={i: await street.see(f"tags/{i}") for i in ids},
        )


def _stages(seen: Evidence, by_role: dict[str, Guest]) -> list[tuple[str, bool, str]]:
    """Every stage of the story: its name, whether it happened, and the evidence."""
    star, late = by_role["heroine"].external_userid, by_role["needs reminder"].external_userid
    welcomes = {t.external_userid: t for t in seen.touches if t.channel == "welcome"}
    sent = [t for t in seen.touches if t.external_userid == star and t.status == "sent"]
    private = [t for t in sent if t.channel == "private"]
    coupon = next((c for c in seen.coupons if c.external_userid == star), None)
    stage = {role: str(seen.customers[g.external_userid].stage) for role, g in by_role.items()}
    outcome = {role: str(welcomes[g.external_userid].status) for role, g in by_role.items()}
    story = {(e.external_userid, e.what) for e in seen.log}
    reminded = [t for t in seen.touches if t.external_userid == late and "/reminder/" in t.key]
    greeted_twice = [
        i for i, phone in seen.phones.items() if sum(m["channel"] == "welcome" for m in phone) > 1
    ]
    joined = [m for m in seen.members if m.member_id == star]
    tags = [tag for names in seen.tags[star].values() for tag in names]
    return [
        ("friend added", any(f.external_userid == star for f in seen.follows), "by the QR of S002"),
        ("welcomed in time", outcome["heroine"] == "sent", f"welcome {outcome['heroine']}"),
        ("most-visited store's group", bool(joined), f"joined {[m.chat_id for m in joined]}"),
        ("tagged", {"望京新店", "cashier"} <= set(tags), f"{tags}"),
        ("nurtured by confirmed messages", len(private) >= 2, f"{len(private)} messages sent"),
        ("bought", len(seen.orders) > 0, f"{len(seen.orders)} orders in our index"),
        ("dormant", (star, "stage dormant") in story, "no order for too long"),
        ("parked and revived", _revived(seen, star), "left Temporal while nothing was due"),
        ("coupon credited at the till", coupon is not None, f"{coupon.template if coupon else 'none'}"),
        ("redeemed", coupon is not None and coupon.status == "redeemed", f"{coupon and coupon.status}"),
        ("back", stage["heroine"] == "back", f"stage {stage['heroine']}"),
        ("reminded, then joined", bool(reminded) and _in_a_group(seen, late), f"{len(reminded)} reminder"),
        ("taken by another app", outcome["already greeted"] == "beaten", outcome["already greeted"]),
        ("console greeting", outcome["console greeting"] == "no_code", outcome["console greeting"]),
        ("half-add greeted once", outcome["half friend"] == "sent", outcome["half friend"]),
        ("lost, with a reason", stage["leaver"] == "lost", stage["leaver"]),
        ("opt-out obeyed", stage["objector"] == "opted_out", stage["objector"]),
        ("nobody greeted twice", not greeted_twice, f"{len(seen.phones)} phones looked at"),
    ]


def _in_a_group(seen: Evidence, customer: str) -> bool:
    return any(m.member_id == customer for m in seen.members)


def _revived(seen: Evidence, star: str) -> bool:
    """She was parked, and her story went on after it."""
    mine = [e for e in seen.log if e.external_userid == star]
    parked = min((e.seq for e in mine if e.what == "parked"), default=None)
    return parked is not None and any(e.seq > parked for e in mine)


def _print_stages(stages: list[tuple[str, bool, str]]) -> bool:
    table = Table(title="\nEvery stage of the story", title_justify="left")
    for column in ("stage", "happened", "evidence"):
        table.add_column(column)
    for name, happened, evidence in stages:
        table.add_row(name, "[green]yes[/green]" if happened else "[bold red]NO[/bold red]", evidence)
    console.print(table)
    return all(happened for _, happened, _ in stages)


def _print_funnel(seen: Evidence, guests: list[Guest]) -> None:
    welcomes = Counter(str(t.status) for t in seen.touches if t.channel == "welcome")
    messages = Counter(str(t.status) for t in seen.touches if t.channel == "private")
    story = {(e.external_userid, e.what) for e in seen.log}
    steps = [
        ("scanned", sum("scanned" in g.did for g in guests), ""),
        ("friends", len({f.external_userid for f in seen.follows}), ""),
        ("welcome outcomes", sum(welcomes.values()), _counts(welcomes)),
        ("tagged", sum(1 for _, what in story if what == "tagged"), ""),
        ("in a group", len({m.member_id for m in seen.members}), ""),
        ("messages planned", sum(messages.values()), _counts(messages)),
        ("bought", len({o.member_id for o in seen.orders}), f"{len(seen.orders)} orders"),
        ("dormant", sum(1 for _, what in story if what == "stage dormant"), ""),
        ("back", sum(1 for _, what in story if what == "stage back"), ""),
        ("refused by policy", sum(1 for t in seen.touches if t.status == "refused"), _rules(seen)),
    ]
    table = Table(title="\nFunnel of all guests", title_justify="left")
    table.add_column("step")
    table.add_column("people", justify="right")
    table.add_column("of these")
    for name, number, detail in steps:
        table.add_row(name, str(number), detail)
    console.print(table)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counter.most_common())


def _rules(seen: Evidence) -> str:
    return _counts(Counter(str(t.rule) for t in seen.touches if t.status == "refused"))
