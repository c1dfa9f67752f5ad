"""Random values of every shape, made from the shapes' own fields; and random playbooks."""

import enum
import importlib
import pkgutil
import re
import types
import typing
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, TypeVar

from hypothesis import strategies as st
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

import domain
from domain.events import FormName
from domain.playbook import CouponStep, Journey, PinnedJourney, Reactivation, Send, Step, WaitFor
from domain.shape import Shape

S = TypeVar("S", bound=Shape)

TIMES = st.integers(0, 3 * 366 * 86_400_000_000).map(
    lambda microseconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
SOME_TIME = st.integers(1, 60 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
WORDS = st.text("abc导购-/", min_size=1, max_size=6)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(1, 100),
    bool: st.booleans(),
    timedelta: SOME_TIME,
    time: st.times().map(lambda t: t.replace(tzinfo=None)),
    datetime: TIMES,
    AwareDatetime: TIMES,
    type(None): st.none(),
    None: st.none(),
}


def all_shapes() -> list[type[Shape]]:
    """Every shape of the domain."""
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"domain.{module.name}")
    found, waiting = [], [Shape]
    while waiting:
        below = waiting.pop().__subclasses__()
        found += below
        waiting += below
    return sorted((f for f in found if f.__module__.startswith("domain.")), key=lambda f: f.__qualname__)


def shapes(model: type[S]) -> st.SearchStrategy[S]:
    """Values of one shape; fields with a default are often left out."""
    if issubclass(model, Step):
        return typing.cast("st.SearchStrategy[S]", steps_of_any_kind())
    if issubclass(model, WaitFor):
        return typing.cast("st.SearchStrategy[S]", _waits(steps_of_any_kind()))
    fields = model.model_fields
    required = {n: _field(f) for n, f in fields.items() if f.is_required()}
    optional = {n: _field(f) for n, f in fields.items() if not f.is_required()}
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: model(**values))


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    for pattern in (p for rule in field.metadata if (p := getattr(rule, "pattern", None))):
        return st.sampled_from([name for name in ("a-playbook", "a_key") if re.fullmatch(pattern, name)])
    return _values(field.annotation)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation is Step:
        return steps_of_any_kind()
    if origin is Annotated:
        return _values(args[0])
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(_values, args))
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.tuples(*map(_values, args))
    if origin is list:
        return st.lists(_values(args[0]), min_size=1, max_size=2)
    if origin is dict:
        return st.dictionaries(_values(args[0]), _values(args[1]), max_size=2)
    if issubclass(annotation, enum.Enum):
        return st.sampled_from(annotation)
    return st.deferred(lambda: shapes(annotation))


def steps_of_any_kind() -> st.SearchStrategy[Step]:
    """One step with whatever is in its branches."""
    plain = st.one_of(
        st.builds(
            lambda text, wanted: Step(send=Send(text=text, wait_for_delivery=wanted)), WORDS, st.booleans()
        ),
        st.integers(0, 20).map(lambda days: Step(wait=timedelta(days=days))),
        st.just(Step(coupon=CouponStep(template="T", name="a coupon"))),
    )
    ending = WORDS.map(lambda reason: Step(exit=reason))
    return st.recursive(plain | plain | plain | ending, _branching, max_leaves=5)


def _branching(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    return _waits(inner).map(lambda wait: Step(wait_for=wait))


def _waits(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[WaitFor]:
    kinds = ["order_paid", "coupon_redeemed", "group_joined", "form_answered"]
    forms = [{"event": "form_answered", "form": form.value} for form in FormName]
    awaited: list[dict[str, str]] = [*({"event": kind} for kind in kinds), *forms]
    body = st.fixed_dictionaries(
        {
            "timeout": st.integers(0, 20).map(lambda days: timedelta(days=days)),
            "then": st.lists(inner, max_size=3),
            "otherwise": st.lists(inner, max_size=3),
        }
    )
    both = st.tuples(st.sampled_from(awaited), body)
    return both.map(lambda parts: WaitFor.model_validate(parts[0] | parts[1]))


def trees(least: int = 0) -> st.SearchStrategy[list[Step]]:
    return st.lists(steps_of_any_kind(), min_size=least, max_size=4)


def plans(name: str = "coffee") -> st.SearchStrategy[PinnedJourney]:
    """Random playbooks, with or without reactivation."""
    revive = st.builds(Reactivation, dormant_after=SOME_TIME, steps=trees(least=1))
    rules = st.builds(Journey, nurture=trees(), reactivation=st.none() | revive)
    return rules.map(lambda j: PinnedJourney(playbook=name, version=f"v-{name}", number=1, journey=j))
