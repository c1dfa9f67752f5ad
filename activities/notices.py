"""To-dos about one customer, as a playbook plans them (`notify_staff`, and the way `staff` of a `send`)."""

from temporalio import activity

from activities.todo_planner import TodoPlanner
from domain import todos
from domain.addresses import customer_id
from domain.step_messages import Notified, Notify, PlanTouch
from domain.todos import Draft, TodoKind
from settings import Clock
from storage import exposures, notices
from storage.database import Database

NO_FRIEND = "no employee of ours is her friend"
NO_STORE = "she has no store, so no manager"
NO_MANAGER = "the store has no manager: stores import has the column manager"


async def by_hand(planner: TodoPlanner, what: PlanTouch, userid: str) -> None:
    """The way `staff`: ask an employee to write the touch's text to her by hand.

    The touch itself must be written first, with the channel `staff`. Its outcome comes from the to-do: tasked
    when the card is sent, sent when the employee taps 已处理, expired when the card lapses, cancelled when
    WeCom refuses the card. A touch that is stopped before takes its card with it. Only a touch with `notify`
    tells her life of its outcome (TOUCH_SETTLED). Planning the same key again plans nothing.
    """
    await planner.want(
        TodoKind.CUSTOMER,
        customer_id(what.external_userid),
        what.key,
        userid,
        todos.by_hand(what.text, what.benefit),
        external_userid=what.external_userid,
        touch_key=what.key,
    )


class Notices:
    """Tells employees what to do for her."""

    def __init__(self, database: Database, planner: TodoPlanner, clock: Clock) -> None:
        self._database, self._planner, self._clock = database, planner, clock

    @activity.defn
    async def notify_staff(self, what: Notify) -> Notified:
        """Plan the to-do, outside quiet hours. Planning the same key again plans nothing."""
        userid, problem = await self._recipient(what)
        if userid is None:
            return Notified(told=False, reason=problem)
        notice = what.notice
        await self._planner.want(
            TodoKind.CUSTOMER,
            customer_id(what.external_userid),
            what.key,
            userid,
            Draft(title=notice.title, text=notice.text, benefit=what.benefit),
            external_userid=what.external_userid,
        )
        return Notified(told=True, reason=f"for {userid}")

    async def _recipient(self, what: Notify) -> tuple[str | None, str]:
        """Who gets it; else why nobody."""
        async with self._database.transaction() as session:
            userid = what.userid
            if what.notice.to == "manager":
                store = await notices.store_of(session, what.external_userid)
                userid = store.manager if store else None
                problem = NO_MANAGER if store else NO_STORE
            else:
                problem = NO_FRIEND
            if userid and await notices.has_left(session, userid):
                return None, f"{userid} has left"
            held_out = await exposures.why_held_out(
                session, what.external_userid, what.holdout, playbook=what.playbook, now=self._clock()
            )
            if held_out:
                return None, held_out
        return userid, problem
