"""Chances that come out the same in every run: drawn from a seed and the number of the draw."""

from dataclasses import dataclass
from random import Random


@dataclass
class Lots:
    seed: int = 0
    drawn: int = 0

    def fall(self, rate: float) -> bool:
        """A certainty needs no draw."""
        if rate <= 0 or rate >= 1:
            return rate >= 1
        self.drawn += 1
        return Random(f"{self.seed} {self.drawn}").random() < rate
