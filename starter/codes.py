"""Entry codes (渠道活码): one per store and placement, made in WeCom through the API and kept here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from integrations import wecom
from settings import Clock
from starter.runtime import CommandFailed
from starter.ways import Failure, Made, WayMaker
from storage import chain, codes, directory
from storage.codes import Key, Way, key_of
from storage.database import Database
from storage.tables import EntryCode, EntryCodeWay, Store

STATE_CHARS = 30  # contract §2.1
AT_ONCE = 4  # contract §12
ANSWER_SECONDS = 6.0  # a call is given up after 5
BUSY = "somebody is making codes at this moment: wait until that is done"


@dataclass(frozen=True)
class WantedCode:
    """What a code is to be. Its `state` comes back in every event of a customer who used it.

    Without a playbook it belongs to the one whose `enter.codes` matches it, else to the policy's default.
    """

    store_id: str
    placement: str
    playbook: str | None
    userids: tuple[str, ...] = ()
    campaign: str | None = None

    @property
    def state(self) -> str:
        return "-".join(part for part in (self.store_id, self.placement, self.campaign) if part)


@dataclass
class Outcome:
    """`codes` are those that stand now, new or not. `ways`: how many of the employees' own are new."""

    codes: list[EntryCode] = field(default_factory=list)
    new: set[str] = field(default_factory=set)  # states
    found: int = 0
    ways: int = 0
    failures: list[Failure] = field(default_factory=list)


class Codes:
    """Making a code twice makes it once: it is written down first and looked for before it is made again."""

    def __init__(
        self,
        database: Database,
        client: wecom.WeComClient,
        clock: Clock,
        *,
        at_once: int = AT_ONCE,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._database, self._client, self._clock = database, client, clock
        self._at_once, self._answer_seconds = at_once, answer_seconds

    async def create(self, wanted: WantedCode) -> tuple[EntryCode, bool]:
        """The code, and whether this call made it. Raises CommandFailed or what WeCom said."""
        outcome = await self.create_all([wanted])
        for failure in outcome.failures:
            raise failure.error or CommandFailed(failure.reason)
        return outcome.codes[0], bool(outcome.new)

    async def create_all(self, wanted: Sequence[WantedCode], *, per_employee: bool = False) -> Outcome:
        """What is missing of these codes; with `per_employee` also a way of her own for every employee.

        What cannot be made is told in the outcome, and the others go on. Raises CommandFailed when somebody
        else is at it.
        """
        async with codes.only_maker(self._database) as alone:
            if not alone:
                raise CommandFailed(BUSY)
            outcome = Outcome()
            rows, known = await self._rows(wanted, outcome)
            made = await self._make(rows, known, "codes")
            _note(outcome, made)
            outcome.codes = [row for row in rows if row.config_id]
            outcome.new = {state for state, _ in made.made}
            if per_employee:
                ways = [self._own(row, userid, known) for row in outcome.codes for userid in row.userids]
                own = await self._make(ways, known, "employees' own codes")
                _note(outcome, own)
                outcome.ways = len(own.made)
        return outcome

    async def _make(self, ways: Sequence[Way], known: Mapping[Key, Way], label: str) -> Made:
        maker = WayMaker(
            self._database,
            self._client,
            self._clock,
            at_once=self._at_once,
            answer_seconds=self._answer_seconds,
        )
        missing = [way for way in ways if not way.config_id]
        return await maker.make(missing, {key_of(way) for way in missing} & set(known), label)

    def _own(self, code: EntryCode, userid: str, known: Mapping[Key, Way]) -> Way:
        way = EntryCodeWay(state=code.state, userid=userid, created_at=self._clock())
        return known.get((code.state, userid), way)

    async def _rows(
        self, wanted: Sequence[WantedCode], outcome: Outcome
    ) -> tuple[list[EntryCode], dict[Key, Way]]:
        """The codes as they are or will be; and what there is already. What cannot be right is a failure."""
        async with self._database.transaction() as session:
            known = await codes.known(session, [one.state for one in wanted])
            staff = await chain.staff_of(session)
            stores = await chain.existing(session, Store, {one.store_id for one in wanted})
            names = {one.playbook for one in wanted if one.playbook}
            books = {name for name in names if await directory.current_playbook(session, name)}
        rows: dict[str, EntryCode] = {}
        for one in wanted:
            there = rows.get(one.state) or known.get((one.state, None))
            if reason := _taken(one, there):
                outcome.failures.append(Failure((one.state, None), reason))
                continue
            if isinstance(there, EntryCode) and there.config_id:
                rows[one.state] = there
                continue
            userids = tuple(u.lower() for u in one.userids) or tuple(staff.get(one.store_id, ()))
            if reason := _wrong(one, userids, stores, books):
                outcome.failures.append(Failure((one.state, None), reason))
                continue
            rows[one.state] = EntryCode(
                state=one.state,
                store_id=one.store_id,
                placement=one.placement,
                playbook=one.playbook,
                campaign=one.campaign,
                userids=list(userids),
                created_at=there.created_at if there else self._clock(),
            )
        return list(rows.values()), known


def _taken(wanted: WantedCode, there: Way | None) -> str:
    """Store A-b's placement c and store A's placement b-c would be one code."""
    if not isinstance(there, EntryCode):
        return ""
    same = (wanted.store_id, wanted.placement, wanted.campaign)
    if (there.store_id, there.placement, there.campaign) == same:
        return ""
    of = f" for {there.campaign!r}" if there.campaign else ""
    return (
        f"{wanted.state!r} is already the code of store {there.store_id!r} at {there.placement!r}{of}: "
        "choose another placement or campaign"
    )


def _wrong(wanted: WantedCode, userids: Sequence[str], stores: set[str], books: set[str]) -> str:
    if len(wanted.state) > STATE_CHARS:
        return (
            f"{wanted.state!r} has {len(wanted.state)} characters; WeCom's state holds {STATE_CHARS}: "
            f"choose a shorter placement{' or campaign' if wanted.campaign else ''}"
        )
    if wanted.store_id not in stores:
        return f"there is no store {wanted.store_id!r}"
    if wanted.playbook and wanted.playbook not in books:
        return f"no playbook {wanted.playbook!r} is published"
    if not userids:
        return f"store {wanted.store_id!r} has no active employee to put behind the code"
    return ""


def _note(outcome: Outcome, made: Made) -> None:
    outcome.found += len(made.found)
    outcome.failures += [
        made.failures[key] for key in sorted(made.failures, key=lambda k: (k[0], k[1] or ""))
    ]
