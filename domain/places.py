"""Where things stand in a playbook's file, in the order in which it reads."""

from collections.abc import Iterator, Sequence

from domain.playbook import Condition, CouponStep, Playbook, Step

Place = tuple[str | int, ...]  # ("nurture", 0, "send", "text")


def lists_of(book: Playbook) -> Iterator[tuple[Place, Sequence[Step]]]:
    """Every top list of steps."""
    yield ("nurture",), book.nurture
    for number, stage in enumerate(book.life_stages):
        yield ("life_stages", number, "steps"), stage.steps
    if book.reactivation:
        yield ("reactivation", "steps"), book.reactivation.steps


def steps_of(book: Playbook) -> Iterator[tuple[Place, Step]]:
    """Every step, those inside others included."""
    for at, steps in lists_of(book):
        yield from _within(at, steps)


def _within(at: Place, steps: Sequence[Step]) -> Iterator[tuple[Place, Step]]:
    for number, step in enumerate(steps):
        here = (*at, number)
        yield here, step
        for name, branch in step.branches.items():
            yield from _within((*here, *inside(step, name)), branch)


def inside(step: Step, branch: str) -> Place:
    """Where a branch of a step stands, seen from the step; `branch` is the cursor's name for it."""
    if step.wait_for:
        return "wait_for", branch
    if step.branch:
        return "branch", int(branch), "steps"
    arms = [arm.arm for arm in step.split.arms] if step.split else []
    return "split", "arms", arms.index(branch), "steps"


def coupons_of(book: Playbook) -> Iterator[tuple[Place, CouponStep]]:
    """Every coupon that may be credited: a greeting's, a step's, and what goes with a message."""
    for at, coupon in _all_coupons(book):
        if coupon:
            yield (*at, "coupon"), coupon


def _all_coupons(book: Playbook) -> Iterator[tuple[Place, CouponStep | None]]:
    if book.welcome:
        yield ("welcome",), book.welcome.coupon
        for number, variant in enumerate(book.welcome.variants):
            yield ("welcome", "variants", number), variant.coupon
    for at, step in steps_of(book):
        yield at, step.coupon
        if step.send:
            yield (*at, "send"), step.send.coupon


def conditions_of(book: Playbook) -> Iterator[tuple[Place, Condition]]:
    """Every condition, those inside others included."""
    for at, condition in _top_conditions(book):
        if condition:
            yield from combined(at, condition)


def _top_conditions(book: Playbook) -> Iterator[tuple[Place, Condition | None]]:
    yield ("enter", "segment"), book.enter.segment
    for number, variant in enumerate(book.welcome.variants if book.welcome else ()):
        yield ("welcome", "variants", number, "when"), variant.when
    for name in ("groups", "tags", "goals", "exits"):
        for number, rule in enumerate(getattr(book, name)):
            yield (name, number, "when"), rule.when
    for at, step in steps_of(book):
        for number, case in enumerate(step.branch or ()):
            yield (*at, "branch", number, "when"), case.when


def combined(at: Place, condition: Condition) -> Iterator[tuple[Place, Condition]]:
    """A condition that stands at a place, and those inside it."""
    yield at, condition
    for name in ("all", "any", "none"):
        for number, part in enumerate(getattr(condition, name) or ()):
            yield from combined((*at, name, number), part)
