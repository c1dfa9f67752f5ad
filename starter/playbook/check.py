"""`journeys playbook check`: what files get wrong, and what they will do to people."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from domain import analysis
from domain.analysis import Burden, Severity
from domain.playbook import Playbook
from domain.policy import Policy
from playbooks import loader
from playbooks.group_calendars import load_calendars
from playbooks.loader import POLICY_FILE, PlaybookError, Written
from playbooks.segments import load_segments
from settings import Settings
from starter import till_needs
from starter.output import print_json
from starter.runtime import EXIT_FAILED, console
from starter.till_needs import Till

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
UNREADABLE = "unreadable"  # the rule of what the loader refuses


@dataclass(frozen=True)
class Remark:
    """One line of the report."""

    file: str
    line: int
    field: str
    severity: Severity
    rule: str
    text: str


@dataclass
class Report:
    """Everything that was found, and what each playbook asks of people."""

    remarks: list[Remark]
    burdens: dict[str, Burden]

    @property
    def failed(self) -> bool:
        return any(remark.severity is Severity.ERROR for remark in self.remarks)


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="playbooks to check; all of the folder when none is named")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="check all playbooks of this folder against each other")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="the corp's limits; policy.yaml beside the files if not given"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of lines")] = False,
) -> None:
    """Find what is wrong with playbooks before anybody is in them; nothing is sent, nothing is stored.

    Errors with file and line, steps that nobody reaches, messages that can only fall into quiet hours or over
    a cap, discounts where they must not be told, entries that nobody can match; and for each playbook the
    most messages that any 30 days can hold, and what that costs employees. Leaves with 1 if there are errors.
    """
    settings = _settings()
    till, where = Till.of(settings), folder or settings.playbooks_dir
    report = check_files(files, policy, till) if files else check_folder(where, policy, till)
    if as_json:
        print_json({"findings": list(map(asdict, report.remarks)), "playbooks": _burdens(report)})
    else:
        _show(report)
    if report.failed:
        raise typer.Exit(EXIT_FAILED)


def default_folder() -> Path:
    """PLAYBOOKS_DIR; an author needs no other setting."""
    return _settings().playbooks_dir


def _settings() -> Settings:
    from starter.preview.corp import authors_settings  # the simulators: not for every command

    return authors_settings()


def check_files(files: Sequence[Path], policy_file: Path | None = None, till: Till | None = None) -> Report:
    """Each file by itself, with the policy beside it and the till."""
    report = Report([], {})
    for path in files:
        policy = _policy(policy_file or path.parent / POLICY_FILE, report, wanted=policy_file is not None)
        if written := _read(path, report):
            _check(written, policy.model if policy else None, till, report)
    return report


def check_folder(folder: Path, policy_file: Path | None = None, till: Till | None = None) -> Report:
    """All files of a folder, also against each other."""
    report = Report([], {})
    policy = _policy(policy_file or folder / POLICY_FILE, report, wanted=True)
    found = [_read(path, report) for path in loader.playbook_files(folder)]
    books = [written for written in found if written]
    for written in books:
        _check(written, policy.model if policy else None, till, report)
    if len(books) == len(found):
        report.remarks += _together(folder, policy, report)
    report.remarks += _segments(folder, report)
    report.remarks += _calendars(folder, policy.model) if policy else []
    return report


def _together(folder: Path, policy: Written[Policy] | None, report: Report) -> list[Remark]:
    """What the files of a folder get wrong together, but for what is said already."""
    try:
        lines = loader.corp_problems(loader.read_playbooks(folder), policy) if policy else []
    except PlaybookError as error:
        lines = str(error).splitlines()
    return [remark for remark in refused(lines) if remark not in report.remarks]


def _segments(folder: Path, report: Report) -> list[Remark]:
    """What is wrong with the saved segments, but for what is said of the policy already."""
    try:
        load_segments(folder)
    except PlaybookError as error:
        return [remark for remark in refused(str(error).splitlines()) if remark not in report.remarks]
    return []


def _calendars(folder: Path, policy: Policy) -> list[Remark]:
    """What is wrong with the group calendars beside the playbooks."""
    try:
        load_calendars(folder, policy)
    except PlaybookError as error:
        return list(refused(str(error).splitlines()))
    return []


def _read(path: Path, report: Report) -> Written[Playbook] | None:
    try:
        return loader.read_playbook(path)
    except PlaybookError as error:
        report.remarks += refused(str(error).splitlines())
        return None


def _policy(path: Path, report: Report, *, wanted: bool) -> Written[Policy] | None:
    if not wanted and not path.exists():
        return None
    try:
        return loader.read_policy(path)
    except PlaybookError as error:
        remarks = refused(str(error).splitlines())
        report.remarks += [remark for remark in remarks if remark not in report.remarks]
        return None


def refused(lines: Sequence[str]) -> Iterator[Remark]:
    """What the loader says, taken apart: `file:line: field: what to do`."""
    for said in lines:
        place, field, text = [*said.split(": ", 2), "", ""][:3]
        file, _, line = place.rpartition(":")
        number = int(line) if line.isdigit() else 1
        yield Remark(file or place, number, field, Severity.ERROR, UNREADABLE, text)


def _check(written: Written[Playbook], policy: Policy | None, till: Till | None, report: Report) -> None:
    book, source = written.model, written.source
    if policy:
        report.remarks += refused(loader.policy_problems(written, policy))
    if till:
        report.remarks += refused([source.problem(*one) for one in till_needs.of_playbook(book, till)])
    limits = policy or Policy(default_playbook=book.playbook)
    remarks = []
    for found in analysis.findings(book, limits):
        at = source.written(found.at)
        field = ".".join(map(str, at))
        line = source.line(at)
        remarks.append(Remark(str(source.path), line, field, found.severity, found.rule, found.text))
    report.remarks += sorted(remarks, key=lambda remark: remark.line)
    report.burdens[book.playbook] = analysis.burden_of(book, limits)


def _burdens(report: Report) -> dict[str, dict[str, int]]:
    return {name: asdict(burden) for name, burden in report.burdens.items()}


def _show(report: Report) -> None:
    for remark in report.remarks:
        said = f"{remark.file}:{remark.line}: {remark.severity}: {remark.field}: {remark.text}"
        console.print(said, style=_STYLES[remark.severity], markup=False, soft_wrap=True)
    for name, burden in report.burdens.items():
        console.print(f"{name}: {burden_words(burden)}", markup=False, soft_wrap=True)
    errors = sum(remark.severity is Severity.ERROR for remark in report.remarks)
    others = len(report.remarks) - errors
    console.print(f"{len(report.burdens)} playbooks read: {errors} errors, {others} other findings")


def burden_words(burden: Burden) -> str:
    """Such as: in any 30 days at most 7 messages to one customer (5 get through the caps), …"""
    most = (
        f"{analysis.burden.MOST} or more"
        if burden.touches >= analysis.burden.MOST
        else f"at most {burden.touches}"
    )
    return (
        f"in any 30 days {most} messages to one customer ({burden.let_through} get through the caps), "
        f"and {burden.confirmations} confirmations or to-dos of employees for her"
    )
