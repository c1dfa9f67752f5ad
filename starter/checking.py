"""What the commands `check` of campaigns and overstock rules say in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import typer

from starter.output import print_json
from starter.playbook.check import refused
from starter.runtime import EXIT_FAILED, console


def tell(
    what: str,
    read: Sequence[tuple[Mapping[str, Any], str]],
    problems: Sequence[str],
    as_json: bool,
) -> None:
    """`what` was read, each as a row and as a line; and every problem, as the loader says it.

    Leaves with 1 if there are problems.
    """
    if as_json:
        rows = [row for row, _ in read]
        print_json({"findings": [asdict(remark) for remark in refused(problems)], what: rows})
    else:
        for problem in problems:
            console.print(problem, style="red", markup=False, soft_wrap=True)
        for _, line in read:
            console.print(line, markup=False, soft_wrap=True)
        console.print(f"{len(read)} {what} read: {len(problems)} errors")
    if problems:
        raise typer.Exit(EXIT_FAILED)
