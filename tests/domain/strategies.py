"""Random values of every shape, made from the shapes' own fields; and random playbooks."""

import enum
import importlib
import pkgutil
import re
import types
import typing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from hypothesis import strategies as st
from pydantic import AwareDatetime, ValidationError
from pydantic.fields import FieldInfo

import domain
from domain.events import FormName
from domain.group_calendar import Season
from domain.playbook import (
    Arm,
    Case,
    Condition,
    CouponStep,
    Day,
    Exit,
    Journey,
    LifeStage,
    NotifyStaff,
    PinnedJourney,
    Rating,
    Reactivation,
    Send,
    Split,
    Step,
    TagRule,
    TagStep,
    Wait,
    WaitFor,
)
from domain.shape import Shape

S = TypeVar("S", bound=Shape)

TIMES = st.integers(0, 3 * 366 * 86_400_000_000).map(
    lambda microseconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
SOME_TIME = st.integers(1, 60 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
WORDS = st.text("abc导购-/", min_size=1, max_size=6)
YEAR_DAYS = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: f"{day:%m-%d}")
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(1, 100),
    bool: st.booleans(),
    float: st.floats(0, 1),
    Decimal: st.integers(0, 10_000).map(lambda fen: Decimal(fen) / 100),
    timedelta: SOME_TIME,
    date: st.dates(date(2025, 1, 1), date(2028, 1, 1)),
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
    ours = (f for f in found if f.__module__.startswith("domain.") and not f.__name__.startswith("_"))
    return sorted(ours, key=lambda f: f.__qualname__)


def shapes(model: type[S]) -> st.SearchStrategy[S]:
    """Values of one shape; fields with a default are often left out."""
    if issubclass(model, Step):
        return typing.cast("st.SearchStrategy[S]", steps_of_any_kind())
    if issubclass(model, Condition):
        return typing.cast("st.SearchStrategy[S]", conditions())
    if issubclass(model, Split):
        return typing.cast("st.SearchStrategy[S]", _splits(steps_of_any_kind()))
    if issubclass(model, WaitFor):
        return typing.cast("st.SearchStrategy[S]", _waits(steps_of_any_kind()))
    if {"least", "most"} <= model.model_fields.keys():
        return _ranges(model)
    if issubclass(model, Season):
        return typing.cast("st.SearchStrategy[S]", st.builds(Season, first=YEAR_DAYS, last=YEAR_DAYS))
    fields = model.model_fields
    hints = typing.get_type_hints(model)  # pydantic may still hold the name of a shape that was defined later
    required = {n: _field(f, hints[n]) for n, f in fields.items() if f.is_required()}
    optional = {n: _field(f, hints[n]) for n, f in fields.items() if not f.is_required()}
    made = st.fixed_dictionaries(required, optional=optional).map(lambda values: _made(model, values))
    return made.filter(lambda value: value is not None)  # type: ignore[return-value]


def _made(model: type[S], values: dict[str, Any]) -> S | None:
    """None where the fields do not go together."""
    try:
        return model(**values)
    except ValidationError:
        return None


def _ranges(model: type[S]) -> st.SearchStrategy[S]:
    """One end or both, the right way round."""
    end = _values(model.model_fields["least"].annotation).filter(lambda value: value is not None)
    if model is Rating:
        end = st.integers(1, 5)
    both = st.lists(end, min_size=2, max_size=2).map(
        lambda ends: dict(zip(("least", "most"), sorted(ends), strict=True))
    )
    one = st.tuples(st.sampled_from(["least", "most"]), end).map(lambda given: {given[0]: given[1]})
    return (one | both).map(lambda ends: model(**ends))


CONDITIONS: tuple[dict[str, Any], ...] = (
    {"orders": {"least": 2, "within": "30d"}},
    {"tag": "高频", "member": True},
    {"none": [{"tier": "price_sensitive"}]},
    {"any": [{"last_order": {"longer_than": "30d"}}, {"placement": ["table", "cashier"]}]},
    {"hours": {"start": "09:00", "end": "12:00"}, "weekday": "sat"},
)


def conditions() -> st.SearchStrategy[Condition]:
    return st.sampled_from(CONDITIONS).map(Condition.model_validate)


PATTERNED = ("a-playbook", "a_key", "https://x.cn/a")


def _field(field: FieldInfo, annotation: Any) -> st.SearchStrategy[Any]:
    for pattern in (p for rule in field.metadata if (p := getattr(rule, "pattern", None))):
        return st.sampled_from([name for name in PATTERNED if re.search(pattern, name)])
    return _values(annotation)


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
    coupon = CouponStep(template="T", name="a coupon")
    sends = st.builds(
        lambda text, wanted, gift: Step(
            send=Send(text=text, wait_for_delivery=wanted, coupon=coupon if gift else None)
        ),
        WORDS,
        st.booleans(),
        st.booleans(),
    )
    plain = st.one_of(
        sends,
        st.integers(0, 20).map(lambda days: Step(wait=Wait(duration=timedelta(days=days)))),
        st.sampled_from([{"until": "10:00"}, {"weekday": "wed"}, {"day": {"date": "birthday"}}]).map(
            lambda wait: Step(wait=Wait.model_validate(wait))
        ),
        st.just(Step(coupon=coupon)),
        st.just(Step(tag=TagStep(add=["高频"]))),
        st.just(Step(notify_staff=NotifyStaff(title="请联系顾客"))),
    )
    ending = WORDS.map(lambda reason: Step(exit=reason))
    return st.recursive(plain | plain | plain | ending, _branching, max_leaves=5)


def _branching(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    lists = st.lists(inner, max_size=3)
    cases = st.builds(
        lambda when, some, rest: Step(branch=[Case(when=when, steps=some), Case(steps=rest)]),
        conditions(),
        lists,
        lists,
    )
    waits = _waits(inner).map(lambda wait: Step(wait_for=wait))
    return waits | cases | _splits(inner).map(lambda split: Step(split=split))


def _splits(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Split]:
    return st.builds(
        lambda share, a, b: Split(
            experiment="words",
            arms=[Arm(arm="a", share=share, steps=a), Arm(arm="b", share=100 - share, steps=b)],
        ),
        st.integers(1, 99),
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3),
    )


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


EXITS = [Exit(reason="no member", when=Condition(member=False))]
RULES = [TagRule(when=Condition(member=True), tag="会员")]


def life_stages() -> st.SearchStrategy[list[LifeStage]]:
    """None, or three of which the last sends back to the first once in a while, never without a wait."""
    day = Wait(duration=timedelta(days=1))
    back = [Step(wait=day), Step(goto_stage="备孕")]
    dated = [Day(date="due_date", offset=offset) for offset in ("-280d", "0d")]
    names = st.tuples(trees(), trees(), trees(), st.booleans())
    made = names.map(
        lambda some: [
            LifeStage(stage="备孕", steps=some[0], tag="备孕"),
            LifeStage(stage="孕期", begins=dated[0], steps=some[1]),
            LifeStage(stage="宝宝", begins=dated[1], steps=[*some[2], *(back if some[3] else [])]),
        ]
    )
    return st.just([]) | made


def plans(name: str = "coffee") -> st.SearchStrategy[PinnedJourney]:
    """Random playbooks, with or without reactivation."""
    revive = st.builds(Reactivation, dormant_after=SOME_TIME, steps=trees(least=1))
    rules = st.builds(
        Journey,
        nurture=trees(),
        reactivation=st.none() | revive,
        life_stages=life_stages(),
        exits=st.sampled_from([[], EXITS]),
        tags=st.sampled_from([[], RULES]),
    )
    return rules.map(lambda j: PinnedJourney(playbook=name, version=f"v-{name}", number=1, journey=j))
