"""What the network does to deliveries, by count or by rate."""

from dataclasses import dataclass, field

from simulators.lots import Lots


@dataclass
class Mischief:
    """A rate is the share of deliveries, from 0 to 1; the draws are the same for the same seed."""

    drop: int = 0  # so many of the next deliveries are lost
    drop_rate: float = 0
    duplicate: int = 1  # each delivery is made so many times,
    duplicate_rate: float = 1  # or this share of them,
    duplicate_next: int | None = None  # or only so many of the next
    delay_seconds: float = 0
    delay_rate: float = 1
    delay_next: int | None = None
    reorder: bool = False  # the next two swap places, once
    reorder_rate: float = 0  # this share waits until another has overtaken it
    lots: Lots = field(default_factory=Lots)

    def drops(self) -> bool:
        if self.drop > 0:
            self.drop -= 1
            return True
        return self.lots.fall(self.drop_rate)

    def holds(self) -> bool:
        return self.reorder or self.lots.fall(self.reorder_rate)

    def overtaken(self) -> None:
        self.reorder = False

    def copies(self) -> int:
        if self.duplicate == 1 or not self.lots.fall(self.duplicate_rate):
            return 1
        if self.duplicate_next is not None:
            if self.duplicate_next == 0:
                return 1
            self.duplicate_next -= 1
        return self.duplicate

    def delay(self) -> float:
        """Seconds."""
        if not self.delay_seconds or not self.lots.fall(self.delay_rate):
            return 0
        if self.delay_next is not None:
            if self.delay_next == 0:
                return 0
            self.delay_next -= 1
        return self.delay_seconds
