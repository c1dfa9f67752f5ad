"""Steps to which nobody comes, cases that never hold, and waits that outlast the dormancy."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.analysis.contradiction import covers, why_never
from domain.analysis.finding import Finding, error, warning
from domain.places import Place, conditions_of, inside, lists_of, steps_of
from domain.playbook import Condition, Playbook, Step
from domain.shape import spell


def findings(book: Playbook) -> Iterator[Finding]:
    through = True
    for at, steps in lists_of(book):
        yield from _behind_an_end(at, steps)
        if at == ("nurture",):
            through = goes_through(steps)
    yield from _cases(book)
    yield from _phases(book, through)
    yield from _long_waits(book)
    for at, condition in conditions_of(book):
        if why := why_never(condition):
            yield error(at, "never_holds", f"nobody can meet this: {why}")


def goes_through(steps: Sequence[Step]) -> bool:
    """Whether anybody comes to the end of a list."""
    return all(_passes(step) for step in steps)


def _passes(step: Step) -> bool:
    if step.exit or step.goto_stage:
        return False
    if not step.branches or (step.branch and step.branch[-1].when is not None):
        return True
    return any(goes_through(branch) for branch in step.branches.values())


def _behind_an_end(at: Place, steps: Sequence[Step]) -> Iterator[Finding]:
    for number, step in enumerate(steps):
        here = (*at, number)
        for name, branch in step.branches.items():
            yield from _behind_an_end((*here, *inside(step, name)), branch)
        if not _passes(step) and number + 1 < len(steps):
            ended = step.kind if step.kind in ("exit", "goto_stage") else "every way of the step"
            text = f"nobody comes here: {ended} in front of it leads away"
            yield error((*at, number + 1), "unreachable", text)
            return


def _cases(book: Playbook) -> Iterator[Finding]:
    """A case, or another greeting, that an earlier one always takes."""
    lists: list[tuple[Place, list[Condition | None]]] = [
        ((*at, "branch"), [case.when for case in step.branch]) for at, step in steps_of(book) if step.branch
    ]
    if book.welcome:
        lists.append((("welcome", "variants"), [variant.when for variant in book.welcome.variants]))
    for at, cases in lists:
        for number, case in enumerate(cases):
            taken = [n for n, one in enumerate(cases[:number]) if case and one and covers(one, case)]
            if taken:
                text = f"never reached: everybody who meets this meets {at[-1]}.{taken[0]} before it"
                yield error((*at, number, "when"), "unreachable", text)


def _phases(book: Playbook, nurture_ends: bool) -> Iterator[Finding]:
    sent_to = {step.goto_stage for _, step in steps_of(book) if step.goto_stage}
    for number, stage in enumerate(book.life_stages):
        first_undated = all(s.begins for s in book.life_stages[:number])
        begins = nurture_ends and (stage.begins or first_undated)
        if not begins and stage.stage not in sent_to:
            why = "`nurture` never comes to its end" if not nurture_ends else "it has no day (`begins`)"
            text = f"this life stage never begins: {why}, and no `goto_stage` leads here"
            yield error(("life_stages", number), "unreachable", text)
    if book.reactivation and not nurture_ends and not sent_to:
        text = "never begins: every way through `nurture` ends the journey"
        yield error(("reactivation",), "unreachable", text)


def _long_waits(book: Playbook) -> Iterator[Finding]:
    """The dormancy is only looked at when the steps are over."""
    dormant = book.reactivation.dormant_after if book.reactivation else None
    if dormant is None:
        return
    for at, step in steps_of(book):
        waits = {"wait_for": step.wait_for.timeout} if step.wait_for else {}
        waits |= {"wait": step.wait.duration or timedelta(0)} if step.wait else {}
        for kind, longest in waits.items():
            if longest > dormant and at[0] != "reactivation":
                text = (
                    f"{spell(longest)} is longer than `dormant_after` ({spell(dormant)}): "
                    "who drifts away meanwhile is not won back before it is over"
                )
                yield warning((*at, kind), "longer_than_dormancy", text)
