"""Whose appId is it? And Pospal's signatures (contract §5.1), written apart from any adapter's."""

import hashlib
from dataclasses import dataclass

from simulators.config import SimulatorConfig


@dataclass(frozen=True)
class Shop:
    """`store_id` is None of the head office."""

    app_id: str
    app_key: str
    store_id: str | None = None


def shops(config: SimulatorConfig) -> dict[str, Shop]:
    """By appId."""
    known = {config.pos_app_id: Shop(config.pos_app_id, config.pos_api_key)}
    for part in filter(None, config.pos_store_keys.split(",")):
        store_id, _, pair = part.strip().partition("=")
        app_id, _, app_key = pair.partition(":")
        known[app_id] = Shop(app_id, app_key, store_id)
    return known


def shop_of(config: SimulatorConfig, store_id: str) -> Shop | None:
    return next((one for one in shops(config).values() if one.store_id == store_id), None)


def sign(app_key: str, body: bytes) -> str:
    return _md5(app_key.encode(), body)


def sign_v3(app_id: str, app_key: str, timestamp: str, body: bytes) -> str:
    return _md5(app_id.encode(), app_key.encode(), timestamp.encode(), body)


def _md5(*parts: bytes) -> str:
    return hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest().upper()
