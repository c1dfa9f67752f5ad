"""What the till pushed (推送): read again as it becomes due, one batch after the other."""

import asyncio
import contextlib
from datetime import datetime

from temporalio import workflow

from domain import addresses
from domain.messages import FeedStart, SettledHints, SettleHints
from workflows import options

with workflow.unsafe.imports_passed_through():
    from activities.till_feed import TillFeed as TillFeeds


@workflow.defn(name=addresses.TILL_FEED)
class TillFeed:
    """Sleeps until the next hint is due or a new one comes; ends when none is left, and the next starts it.

    The hints are rows: a run that is lost loses nothing, and the sweep starts another.
    """

    @workflow.init
    def __init__(self, start: FeedStart) -> None:
        self.hinted_at_something = False

    @workflow.run
    async def run(self, start: FeedStart) -> SettledHints:
        what = SettleHints(provider=start.provider)
        while True:
            self.hinted_at_something = False
            seen = await workflow.execute_activity_method(
                TillFeeds.settle_hints, what, **options.till_feed("read what is due")
            )
            if seen.next_at is None and not self.hinted_at_something:
                return seen
            self.renew(start)
            await self.rest(seen.next_at)

    @workflow.signal(name=addresses.HINTED)
    def hinted(self, start: FeedStart) -> None:
        """A push was kept."""
        self.hinted_at_something = True

    async def rest(self, until: datetime | None) -> None:
        """Until the next hint is due, or something is hinted at that may be due sooner."""
        left = max(until - workflow.now(), options.SHORTEST_WAIT) if until else None
        workflow.set_current_details(f"reads again at {until:%F %T}Z" if until else "")
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self.hinted_at_something, timeout=left)

    def renew(self, start: FeedStart) -> None:
        """Continue as new before the history grows long: the first thing the next run does is to look."""
        most = start.renew_after_events or options.RENEW_AFTER_EVENTS
        if workflow.info().get_current_history_length() > most:
            workflow.continue_as_new(start)
