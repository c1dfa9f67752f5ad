"""The whole simulated world; one asyncio loop owns it, so nothing here locks."""

from typing import Annotated

import httpx
from fastapi import Depends, Request

from simulators.callbacks import Callbacks
from simulators.clock import Clock, SimulatorClock, real_clock
from simulators.config import SimulatorConfig
from simulators.faults import Faults
from simulators.outbox import Outbox
from simulators.population.story import Population
from simulators.state.group_templates import GroupTemplates
from simulators.state.groups import Groups
from simulators.state.hand_qrs import HandQrs
from simulators.state.handovers import Handovers
from simulators.state.intercepts import Intercepts
from simulators.state.journal import Journal
from simulators.state.links import Links
from simulators.state.mass import MassTasks
from simulators.state.media import Media
from simulators.state.media_jobs import UploadJobs
from simulators.state.moments import Moments
from simulators.state.notices import Notices
from simulators.state.org import Org
from simulators.state.people import People
from simulators.state.received import Inboxes
from simulators.state.sign_ins import SignIns
from simulators.state.staff_messages import StaffMessages
from simulators.state.tags import Tags
from simulators.state.till import Till
from simulators.state.tokens import Tokens
from simulators.state.ways import Ways
from simulators.state.welcome import WelcomeDesk
from simulators.till_push import TillPush
from simulators.traffic import Traffic

# The outbox has one limit for the whole attempt, and it can be changed while we run.
NO_TIMEOUT = httpx.Timeout(None)


class World:
    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.initial = config
        self.clock = SimulatorClock(clock or real_clock)
        # Proxies of the environment are not for callbacks to a neighbour.
        self._http = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            limits=httpx.Limits(max_connections=None),  # a queue here would look like a slow receiver
            timeout=NO_TIMEOUT,
        )
        self._build()

    def _build(self) -> None:
        config = self.config = self.initial.model_copy(deep=True)
        self.tokens = Tokens(config, self.clock)
        self.traffic = Traffic(config, self.clock)
        self.faults = Faults()
        self.people = People()
        self.org = Org(config, self.people)
        self.journal = Journal(self.clock)
        self.ways = Ways(config, self.clock)
        self.links = Links(config, self.clock)
        self.welcomes = WelcomeDesk(config, self.clock)
        self.tags = Tags(config, self.clock)
        self.groups = Groups(config, self.clock)
        self.hand_qrs = HandQrs(config, self.clock, self.groups)
        self.templates = GroupTemplates(config, self.clock)
        self.media = Media(config, self.clock)
        self.upload_jobs = UploadJobs(config, self.clock, self.media)
        self.mass = MassTasks(config, self.clock)
        self.moments = Moments(config, self.clock)
        self.handovers = Handovers(config, self.clock)
        self.intercepts = Intercepts(config, self.clock)
        self.notices = Notices(self.clock)
        self.sign_ins = SignIns(self.clock)
        self.staff_messages = StaffMessages(config, self.clock)
        self.inboxes = Inboxes()
        self.till = Till(config, self.clock)
        self.callbacks = Callbacks(
            config, self.clock, Outbox(self._http, config, self.clock), self.org, self.groups
        )
        self.till_push = TillPush(config, self.clock, self.till, Outbox(self._http, config, self.clock))
        self.population = Population()

    def reset(self) -> None:
        """A new world with the settings and the clock of the start; deliveries under way are abandoned."""
        self._cancel()
        self.clock.reset()
        self._build()

    @property
    def busy(self) -> bool:
        """Deliveries are under way."""
        return self.callbacks.outbox.busy or self.till_push.outbox.busy

    async def drain(self) -> None:
        await self.callbacks.outbox.drain()
        await self.till_push.outbox.drain()

    async def close(self) -> None:
        self._cancel()
        await self._http.aclose()

    def _cancel(self) -> None:
        self.callbacks.outbox.cancel()
        self.till_push.outbox.cancel()
        self.population.cancel()


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


WorldDep = Annotated[World, Depends(_world)]
