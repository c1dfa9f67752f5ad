"""Which adapter POS_PROVIDER names. To add one: a module here with `connect` and `CAPABILITIES`."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import cast

from integrations.pos.access import Access, AccessError, Means
from integrations.pos.port import PosPort
from integrations.pos.values import Capabilities

PROVIDERS = ("generic", "square", "youzan", "pospal", "keruyun")


def connect(provider: str, access: Access, means: Means) -> PosPort:
    """The till of this provider. Raises AccessError. An adapter is imported when it is asked for."""
    return cast(PosPort, _adapter(provider).connect(access, means))


def capabilities(provider: str) -> Capabilities:
    """What the till of this provider can do. Raises AccessError."""
    return cast(Capabilities, _adapter(provider).CAPABILITIES)


def _adapter(provider: str) -> ModuleType:
    if provider not in PROVIDERS:
        raise AccessError(f"POS_PROVIDER={provider!r} is unknown; there are: {', '.join(PROVIDERS)}")
    return importlib.import_module(f"integrations.pos.{provider}")
