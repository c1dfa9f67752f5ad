"""Fields of a `send` that belong to one of its ways."""

from collections.abc import Iterator

from domain.places import Place, steps_of
from domain.playbook import ContentClass, Playbook, Send, Way


def problems(book: Playbook) -> Iterator[tuple[Place, str]]:
    for at, step in steps_of(book):
        if step.send:
            yield from (((*at, "send", field), problem) for field, problem in _of(step.send))


def _of(send: Send) -> Iterator[tuple[str, str]]:
    ways = send.channel
    if len(set(ways)) != len(ways):
        yield "channel", "one way is named twice: keep one of them"
    if Way.MOMENTS in ways and send.tag is None:
        yield "tag", "missing: Moments are shown to who has a tag, say which"
    if send.tag is not None and Way.MOMENTS not in ways:
        yield "tag", "only the way `moments` looks at it: take it out, or add `moments` to `channel`"
    if "group" in send.model_fields_set and Way.GROUP not in ways:
        yield "group", "only the way `group` looks at it: take it out, or add `group` to `channel`"
    if send.coupon and Way.GROUP in ways and send.content is not ContentClass.DISCOUNT:
        yield "content", "a coupon that a group is told of is a discount (M20): write `content: discount`"
    if send.missed and Way.PRIVATE not in ways:
        yield "missed", "only the way `private` misses anybody: take it out, or add `private` to `channel`"
    if send.within and Way.STAFF in ways:
        yield "within", "a to-do waits for its employee: take it out, or take `staff` out of `channel`"
    if send.wait_for_delivery and ways == [Way.GROUP]:
        yield "wait_for_delivery", "a group's message is delivered to nobody in particular: take it out"
