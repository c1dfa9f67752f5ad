"""How to reach a till: what every adapter is made of, whoever its provider is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from integrations.pos.errors import PosError, PosUnavailable
from integrations.validation import places

Model = TypeVar("Model", bound=BaseModel)


class Clock(Protocol):
    def __call__(self) -> datetime: ...


class Meter(Protocol):
    """Counts calls against a provider's daily or monthly quota, for all processes together."""

    async def spend(self, account: str, most: int, *, per: str) -> None:
        """One call of `account` in this `per` ("day" or "month"). Raises PosQuotaExhausted at `most`."""


@dataclass(frozen=True)
class StoreKey:
    """A till whose every store has keys of its own (Pospal)."""

    app_id: str
    app_key: SecretStr


@dataclass(frozen=True)
class Access:
    """What the settings say. Each adapter's module says which of these it needs, and what it calls them.

    `options` are the adapter's own, checked by its `Options`. `push_url` is the address at which the provider
    reaches us, exactly as it is registered there: Square signs it.
    """

    base_url: str
    api_key: SecretStr
    webhook_secret: SecretStr = field(default_factory=lambda: SecretStr(""))
    app_id: str = ""
    account: str = ""
    store_keys: Mapping[str, StoreKey] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    push_url: str = ""
    timeout_seconds: float = 5.0


@dataclass(frozen=True)
class Means:
    """What an adapter works with. Without a meter nothing is counted."""

    http: httpx.AsyncClient
    clock: Clock
    meter: Meter | None = None


class AccessError(ValueError):
    """POS_* settings that an adapter cannot work with; the text names each and says what to set."""


def need(access: Access, **settings: str) -> None:
    """Raises AccessError unless these are set: field of `Access` → the variable, and what it is here."""
    missing = [says for name, says in settings.items() if not _value(getattr(access, name))]
    if missing:
        raise AccessError("; ".join(f"set {says}" for says in missing))


def options(shape: type[Model], access: Access) -> Model:
    """The adapter's own options. Raises AccessError with the places that do not fit."""
    try:
        return shape.model_validate(access.options)
    except ValidationError as error:
        raise AccessError(f"POS_OPTIONS: {places(error)}; docs/tills.md lists them") from None


def parsed(shape: type[Model], fields: object, unclear: type[PosError] = PosUnavailable) -> Model:
    """Raises `unclear` with the places that do not fit, never with the values, which are a customer's."""
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        raise unclear(f"unexpected answer at {places(error)}") from None


def _value(field_value: object) -> object:
    return field_value.get_secret_value() if isinstance(field_value, SecretStr) else field_value
