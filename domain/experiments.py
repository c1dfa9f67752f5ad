"""Experiments: who comes into which arm. By hash, so it is the same for ever and costs no memory."""

import hashlib
from collections.abc import Mapping

from domain.playbook import Holdout

HUNDRED = 100


def arm_of(external_userid: str, experiment: str, shares: Mapping[str, int]) -> str:
    """The arm of one customer. `shares` in percent, in the order of the file, together 100.

    More for the first arm takes people from the next one only; nobody else changes.
    """
    place, end = percentile(f"split/{experiment}/{external_userid}"), 0
    for arm, share in shares.items():
        end += share
        if place < end:
            return arm
    raise ValueError(f"the shares of {experiment} make {end} %, not 100 %")


def held_out(external_userid: str, holdout: Holdout | None) -> bool:
    """Whether she is in the control group. It is drawn apart from any split of the same name."""
    return (
        holdout is not None and percentile(f"holdout/{holdout.experiment}/{external_userid}") < holdout.share
    )


def percentile(key: str) -> float:
    """A stable number from 0 up to, not including, 100."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") * HUNDRED / 2**48
