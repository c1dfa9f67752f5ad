"""What the till tells of itself, in the words of the provider that it plays."""

from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig
from simulators.outbox import Delivery, Outbox
from simulators.state.till import Till
from simulators.tills import Told, pushed_by


class TillPush:
    def __init__(self, config: SimulatorConfig, clock: SimulatorClock, till: Till, outbox: Outbox) -> None:
        self._config, self._clock, self._till = config, clock, till
        self.outbox = outbox

    def tell(self, told: Told) -> None:
        pushed, _ = pushed_by(self._config.pos_provider)
        for body in pushed(self._config, self._clock, self._till, told):
            delivery = self.outbox.record(told.what, body)
            if self._config.pos_push_url is None:
                delivery.outcome = "no_url"
            else:
                self.again(delivery)

    def again(self, delivery: Delivery) -> None:
        """Also a delivery that was under way when the process ended."""
        if self._config.pos_push_url is not None:
            _, sealed = pushed_by(self._config.pos_provider)
            self.outbox.send(
                delivery, sealed(self._config, self._clock, self._config.pos_push_url, delivery.content)
            )
