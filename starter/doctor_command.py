"""`journeys doctor`: is everything set up, and if not, what to do."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

from activities.composition import connections
from settings import utc_now
from starter.doctor.examination import examine
from starter.doctor.findings import Finding, Status
from starter.doctor.report import show_findings
from starter.doctor.setup import Setup, read_settings
from starter.output import JsonOption, print_json
from starter.runtime import EXIT_FAILED, run


def doctor(as_json: JsonOption = False) -> None:
    """Check every setting and everything around, and say how to fix each failure. Changes nothing.

    Exit code 0 when nothing failed; warnings are allowed.
    """
    run(_doctor(as_json))


async def _doctor(as_json: bool) -> int:
    for noisy in ("httpx", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    settings, problems = read_settings()
    async with connections() as http:
        findings = await examine(Setup(settings, problems, http, utc_now))
    if as_json:
        print_json([_row(finding) for finding in findings])
    else:
        show_findings(findings)
    return EXIT_FAILED if failed(findings) else 0


def failed(findings: Sequence[Finding]) -> bool:
    return any(finding.status is Status.FAIL for finding in findings)


def _row(finding: Finding) -> dict[str, Any]:
    fields = dataclasses.asdict(finding)
    return {"area": fields["area"], "check": fields["name"]} | {
        n: fields[n] for n in ("status", "found", "fix")
    }
