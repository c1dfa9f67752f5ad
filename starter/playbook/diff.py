"""`journeys playbook diff`: what differs, in words."""

from domain.comparing import compare
from starter import context
from starter.output import JsonOption, print_json
from starter.playbook import references
from starter.playbook.references import Reference
from starter.runtime import console, run


def diff(old: Reference, new: Reference, as_json: JsonOption = False) -> None:
    """Say in words what differs between two playbooks: files, or published versions. Needs no worker."""
    run(_diff(old, new, as_json))


async def _diff(old: str, new: str, as_json: bool) -> None:
    async with context.database() as database:
        before, after = await references.find(database, old), await references.find(database, new)
    found = compare(before.playbook, after.playbook)
    if as_json:
        print_json([{"place": one.place, "what": one.what} for one in found])
        return
    for one in found:
        console.print(str(one), markup=False, soft_wrap=True)
    if not found:
        console.print(f"{before.label} and {after.label} say the same", markup=False)
