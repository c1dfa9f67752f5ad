"""Every text of a playbook: it names only what is known there, and is short enough with the longest names."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.places import Place, coupons_of, steps_of
from domain.playbook import Playbook, Way
from domain.todos import TEXT_CHARS, TITLE_CHARS
from playbooks import templates

_CHARACTERS = {Way.MOMENTS: templates.MOMENTS_CHARACTERS, Way.STAFF: TEXT_CHARS}  # a card is short

_TO_HER = {Way.PRIVATE, Way.STAFF}  # only these can say where her own coupon can be used


class Text(NamedTuple):
    """One template, what it may name, and how long it may become."""

    at: Place
    text: str
    sample: dict[str, Any]
    limit: int = templates.TEXT_BYTES
    characters: int | None = None
    benefit: str | None = None


def problems(book: Playbook) -> Iterator[tuple[Place, str]]:
    for text in texts_of(book):
        sample = {k: v for k, v in text.sample.items() if k != "benefit" or text.benefit is not None}
        try:
            templates.check(text.text, sample, limit=text.limit, characters=text.characters)
        except templates.TemplateError as error:
            missing = text.benefit is None and "benefit" in text.sample and str(error).startswith("'benefit'")
            yield text.at, "`welcome` has no `benefit` to put in" if missing else str(error)


def texts_of(book: Playbook) -> Iterator[Text]:
    """Every text with its place, as the file reads."""
    for text in (*_welcome(book), *_steps(book)):
        yield text if text.benefit is not None else text._replace(benefit=book.benefit)


def _welcome(book: Playbook) -> Iterator[Text]:
    if welcome := book.welcome:
        yield Text(("welcome", "text"), welcome.text, templates.WELCOME_SAMPLE)
        for number, variant in enumerate(welcome.variants):
            at = ("welcome", "variants", number)
            said_with = Text((*at, "text"), variant.text or welcome.text, templates.WELCOME_SAMPLE)
            if variant.text or (variant.benefit is not None and book.benefit is not None):
                yield said_with._replace(benefit=variant.benefit)
        if welcome.fallback_text:
            yield Text(("welcome", "fallback_text"), welcome.fallback_text, templates.BATCH_SAMPLE)
    if book.group_welcome:
        sample, limit = templates.GROUP_WELCOME_SAMPLE, templates.GROUP_WELCOME_BYTES
        yield Text(("group_welcome",), book.group_welcome, sample, limit)
    if book.join_reminder:
        yield Text(("join_reminder", "text"), book.join_reminder.text, templates.BATCH_SAMPLE)


def _steps(book: Playbook) -> Iterator[Text]:
    credits = any(at[0] != "welcome" for at, _ in coupons_of(book))
    for at, step in steps_of(book):
        if send := step.send:
            most = min((_CHARACTERS[way] for way in send.channel if way in _CHARACTERS), default=None)
            to_her = credits and _TO_HER.issuperset(send.channel)
            text = templates.with_coupon_store(send.text) if to_her else send.text
            yield Text((*at, "send", "text"), text, templates.BATCH_SAMPLE, characters=most)
            if send.missed:
                limit = templates.MOMENTS_CHARACTERS
                at_missed = (*at, "send", "missed", "text")
                yield Text(at_missed, send.missed.text, templates.BATCH_SAMPLE, characters=limit)
        if notice := step.notify_staff:
            sample = templates.STAFF_SAMPLE
            yield Text((*at, "notify_staff", "title"), notice.title, sample, characters=TITLE_CHARS)
            if notice.text:
                yield Text((*at, "notify_staff", "text"), notice.text, sample, characters=TEXT_CHARS)
