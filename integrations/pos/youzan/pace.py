"""So many calls a second and no more, in this process: hammering may get an app disabled (contract §6.2)."""

from __future__ import annotations

import asyncio


class Pace:
    def __init__(self, per_second: float) -> None:
        self._apart = 1 / per_second
        self._free_at = 0.0  # in the time of the event loop

    async def turn(self) -> None:
        """Waits until it is this call's turn, in the order in which they came."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._free_at)
        self._free_at = at + self._apart
        await asyncio.sleep(at - now)
