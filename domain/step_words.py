"""Steps and other parts of a playbook in short words, for `diff`, `migrate` and `show`."""

from collections.abc import Iterator
from datetime import time, timedelta
from enum import Enum
from typing import Any

from domain.playbook import Condition, CouponStep, Day, Playbook, Send, Step, TagStep, Wait
from domain.shape import Shape, spell
from domain.steps import lists_of, walk
from domain.wording import day_words, wait_words, words

LONGEST_TEXT = 60  # characters of a message in an outline


def step_words(step: Step) -> str:
    """Such as `wait 3d`, `send “…” by private`, `wait_for order_paid for 14d`."""
    part = getattr(step, step.kind)
    if step.branch:
        told = " · ".join(words(case.when) if case.when else "everybody else" for case in step.branch)
    elif step.wait_for:
        told = f"{step.wait_for.awaited} for {spell(step.wait_for.timeout)}"
    elif step.split:
        shares = ", ".join(f"{arm.arm} {arm.share} %" for arm in step.split.arms)
        told = f"{step.split.experiment}: {shares}"
    elif isinstance(part, Send):
        told = f"{_short(part.text)} by {', '.join(part.channel)}"
    elif isinstance(part, CouponStep):
        told = f"{part.name} ({part.template})"
    elif isinstance(part, TagStep):
        told = " ".join([*(f"+{t}" for t in part.add or ()), *(f"−{t}" for t in part.remove or ())])
    else:
        told = part.title if hasattr(part, "title") else plain(part)
    return f"{step.kind} {told}" + (f" [{step.id}]" if step.id else "")


def outline(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """Every step of a playbook with its path, as it reads from top to bottom."""
    for name, steps in lists_of(playbook.journey):
        for cursor, step in walk(steps):
            yield ".".join([name, *map(str, cursor)]), step_words(step)


def plain(value: Any) -> str:
    """A value in words, on one line."""
    if value is None:
        return "none"
    if isinstance(value, Condition):
        return words(value)
    if isinstance(value, Wait):
        return wait_words(value)
    if isinstance(value, Day):
        return day_words(value)
    if isinstance(value, Step):
        return step_words(value)
    if isinstance(value, timedelta):
        return spell(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return f"“{value.strip()}”".replace("\n", "⏎") if value.strip() else f"{value!r}"
    return _of_parts(value)


def _of_parts(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(part)}" for name, part in value.items()) or "nothing"
    if isinstance(value, Shape):
        fields = ((name, getattr(value, name)) for name in type(value).model_fields)
        told = [f"{name} {plain(part)}" for name, part in fields if part is not None and part != []]
        return ", ".join(told)
    return str(value)


def _short(text: str) -> str:
    told = plain(text)
    return told if len(told) <= LONGEST_TEXT else told[: LONGEST_TEXT - 2] + "…”"
