"""Keruyun's signature 2.0 and its tokens, written from its documents and not from our adapter.

SHA-256 over appKey and its value, the brand or shop, timestamp and version likewise, "body" and the raw body,
and the key.
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from simulators.clock import SimulatorClock
from simulators.config import SimulatorConfig

VERSION = "2.0"
WINDOW = timedelta(seconds=300)  # contract §7


def sign(params: Mapping[str, str], key: str, body: bytes | None) -> str:
    who = "shopIdenty" if "shopIdenty" in params else "brandId"
    text = ""
    for name in ("appKey", who, "timestamp", "version"):
        text += name + params.get(name, "")
    signed = text.encode() if body is None else text.encode() + b"body" + body
    return hashlib.sha256(signed + key.encode()).hexdigest()


def token(config: SimulatorConfig, clock: SimulatorClock, scope: str) -> str:
    """[SIM] Of a brand or shop, and of one day: tokens end with it, as they must some time."""
    made_of = f"{config.pos_app_id} {config.pos_api_key} {scope} {clock():%Y-%m-%d}"
    return hashlib.md5(made_of.encode(), usedforsecurity=False).hexdigest()


def fresh(timestamp: str, clock: SimulatorClock) -> bool:
    """Seconds, or milliseconds."""
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    seconds = int(timestamp) / 1000 if len(timestamp) > 10 else int(timestamp)
    return abs(clock.unix() - seconds) <= WINDOW.total_seconds()
