"""Does what an older version saved fit the classes of this one?

Fields that are new get their defaults; what has no place any more is an error, so that nothing is dropped
unseen.
"""

import dataclasses
from collections import deque
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel


class Misfit(Exception):
    """The text names what has no place in this version, or what this version misses."""


def fit(saved: Any) -> None:
    """Walks everything that was read and completes records that were saved without their newest fields."""
    seen: set[int] = set()
    waiting = [saved]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, BaseModel):
            _fit_model(thing)
        elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            _fit_dataclass(thing)
        waiting.extend(_inside(thing))


def complete(part: Any, fresh: Any, where: str, seen: set[int]) -> None:
    """A part of the world gets from its newly built twin what is transient, or newer than the file."""
    if not _is_plain(fresh) or id(part) in seen:
        return
    if type(part) is not type(fresh):
        raise Misfit(where)
    seen.add(id(part))
    for name in vars(part).keys() - vars(fresh).keys():
        raise Misfit(f"{where}.{name}")
    for name, value in vars(fresh).items():
        if name not in vars(part):
            setattr(part, name, value)
        elif _is_plain(value):
            complete(getattr(part, name), value, f"{where}.{name}", seen)


def _is_plain(thing: Any) -> bool:
    """An object of ours that is no record: it has whatever attributes its __init__ gave it."""
    ours = type(thing).__module__.startswith("simulators.")
    return ours and not isinstance(thing, BaseModel) and not dataclasses.is_dataclass(thing)


def _fit_model(model: BaseModel) -> None:
    fields = type(model).model_fields
    for name in vars(model).keys() - fields.keys():
        raise Misfit(f"{type(model).__name__}.{name}")
    for name, field in fields.items():
        if name not in vars(model):
            if field.is_required():
                raise Misfit(f"{type(model).__name__} without {name}")
            vars(model)[name] = field.get_default(call_default_factory=True)


def _fit_dataclass(record: Any) -> None:
    fields = {field.name: field for field in dataclasses.fields(record)}
    for name in vars(record).keys() - fields.keys():
        raise Misfit(f"{type(record).__name__}.{name}")
    for name, field in fields.items():
        if name not in vars(record) and name not in getattr(type(record), "TRANSIENT", ()):
            vars(record)[name] = _default(field, type(record).__name__)


def _default(field: "dataclasses.Field[Any]", owner: str) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    if field.default is dataclasses.MISSING:
        raise Misfit(f"{owner} without {field.name}")
    return field.default


def _inside(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset | deque):
        return thing
    return vars(thing).values() if type(thing).__module__.startswith("simulators.") else ()
