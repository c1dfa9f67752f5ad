"""Employees who leave the corp (change_contact): codes and the scan page do without them at once."""

from integrations import wecom
from storage import directory
from storage.database import Database

GONE = {2, 5}  # user/get: disabled, left (contract §3.8, §11.3)


async def note_staff(database: Database, event: wecom.StaffEvent) -> None:
    """Note who has left; who comes is told by `journeys employees sync`, which knows the store as well."""
    if event.change_type is wecom.StaffChange.DELETED or event.status in GONE:
        async with database.transaction() as session:
            await directory.employee_left(session, event.user_id)
