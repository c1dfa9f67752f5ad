"""知识与优惠: whether the messages of a path can keep `knowledge_per_discount` (M59)."""

from collections.abc import Iterator, Sequence

from domain.analysis.finding import Finding, error
from domain.places import Place, inside, lists_of
from domain.playbook import ContentClass, Playbook, Step


def findings(book: Playbook) -> Iterator[Finding]:
    """A discount before which no path has knowledge enough is refused for everybody.

    Life stages and reactivation may follow on anything, so only `nurture` begins with nothing.
    """
    wanted = book.limits.knowledge_per_discount if book.limits else None
    if not wanted:
        return
    for at, steps in lists_of(book):
        found: list[Finding] = []
        _walk(at, steps, 0 if at == ("nurture",) else wanted, wanted, found)
        yield from found


def _walk(at: Place, steps: Sequence[Step], known: int, wanted: int, found: list[Finding]) -> int:
    """The most knowledge that a path can have told since its last discount."""
    for number, step in enumerate(steps):
        here = (*at, number)
        if step.send and step.send.content is ContentClass.KNOWLEDGE:
            known += 1
        elif step.send and step.send.content is ContentClass.DISCOUNT:
            if known < wanted:
                text = (
                    f"always refused: {wanted} `knowledge` messages have to go before a discount "
                    f"(`knowledge_per_discount`), and at most {known} can"
                )
                found.append(error((*here, "send", "content"), "knowledge", text))
            else:
                known = 0
        elif step.branches:
            ways = [
                _walk((*here, *inside(step, name)), branch, known, wanted, found)
                for name, branch in step.branches.items()
            ]
            known = max([*ways, *([known] if step.branch and step.branch[-1].when else [])])
    return known
