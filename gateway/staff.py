"""Employees who leave the corp (change_contact): codes and the scan page do without them at once."""

from integrations import wecom
from storage import directory
from storage.database import Database

GONE = {2, 5}  # user/get: disabled, left (contract §3.8, §11.3)


async def note_staff(database: Database, event: wecom.StaffEvent) -> None:
    """Note who has left, or has another userid; who comes is told by `journeys employees sync`."""
    if event.new_user_id and event.new_user_id != event.user_id:
        async with database.transaction() as session:
            await directory.employee_renamed(session, event.user_id, event.new_user_id)
    elif event.change_type is wecom.StaffChange.DELETED or event.status in GONE:
        async with database.transaction() as session:
            await directory.employee_left(session, event.user_id)
