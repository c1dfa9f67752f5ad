"""Names within one file: each is there once, and whoever refers to one finds it."""

from collections.abc import Iterable, Iterator

from domain.places import Place, conditions_of, steps_of
from domain.playbook import Playbook
from playbooks.source import suggest

LONGEST_TAG = 30  # characters, also of a tag group (contract §5.1)


def problems(book: Playbook) -> Iterator[tuple[Place, str]]:
    yield from _twice("step", [((*at, "id"), step.id) for at, step in steps_of(book) if step.id])
    stages = [(("life_stages", n, "stage"), stage.stage) for n, stage in enumerate(book.life_stages)]
    yield from _twice("life stage", stages)
    yield from _twice("goal", [(("goals", n, "name"), goal.name) for n, goal in enumerate(book.goals)])
    yield from _twice("experiment", _experiments(book))
    for number, rule in enumerate(book.enter.codes):
        if not (rule.stores or rule.placements or rule.campaigns):
            yield ("enter", "codes", number), "names no code: give `stores`, `placements` or `campaigns`"
    yield from _references(book)
    yield from _tags(book)


def _twice(what: str, named: Iterable[tuple[Place, str]]) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for at, name in named:
        if name in seen:
            yield at, f"there is another {what} {name!r} in this file: give one of them another name"
        seen.add(name)


def _experiments(book: Playbook) -> Iterator[tuple[Place, str]]:
    if book.holdout:
        yield ("holdout", "experiment"), book.holdout.experiment
    for at, step in steps_of(book):
        if step.split:
            yield (*at, "split", "experiment"), step.split.experiment


def _references(book: Playbook) -> Iterator[tuple[Place, str]]:
    stages = [s.stage for s in book.life_stages]
    sends = [s.id for _, s in steps_of(book) if s.id and (s.send or s.coupon)]
    for at, step in steps_of(book):
        if step.goto_stage and step.goto_stage not in stages:
            yield (*at, "goto_stage"), _unknown("life stage", step.goto_stage, stages)
    for at, condition in conditions_of(book):
        for name in condition.life_stage or ():
            if name not in stages:
                yield (*at, "life_stage"), _unknown("life stage", name, stages)
        if condition.outcome and condition.outcome.step not in sends:
            problem = _unknown("`send` or `coupon` with the id", condition.outcome.step, sends)
            yield (*at, "outcome", "step"), problem


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    there = ", ".join(known)
    close = suggest(name, known) or (f"; there is: {there}" if there else "; there is none in this file")
    return f"there is no {what} {name!r} in this file{close}"


def _tags(book: Playbook) -> Iterator[tuple[Place, str]]:
    for at, name in _tag_names(book):
        if len(name) > LONGEST_TAG:
            yield at, f"a tag and its group have at most {LONGEST_TAG} characters, this one has {len(name)}"
    for at, step in steps_of(book):
        if step.tag and (both := sorted({*(step.tag.add or ())} & {*(step.tag.remove or ())})):
            yield (*at, "tag"), f"{both[0]!r} is added and removed: do one of them"


def _tag_names(book: Playbook) -> Iterator[tuple[Place, str]]:
    for number, rule in enumerate(book.tags):
        yield ("tags", number, "tag"), rule.tag
        yield ("tags", number, "group"), rule.group
    for number, stage in enumerate(book.life_stages):
        yield ("life_stages", number, "tag"), stage.tag or ""
    for at, step in steps_of(book):
        if step.send:
            yield (*at, "send", "tag"), step.send.tag or ""
        if step.tag:
            yield (*at, "tag", "group"), step.tag.group
            for field, names in (("add", step.tag.add), ("remove", step.tag.remove)):
                yield from (((*at, "tag", field, number), name) for number, name in enumerate(names or ()))
