"""The findings as lines for people. No boxes and no folding: a command in a fix can be copied as it is."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from starter.doctor.findings import Finding, Status, count
from starter.runtime import console

_MARKS = {
    Status.OK: ("✓", "green"),
    Status.WARN: ("!", "yellow"),
    Status.FAIL: ("✗", "red"),
    Status.SKIPPED: ("-", "dim"),
}


def show_findings(findings: Sequence[Finding]) -> None:
    """A table by areas, each failure and warning with its fix, and a summary."""
    width = max((cell_len(finding.name) for finding in findings), default=0)
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            console.print(Text(f"\n{area}", style="bold"), soft_wrap=True)
        console.print(_line(finding, width), soft_wrap=True)
        if finding.fix:
            console.print(Text(f"    fix: {finding.fix}"), soft_wrap=True)
    console.print(Text(f"\n{_summary(findings)}"), soft_wrap=True)


def _line(finding: Finding, width: int) -> Text:
    mark, style = _MARKS[finding.status]
    padding = " " * (width - cell_len(finding.name))  # Chinese characters are two columns wide
    line = Text.assemble("  ", (mark, style), f" {finding.name}{padding}  {finding.found}")
    if finding.status is Status.SKIPPED:
        line.stylize("dim")
    return line


def _summary(findings: Sequence[Finding]) -> str:
    failed = sum(finding.status is Status.FAIL for finding in findings)
    warned = sum(finding.status is Status.WARN for finding in findings)
    if not failed and not warned:
        return "everything is as it should be"
    return f"{count(failed, 'failure')}, {count(warned, 'warning')}"
