"""Two versions of a playbook, and what differs, in words. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, TypeVar

from domain.playbook import Attachment, Condition, Day, LifeStage, Playbook, Step, Wait
from domain.shape import Shape
from domain.step_words import plain, step_words

T = TypeVar("T", bound=Shape)
NAMES = ("stage", "name", "reason", "arm", "tag", "kind")  # what tells the parts of a list apart
AS_ONE = (Condition, Wait, Day, Attachment)  # told as a whole
CONTEXT = 12  # characters around what differs in a long text
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Difference:
    """`place` as `explain` and `migrate` name it: nurture.2.then.0; a playbook's field: welcome.text."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def compare(old: Playbook, new: Playbook) -> list[Difference]:
    """Everything that differs, in the order of the file. Empty only for equal playbooks."""
    return [Difference(".".join(map(str, at)) or "the playbook", what) for at, what in _fields((), old, new)]


def _fields(at: Place, old: Shape, new: Shape) -> Iterator[tuple[Place, str]]:
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield from _value((*at, *_short(old, name)), before, after)


def _short(shape: Shape, field: str) -> Place:
    """The name of a field in a place. Lists of steps are named as cursors name them."""
    if isinstance(shape, Step) or (field == "steps" and not isinstance(shape, Playbook)):
        return ()
    return ("life_stage",) if field == "life_stages" else (field,)


def _value(at: Place, old: Any, new: Any) -> Iterator[tuple[Place, str]]:
    if isinstance(old, list) and isinstance(new, list) and _shapes(old) and _shapes(new):
        yield from _lists(at, old, new)
    elif isinstance(old, Shape) and type(old) is type(new) and not isinstance(old, AS_ONE):
        yield from _fields(at, old, new)
    elif new is None or new == []:
        yield at, f"removed, was {plain(old)}"
    elif old is None or old == []:
        yield at, f"added: {plain(new)}"
    else:
        yield at, f"changed: {_cut(plain(old), plain(new))}"


def _shapes(values: list[Any]) -> bool:
    return all(isinstance(value, Shape) and not isinstance(value, AS_ONE) for value in values)


def _lists(at: Place, old: list[T], new: list[T]) -> Iterator[tuple[Place, str]]:
    """Parts that belong together are compared; the others came or went."""
    for before, after in _pairs(old, new):
        if before is None and after is not None:
            yield from _came(at, after, new[after], "added")
        elif before is not None and after is None:
            yield from _came(at, before, old[before], "removed")
        elif before is not None and after is not None and old[before] != new[after]:
            yield from _part(at, after, old[before], new[after])


def _part(at: Place, number: int, old: Shape, new: Shape) -> Iterator[tuple[Place, str]]:
    """What differs in one part, with the kind of the step before it."""
    here = (*at, _place_of(new, number))
    if not isinstance(old, Step) or not isinstance(new, Step):
        yield from _fields(here, old, new)
        return
    if old.id != new.id:
        yield here, f"{new.kind}: id changed: {plain(old.id)} → {plain(new.id)}"
    before, after = old.branches, new.branches
    for place, what in _value(here, _without_branches(old), _without_branches(new)):
        if place != here or old.kind not in ("send", "wait"):
            yield place, what
        else:
            yield place, f"{new.kind} {what}"
    for name in [*before, *(n for n in after if n not in before)]:
        if before.get(name, []) != after.get(name, []):
            yield from _lists((*here, name), before.get(name, []), after.get(name, []))


def _came(at: Place, number: int, part: Shape, how: str) -> Iterator[tuple[Place, str]]:
    """A part that is there in one of them only; steps inside it, too."""
    here = (*at, _place_of(part, number))
    yield here, f"{step_words(part) if isinstance(part, Step) else plain(part)}: {how}"
    inside = part.branches if isinstance(part, Step) else {}
    lists = {"": part.steps} if isinstance(part, LifeStage) else inside
    for name, steps in lists.items():
        for index, step in enumerate(steps):
            yield from _came((*here, name) if name else here, index, step, how)


def _pairs(old: Sequence[Shape], new: Sequence[Shape]) -> Iterator[tuple[int | None, int | None]]:
    """Which part of one list is which of the other, in reading order."""
    matcher = SequenceMatcher(None, [_key(p) for p in old], [_key(p) for p in new], autojunk=False)
    for _, begins, ends, from_, to in matcher.get_opcodes():
        yield from _alike(old, new, range(begins, ends), range(from_, to))


def _alike(
    old: Sequence[Shape], new: Sequence[Shape], olds: range, news: range
) -> Iterator[tuple[int | None, int | None]]:
    left = list(olds)
    for after in news:
        before = next((n for n in left if _same_sort(old[n], new[after])), None)
        if before is not None:
            yield from ((gone, None) for gone in left[: left.index(before)])
            left = left[left.index(before) + 1 :]
        yield before, after
    yield from ((gone, None) for gone in left)


def _key(part: Shape) -> str:
    name = part.id if isinstance(part, Step) else _name(part)
    return f"{type(part).__name__}/{name}" if name else part.model_dump_json()


def _same_sort(old: Shape, new: Shape) -> bool:
    if isinstance(old, Step) and isinstance(new, Step):
        return old.kind == new.kind and (old.id is None or new.id is None or old.id == new.id)
    return _name(old) == _name(new)


def _name(part: Shape) -> str | None:
    return next((str(n) for field in NAMES if (n := getattr(part, field, None)) is not None), None)


def _place_of(part: Shape, number: int) -> str | int:
    return number if isinstance(part, Step | LifeStage) else _name(part) or number


def _without_branches(step: Step) -> Any:
    """A step's own part: of its branches only what leads into them."""
    part = getattr(step, step.kind)
    if step.wait_for:
        return part.model_copy(update={"then": [], "otherwise": []})
    if step.branch:
        return [case.model_copy(update={"steps": []}) for case in step.branch]
    if step.split:
        return part.model_copy(update={"arms": [arm.model_copy(update={"steps": []}) for arm in part.arms]})
    return part


def _cut(old: str, new: str) -> str:
    """Of two long texts only where they differ, with a little around it."""
    if max(len(old), len(new)) <= 4 * CONTEXT:
        return f"{old} → {new}"
    begin = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - begin
    backwards = zip(reversed(old), reversed(new), strict=False)
    end = next((n for n, (a, b) in enumerate(backwards) if a != b), most)
    end = min(end, most)

    def shown(text: str) -> str:
        first, last = max(0, begin - CONTEXT), min(len(text), len(text) - end + CONTEXT)
        return ("…" if first else "") + text[first:last] + ("…" if last < len(text) else "")

    return f"{shown(old)} → {shown(new)}"
