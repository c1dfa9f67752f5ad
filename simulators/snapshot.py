"""The whole world as bytes, and back, whatever state its parts have come to hold.

A pickle, because it alone keeps identity (the relation that two indexes share stays one object) without a
word about each class. Its danger is shut out: reading makes only what ALLOWED and `simulators` define, so a
foreign file runs nothing. What belongs to the process and not to the world travels as a name: settings,
clock, connections.
"""

import copyreg
import io
import pickle
import sys
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any

from simulators.fitting import Misfit, complete, fit
from simulators.saved import Blob
from simulators.world import World

# Of the logs of calls and deliveries so much is kept: the rest is history that no one is answered from.
LOG_KEPT = 500
ALLOWED = {
    "builtins": {"bytearray", "complex", "dict", "float", "frozenset", "int", "list", "set", "str"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "pydantic_core._pydantic_core": {"TzInfo"},
    "random": {"Random"},
    "zoneinfo": {"ZoneInfo", "ZoneInfo._unpickle"},
}

Put = Callable[[bytes], str]
Get = Callable[[str], bytes]


def dump(world: World, put: Put) -> bytes:
    """`put` stores a large piece and names it."""
    initial = world.initial
    changed = {name: value for name, value in world.config if value != getattr(initial, name)}
    clock = {name: value for name, value in vars(world.clock).items() if name != "_base"}
    parts = {name: part for name, part in vars(world).items() if name not in _anchors(world)}
    stream = io.BytesIO()
    _Writer(stream, world, put).dump({"settings": changed, "clock": clock, "parts": parts})
    return stream.getvalue()


def restore(world: World, content: bytes, get: Get) -> None:
    """Into a world that was just built. Raises Misfit, LostBlob, and what pickle raises."""
    saved = _Reader(io.BytesIO(content), world, get).load()
    fit(saved)
    for name, value in saved["settings"].items():
        if name not in type(world.config).model_fields:
            raise Misfit(f"setting {name}")
        setattr(world.config, name, value)
    vars(world.clock).update(saved["clock"])
    seen: set[int] = set()
    for name, part in saved["parts"].items():
        if name not in vars(world):
            raise Misfit(f"world.{name}")
        complete(part, getattr(world, name), f"world.{name}", seen)
        setattr(world, name, part)


def _anchors(world: World) -> dict[str, Any]:
    """What is the process's own; parts of the world point at it."""
    return {"initial": world.initial, "config": world.config, "clock": world.clock, "_http": world._http}


class _Writer(pickle.Pickler):
    """By type, so that everything else is written at the speed of C."""

    def __init__(self, stream: io.BytesIO, world: World, put: Put) -> None:
        super().__init__(stream, protocol=5)
        self._names = {id(thing): name for name, thing in _anchors(world).items()}
        self.dispatch_table = {
            **copyreg.dispatch_table,
            **dict.fromkeys((type(thing) for thing in _anchors(world).values()), self._anchor),
            **dict.fromkeys(_with_transient(), _lasting),
            Blob: lambda blob: (_named_blob, (put(blob),)),
            deque: lambda log: (deque, (list(log)[-LOG_KEPT:], log.maxlen)),
        }

    def _anchor(self, thing: Any) -> Any:
        name = self._names.get(id(thing))
        return thing.__reduce_ex__(5) if name is None else (_named_anchor, (name,))


def _lasting(thing: Any) -> Any:
    """Without what its class calls TRANSIENT: calls and tasks under way, which end with the process."""
    lasting = {name: value for name, value in vars(thing).items() if name not in type(thing).TRANSIENT}
    return copyreg.__newobj__, (type(thing),), lasting  # type: ignore[attr-defined]


@cache
def _with_transient() -> tuple[type, ...]:
    ours = [module for name, module in sys.modules.items() if name.startswith("simulators.")]
    found = {thing for module in ours for thing in vars(module).values() if isinstance(thing, type)}
    return tuple(thing for thing in found if hasattr(thing, "TRANSIENT"))


def _named_anchor(name: str) -> Any:
    """Stands in a snapshot for what the reader has of its own; so does the next."""
    raise AssertionError(name)


def _named_blob(name: str) -> Any:
    raise AssertionError(name)


class _Reader(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, world: World, get: Get) -> None:
        super().__init__(stream)
        self._stand_ins: dict[str, Any] = {
            _named_anchor.__name__: _anchors(world).__getitem__,
            _named_blob.__name__: lambda name: Blob(get(name)),
        }

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name in self._stand_ins:
            return self._stand_ins[name]
        if name in ALLOWED.get(module, ()):
            return super().find_class(module, name)
        if module.startswith("simulators."):
            # Only from what is loaded already: a file must not import anything.
            found = getattr(sys.modules.get(module), name, None)
            if isinstance(found, type) and found.__module__.startswith("simulators."):
                return found
        raise Misfit(f"{module}.{name}")
