"""What the chain has put in: stores, employees, codes, groups, playbooks; and whether they fit together."""

import asyncio
from datetime import timedelta

from sqlmodel import SQLModel

from activities.composition import join_rules
from integrations import wecom
from playbooks.loader import PlaybookError, load_corp, read_corp
from playbooks.overstock_files import load_rules
from playbooks.pictures import with_pictures
from starter.doctor.findings import Finding, count, fail, ok, skipped, some, warn
from starter.doctor.setup import Setup
from storage import checkup, playbooks
from storage.tables import Employee, EntryCode, Group, Store

MOST_WAYS, AT_ONCE = 200, 4  # contract §12: at most 8 reads in flight, and the workers are reading too
NO_SUCH_WAY = 41044
_HOW: dict[str, tuple[type[SQLModel], str]] = {
    "store": (Store, "journeys stores import"),
    "employee": (Employee, "journeys employees import"),
    "entry code": (EntryCode, "journeys codes create"),
    "group": (Group, "journeys groups import"),
}


async def master_data(setup: Setup) -> list[Finding]:
    async with setup.db.transaction() as session:
        numbers = {what: await checkup.how_many(session, table) for what, (table, _) in _HOW.items()}
    missing = [what for what, number in numbers.items() if not number]
    found = ", ".join(count(number, what) for what, number in numbers.items())
    if not missing:
        return [ok(found)]
    commands = ", ".join(f"`{_HOW[what][1]}`" for what in missing)
    return [warn(found, f"a customer cannot be welcomed without them: {commands}")]


async def staffing(setup: Setup) -> list[Finding]:
    async with setup.db.transaction() as session:
        empty = await checkup.unstaffed_stores(session)
    if not empty:
        return [ok("every active store has an active employee")]
    fix = "give them employees with `journeys employees import`, or import the stores as not active"
    return [warn(f"nobody works in {some(empty)}", fix)]


async def playbook_files(setup: Setup) -> list[Finding]:
    """The files, as a worker will read them at its next start."""
    folder = setup.settings.playbooks_dir
    try:
        books, _ = load_corp(folder)
        load_rules(folder)
    except PlaybookError as error:
        problems = str(error).splitlines()
        found = f"{count(len(problems), 'problem')}; the first: {problems[0]}"
        return [fail(found, "mend the lines that they name, or set PLAYBOOKS_DIR to the folder of the files")]
    return [ok(f"{folder}: {', '.join(book.playbook for book in books)}")]


async def files_published(setup: Setup) -> list[Finding]:
    """An edited file changes nothing before it is published: whoever edits it may not know."""
    try:
        books, _ = read_corp(setup.settings.playbooks_dir)
    except PlaybookError:
        return [skipped("the playbook files cannot be read")]
    async with setup.db.transaction() as session:
        current = {row.playbook: row for row in await playbooks.newest(session)}
    edited, new = [], []
    for book in books:
        body = with_pictures(book.model, book.source.path.parent)[0].model_dump(mode="json")
        row = current.get(book.model.playbook)
        if row is None:
            new.append(book.model.playbook)
        elif row.body != body:
            edited.append(str(book.source.path))
    if edited:
        return [
            warn(
                f"not as in their published versions, which stay in force: {some(edited)}",
                'if that is not meant: `journeys playbook publish FILE --by NAME --note "WHY"`',
            )
        ]
    waiting = f"; published when a worker starts: {some(new)}" if new else ""
    return [ok(f"every published playbook is as in its file{waiting}")]


async def codes_made(setup: Setup) -> list[Finding]:
    """A code without a config_id was begun and never made: nobody can have printed it."""
    async with setup.db.transaction() as session:
        codes = await checkup.open_codes(session)
    if not codes:
        return [skipped("there are no entry codes yet")]
    unmade = [code for code in codes if not code.config_id]
    if not unmade:
        return [ok("WeCom has made every code")]
    first = unmade[0]
    return [
        fail(
            f"never made in WeCom: {some([code.state for code in unmade])}",
            f"`journeys codes create --store {first.store_id} --placement {first.placement} "
            f"--playbook {first.playbook}` goes on where it stopped",
        )
    ]


async def codes_published(setup: Setup) -> list[Finding]:
    async with setup.db.transaction() as session:
        codes = await checkup.open_codes(session)
        names, _ = await checkup.published(session)
    if not codes:
        return [skipped("there are no entry codes yet")]
    lost = [code for code in codes if code.playbook and code.playbook not in names]
    if not lost:
        return [ok("every code leads into a published playbook")]
    unknown = sorted({code.playbook or "" for code in lost})
    return [
        fail(
            f"{some([code.state for code in lost])}: no playbook {some(unknown)} is published",
            f"put {some([name + '.yaml' for name in unknown])} into PLAYBOOKS_DIR and restart the worker",
        )
    ]


async def contact_ways(setup: Setup) -> list[Finding]:
    """What hangs in the shops: a way that was deleted in WeCom leaves a dead QR on the wall."""
    async with setup.db.transaction() as session:
        made = [(code.state, code.config_id) for code in await checkup.open_codes(session) if code.config_id]
        made += [(way.state, way.config_id) for way in await checkup.open_ways(session) if way.config_id]
    if not made:
        return [skipped("no code has been made yet")]
    looked = made[:MOST_WAYS]
    gone = await _gone(setup, looked)
    if gone:
        return [
            fail(
                f"WeCom no longer has those of {some(gone)} (41044): their printed QRs are dead",
                "if another app made them, go back to its WECOM_AGENT_ID and WECOM_SECRET; else make new "
                "codes (`journeys codes create`, another placement) and print new posters",
            )
        ]
    unread = f"; {len(made) - len(looked)} more were not looked at" if len(made) > len(looked) else ""
    return [ok(f"WeCom has all {len(looked)}{unread}")]


async def hand_exported(setup: Setup) -> list[Finding]:
    """A QR exported by hand from the WeCom client lives 7 days; a join way's does not expire."""
    async with setup.db.transaction() as session:
        pictures = await checkup.hand_exported(session)
    days, now = setup.settings.wecom_hand_qr_days, setup.clock()
    dead, stale = now - timedelta(days=days), join_rules(setup.settings).hand_qr_since(now)
    expired = [chat_id for chat_id, at in pictures if at <= dead]
    soon = [chat_id for chat_id, at in pictures if dead < at < stale]
    fix = (
        "export the picture anew in the WeCom client (群 → 群二维码), then `journeys groups import`; or let "
        "`journeys apply` make a join way (加入群聊), whose QR does not expire"
    )
    if expired:
        return [fail(f"older than {days:g} days: {some(expired)}", fix)]
    if soon:
        return [warn(f"on their last day, sent to nobody any more: {some(soon)}", fix)]
    return [ok(f"{count(len(pictures), 'group')} with one, none expired")]


async def room(setup: Setup) -> list[Finding]:
    """Whether every store with a group has one that the next customer can join by its QR."""
    rules = join_rules(setup.settings)
    async with setup.db.transaction() as session:
        roomy, full = await checkup.stores_by_room(session, rules.cap, rules.hand_qr_since(setup.clock()))
    if full:
        return [
            warn(
                f"no group can be joined at {some(full)}: full ({rules.cap} members), or without a living QR",
                "`journeys apply` makes a QR that lives (加入群聊); where all groups are full, let an "
                "employee of the store make one, then `journeys groups sync` and `journeys apply`",
            )
        ]
    if not roomy:
        return [skipped("there are no groups of stores yet")]
    return [ok(f"{count(len(roomy), 'store')} with a group below {rules.cap} members")]


async def _gone(setup: Setup, made: list[tuple[str, str]]) -> list[str]:
    client, gate = setup.client(), asyncio.Semaphore(AT_ONCE)

    async def is_gone(config_id: str) -> bool:
        async with gate:
            try:
                await client.get_contact_way(config_id)
            except wecom.Refused as error:
                if error.errcode != NO_SUCH_WAY:
                    raise
                return True
            return False

    answers = await asyncio.gather(*(is_gone(config_id) for _, config_id in made))
    return sorted({state for (state, _), gone in zip(made, answers, strict=True) if gone})
