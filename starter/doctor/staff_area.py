"""Employees as WeCom sees them: in the app's range, in the scope of 客户联系, activated, still there."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from integrations import wecom
from starter.doctor import menus
from starter.doctor.findings import Finding, fail, ok, skipped, some
from starter.doctor.setup import Setup
from storage import checkup
from storage.tables import EntryCode

MOST_LOOKED_AT = 300  # one call each; those behind codes come first
AT_ONCE = 4  # contract §12: at most 8 reads in flight, and the workers are reading too
NOT_VISIBLE, UNKNOWN = 60011, {60111, 46004, 40003}


@dataclass
class _Staff:
    """userids by what is wrong with them; `left` is filled for those behind codes alone."""

    well: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    not_activated: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    unread: int = 0


async def employees(setup: Setup) -> list[Finding]:
    """What WeCom says of every active employee of our directory."""
    async with setup.db.transaction() as session:
        ours = await checkup.active_employees(session)
        codes = await checkup.open_codes(session)
    if not ours:
        return [skipped("our directory has no active employee yet")]
    behind = {userid for code in codes for userid in code.userids}
    first = sorted(ours, key=lambda userid: (userid not in behind, userid in setup.serving, userid))
    staff = await _look_at(setup, first[:MOST_LOOKED_AT])
    staff.unread = max(0, len(ours) - MOST_LOOKED_AT)
    return [
        _visible(staff),
        _known(staff),
        _activated(staff),
        _in_scope(staff, setup.serving),
        _real_named(ours, codes),
    ]


async def behind_codes(setup: Setup) -> list[Finding]:
    """A customer who scans a code gets one of its employees; one who has left greets nobody."""
    async with setup.db.transaction() as session:
        ours = set(await checkup.active_employees(session))
        codes = await checkup.open_codes(session)
        ways = await checkup.open_ways(session)
    gone = sorted(
        {(code.state, userid) for code in codes for userid in code.userids if userid not in ours}
        | {(way.state, way.userid) for way in ways if way.userid not in ours}
    )
    if not codes:
        return [skipped("there are no entry codes yet")]
    if not gone:
        return [ok("everybody behind an entry code is an active employee")]
    return [
        fail(
            "no active employees: " + some([f"{userid} ({state})" for state, userid in gone]),
            "`journeys codes update` puts the stores' active employees behind them, prints stay valid; the "
            "customers of who has left are handed over in the console (客户联系 → 离职继承)",
        )
    ]


async def _look_at(setup: Setup, userids: Sequence[str]) -> _Staff:
    client, gate, staff = setup.client(), asyncio.Semaphore(AT_ONCE), _Staff()

    async def look(userid: str) -> None:
        async with gate:
            try:
                member = await client.get_member(userid)
            except wecom.WeComError as error:
                if error.errcode != NOT_VISIBLE and error.errcode not in UNKNOWN:
                    raise
                (staff.hidden if error.errcode == NOT_VISIBLE else staff.unknown).append(userid)
                return
        _sort_in(staff, userid, member)

    await asyncio.gather(*(look(userid) for userid in userids))
    return staff


def _sort_in(staff: _Staff, userid: str, member: wecom.Member) -> None:
    match member.status:
        case wecom.MemberStatus.NOT_ACTIVATED:
            staff.not_activated.append(userid)
        case wecom.MemberStatus.DISABLED:
            staff.disabled.append(userid)
        case wecom.MemberStatus.QUIT:
            staff.unknown.append(userid)
        case _:
            staff.well.append(userid)


def _visible(staff: _Staff) -> Finding:
    if staff.hidden:
        return fail(
            f"outside the app's visible range: {some(staff.hidden)} (60011)",
            f"add them, or their department, to {menus.VISIBLE_RANGE}",
            name="visible range",
        )
    unread = f"; {staff.unread} more were not looked at" if staff.unread else ""
    return ok(f"the app sees all employees{unread}", name="visible range")


def _known(staff: _Staff) -> Finding:
    if staff.unknown:
        return fail(
            f"not in WeCom's directory, or gone: {some(staff.unknown)} (60111)",
            f"correct the userid (账号 in {menus.DIRECTORY}) with `journeys employees import`; "
            "`journeys employees sync` makes those inactive who have left",
            name="known to WeCom",
        )
    return ok("WeCom knows them", name="known to WeCom")


def _activated(staff: _Staff) -> Finding:
    if staff.not_activated or staff.disabled:
        found = [f"never logged in: {some(staff.not_activated)}"] if staff.not_activated else []
        found += [f"disabled (已禁用): {some(staff.disabled)}"] if staff.disabled else []
        return fail(
            "; ".join(found),
            "they must log in to 企业微信 on their phones once (未激活); a disabled one is enabled in "
            f"{menus.DIRECTORY}",
            name="activated",
        )
    return ok("all have logged in", name="activated")


def _in_scope(staff: _Staff, serving: frozenset[str]) -> Finding:
    """Those who are well otherwise: whoever is not seen or not activated is told of elsewhere."""
    outside = [userid for userid in sorted(staff.well) if userid not in serving]
    if outside:
        return fail(
            f"without 客户联系: {some(outside)}; their customers cause no events",
            f"add them to {menus.CONTACT_SCOPE}",
            name="使用范围",
        )
    return ok("all have 客户联系", name="使用范围")


def _real_named(ours: Sequence[str], codes: Sequence[EntryCode]) -> Finding:
    """40098 is said only when a code is made: who is behind one that WeCom has made was 实名 then."""
    proven = {userid for code in codes if code.config_id for userid in code.userids}
    open_question = [userid for userid in ours if userid not in proven]
    if not open_question:
        return ok("all are behind a code, which WeCom makes only for 实名 employees", name="实名认证")
    return skipped(
        f"WeCom tells it only when a code is made (40098): unknown of {some(open_question)}", name="实名认证"
    )
